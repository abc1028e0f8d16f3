import Foundation
import TestSupport
import Testing

@testable import PACS

struct JournalTests {
  let folder: TemporaryFolder
  let file: URL

  init() throws {
    folder = try TemporaryFolder()
    file = folder.url.appendingPathComponent("journal")
  }

  func instance(_ number: Int, patient: String = "PAT-1", value: Int16 = 40) throws -> ReceivedInstance {
    try ReceivedInstance(parsing: Samples.slice(patient: patient, number: number, value: value).encoded())
  }

  /// Begins a journal with three instances and one whole series.
  func fill() throws {
    let journal = try RetrievalJournal(file, hash: Samples.hash)
    for number in 1...3 {
      #expect(journal.claim(try instance(number)) == .new)
      #expect(journal.record(try instance(number)) == number)
    }
    journal.complete("1.2.3.1.9", instances: 7)
    try journal.commit(Samples.MemorySink())
  }

  @Test func whatWasCommittedIsKnownAgain() throws {
    try fill()
    let journal = try RetrievalJournal(file, hash: Samples.hash)
    #expect(journal.isComplete("1.2.3.1.9") && !journal.isComplete("1.2.3.1.1"))
    #expect(journal.missing(of: ["1.2.3.1.1.2", "1.2.3.1.1.4"], in: "1.2.3.1.1") == ["1.2.3.1.1.4"])
    #expect(journal.missing(of: ["1.2.3.1.1.2"], in: "1.2.3.1.2").count == 1, "it is part of another series")
    #expect(journal.claim(try instance(1)) == .same)
    #expect(journal.claim(try instance(1, value: 41)) == .different)
    #expect(journal.claim(try instance(1, patient: "PAT-2")) == .otherPatient)
    #expect(journal.claim(try instance(4)) == .new)
    #expect(journal.claim(try instance(4)) == .same)
    #expect(journal.missing(of: ["1.2.3.1.1.4"], in: "1.2.3.1.1") == ["1.2.3.1.1.4"])
    journal.release(try instance(4))
    #expect(journal.claim(try instance(4)) == .new)
  }

  @Test func itHoldsNoIdentifier() throws {
    try fill()
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.split(separator: "\n").count == 5)
    #expect(!text.contains("PAT") && !text.contains("1.2.3"))
    let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test func nothingCountsThatTheSinkDidNotSynchronise() throws {
    struct FullDisk: InstanceSink {
      func store(_ instance: ReceivedInstance) throws {}
      func synchronize() throws { throw PACSError(.storage, "no space") }
    }
    do {
      let journal = try RetrievalJournal(file, hash: Samples.hash)
      _ = journal.claim(try instance(1))
      _ = journal.record(try instance(1))
      #expect(throws: PACSError.self) { try journal.commit(FullDisk()) }
    }
    #expect(try RetrievalJournal(file, hash: Samples.hash).missing(of: ["1.2.3.1.1.1"], in: "1.2.3.1.1").count == 1)
  }

  @Test func aLineThatWasCutOffIsDropped() throws {
    try fill()
    let whole = try Data(contentsOf: file)
    let lines = whole.split(separator: 0x0A)
    for length in (lines[0].count + 1)..<whole.count {
      try whole.prefix(length).write(to: file)
      let journal = try RetrievalJournal(file, hash: Samples.hash)
      let kept = whole.prefix(length).count { $0 == 0x0A } - 1
      #expect(journal.missing(of: (1...3).map { "1.2.3.1.1.\($0)" }, in: "1.2.3.1.1").count == 3 - min(kept, 3))
      #expect(try Data(contentsOf: file).last == 0x0A)
    }
    // Cut off in its very first line, it begins anew.
    try whole.prefix(20).write(to: file)
    #expect(try RetrievalJournal(file, hash: Samples.hash).missing(of: ["1.2.3.1.1.1"], in: "1.2.3.1.1").count == 1)
  }

  @Test func anotherKeyAnotherProcessAnotherFile() throws {
    try fill()
    let wrong = #expect(throws: PACSError.self) { try RetrievalJournal(file, hash: { "other " + Samples.hash($0) }) }
    #expect(wrong?.kind == .invalidRequest)
    let first = try RetrievalJournal(file, hash: Samples.hash)
    let second = #expect(throws: PACSError.self) { try RetrievalJournal(file, hash: Samples.hash) }
    #expect(second?.kind == .storage && second?.description.contains("another process") == true)
    #expect(!first.isComplete("1"))
    for text in ["my notes", "my notes\nof today\n", "{\"a\":1}\n"] {
      let other = folder.url.appendingPathComponent("notes")
      try text.write(to: other, atomically: true, encoding: .utf8)
      #expect(throws: PACSError.self) { try RetrievalJournal(other, hash: Samples.hash) }
      #expect(try String(contentsOf: other, encoding: .utf8) == text)
    }
    let nowhere = folder.url.appendingPathComponent("absent/journal")
    let missing = #expect(throws: PACSError.self) { try RetrievalJournal(nowhere, hash: Samples.hash) }
    #expect(missing?.kind == .storage)
  }
}
