public import Foundation
import Study
import Support

/// Which instances a retrieval has stored, in a file that an interruption at any moment leaves usable.
///
/// The file holds no identifier: UIDs and patients appear as keyed hashes. What it counts as stored was on disk before: `commit` first synchronises the sink. Lines are only ever added; one that was cut off is dropped.
public final class RetrievalJournal: Sendable {
  /// What is known of an instance that has just been received.
  enum Verdict {
    /// It is claimed by this call; it must be recorded, or released.
    case new
    /// The same instance was received before.
    case same
    /// Another instance with the same UID was.
    case different
    /// The same UID, under another patient.
    case otherPatient
  }

  private struct Line: Codable {
    var format: String?
    var key: String?
    var instance: String?
    var patient: String?
    var digest: String?
    var series: String?
    /// Of a series that is whole.
    var count: Int?
  }

  private struct Entry {
    let patient, series, digest: String
    var isStored: Bool
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var complete: Set<String> = []
    var pending: [Line] = []
  }

  private static let format = "renalgrade-retrieval-1"

  private let url: URL
  private let hash: @Sendable (String) -> String
  private let descriptor: Int32
  private let state = Locked(State())
  private let commits = Locked(())

  /// Opens the journal, or begins one, and locks it against other processes.
  ///
  /// `hash` is a one-way function with a secret key, such as a pseudonym key's, and the one that the journal was begun with.
  /// - Throws: `PACSError` of kind `.storage` or, for another key or a file that is no journal, `.invalidRequest`.
  public static func open(
    _ url: URL, hash: @escaping @Sendable (String) -> String
  ) async throws -> RetrievalJournal {
    try await onOwnThread { try RetrievalJournal(url, hash: hash) }
  }

  /// Opens the journal; waits for up to two seconds where it is locked.
  init(_ url: URL, hash: @escaping @Sendable (String) -> String) throws(PACSError) {
    self.url = url
    self.hash = hash
    descriptor = Foundation.open(url.path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure(url) }
    // Patience for two seconds: a child that is just being started has our files open until it begins.
    var attempts = 0
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      attempts += 1
      guard attempts < 40 else {
        throw PACSError(.storage, "\(url.lastPathComponent): another process is retrieving; wait for it.")
      }
      usleep(50_000)
    }
    let read = try Self.read(url, descriptor)
    let begin = Line(format: Self.format, key: hash("key"))
    if let first = read.first {
      guard first.format == Self.format, first.key == begin.key else {
        throw PACSError(
          .invalidRequest, "\(url.lastPathComponent) is not a journal, or was begun with a different key.")
      }
    } else {
      try append([begin])
    }
    state.withLock { state in
      for line in read.dropFirst() {
        if let instance = line.instance, let patient = line.patient, let series = line.series, let digest = line.digest
        {
          state.entries[instance] = Entry(patient: patient, series: series, digest: digest, isStored: true)
        } else if let series = line.series {
          state.complete.insert(series)
        }
      }
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether all instances of a series were stored.
  func isComplete(_ seriesInstanceUID: String) -> Bool {
    let series = hash(seriesInstanceUID)
    return state.withLock { $0.complete.contains(series) }
  }

  /// Those of the instances that are not yet stored as part of this series.
  func missing(of sopInstanceUIDs: [String], in seriesInstanceUID: String) -> [String] {
    let series = hash(seriesInstanceUID)
    let hashes = sopInstanceUIDs.map(hash)
    return state.withLock { state in
      zip(sopInstanceUIDs, hashes).filter { _, uid in
        guard let entry = state.entries[uid] else { return true }
        return !entry.isStored || entry.series != series
      }.map(\.0)
    }
  }

  /// Compares with what was received before; what is new is claimed, so that no one else stores it meanwhile.
  func claim(_ instance: ReceivedInstance) -> Verdict {
    let (uid, patient, digest) = (hash(instance.sopInstanceUID), hash(instance.patientID), instance.digest)
    let series = hash(instance.seriesInstanceUID)
    return state.withLock { state in
      guard let known = state.entries[uid] else {
        state.entries[uid] = Entry(patient: patient, series: series, digest: digest, isStored: false)
        return .new
      }
      if known.patient != patient { return .otherPatient }
      return known.digest == digest ? .same : .different
    }
  }

  /// Gives up a claim: the instance was not stored.
  func release(_ instance: ReceivedInstance) {
    let uid = hash(instance.sopInstanceUID)
    state.withLock { $0.entries[uid] = nil }
  }

  /// Notes that a claimed instance is stored; returns how many such notes wait for `commit`.
  func record(_ instance: ReceivedInstance) -> Int {
    let uid = hash(instance.sopInstanceUID)
    return state.withLock { state in
      guard let entry = state.entries[uid] else { return state.pending.count }
      state.entries[uid]?.isStored = true
      state.pending.append(Line(instance: uid, patient: entry.patient, digest: entry.digest, series: entry.series))
      return state.pending.count
    }
  }

  /// Notes that a series is whole.
  func complete(_ seriesInstanceUID: String, instances: Int) {
    let series = hash(seriesInstanceUID)
    state.withLock { state in
      state.complete.insert(series)
      state.pending.append(Line(series: series, count: instances))
    }
  }

  /// Synchronises the sink, then writes what was noted so far, and forces it to disk; never on a thread that tasks share.
  func commit(_ sink: any InstanceSink) throws {
    try commits.withLock { _ in
      let lines = state.withLock { state in
        defer { state.pending = [] }
        return state.pending
      }
      guard !lines.isEmpty else { return }
      do {
        try sink.synchronize()
        try append(lines)
      } catch {
        // They still wait to be written.
        state.withLock { $0.pending.insert(contentsOf: lines, at: 0) }
        throw error
      }
    }
  }

  // MARK: The file

  private func append(_ lines: [Line]) throws(PACSError) {
    let end = lseek(descriptor, 0, SEEK_END)
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let data = try lines.reduce(into: Data()) { $0 += try encoder.encode($1) + Data("\n".utf8) }
      try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(contentsOf: data)
    } catch {
      _ = ftruncate(descriptor, end)
      throw Self.failure(url)
    }
    guard fsync(descriptor) == 0 else { throw Self.failure(url) }
  }

  /// The whole lines; what stands after them is cut off.
  private static func read(_ url: URL, _ descriptor: Int32) throws(PACSError) -> [Line] {
    guard let data = try? Data(contentsOf: url) else { throw failure(url) }
    let end = data.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    var lines: [Line] = []
    for (index, line) in data[..<end].split(separator: 0x0A).enumerated() {
      guard let read = try? JSONDecoder().decode(Line.self, from: line) else {
        throw PACSError(.invalidRequest, "\(url.lastPathComponent):\(index + 1): this is not a line of a journal.")
      }
      lines.append(read)
    }
    // A file that is no journal at all must stay as it is.
    if end < data.count && (end > 0 || data.starts(with: Data("{\"format\"".utf8))) {
      guard ftruncate(descriptor, end) == 0 else { throw failure(url) }
    } else if end < data.count {
      throw PACSError(.invalidRequest, "\(url.lastPathComponent):1: this is not a line of a journal.")
    }
    return lines
  }

  private static func failure(_ url: URL) -> PACSError {
    PACSError(
      .storage,
      "the journal \(url.lastPathComponent) cannot be written: \(String(cString: strerror(errno))). Make room or fix the "
        + "permissions, then repeat the command: it continues where it stopped.")
  }
}
