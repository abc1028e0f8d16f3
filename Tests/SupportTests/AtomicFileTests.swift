import Foundation
import Support
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  @Test func whatIsBeingWrittenIsNotAbandoned() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("values")
    try Data("killed".utf8).write(to: folder.url.appendingPathComponent(".values.01234567.partial"))
    try Data("kept".utf8).write(to: folder.url.appendingPathComponent("other"))
    let writer = try AtomicFile.Writer(file)
    try writer.append(Data("whole".utf8))
    AtomicFile.removeAbandoned(in: folder.url)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 2)
    try writer.finish()
    #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder.url.path)) == ["other", "values"])
    #expect(try String(contentsOf: file, encoding: .utf8) == "whole")
  }

  @Test func aFolderThatCannotBeSynchronizedIsAnError() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.synchronize(folder: folder.url)
    let error = #expect(throws: StudyError.self) {
      try AtomicFile.synchronize(folder: folder.url.appendingPathComponent("none"))
    }
    #expect(error?.description.contains("cannot synchronize none") == true)
    try AtomicFile.append(line: "1", to: folder.url.appendingPathComponent("log"))
    try AtomicFile.append(line: "2", to: folder.url.appendingPathComponent("log"))
    #expect(try String(contentsOf: folder.url.appendingPathComponent("log"), encoding: .utf8) == "1\n2\n")
  }
}
