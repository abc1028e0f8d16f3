public import Foundation

/// The package's root, where `Package.swift` is.
private let packageRoot = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The protocols that come with the package.
public let protocolsFolder = packageRoot.appendingPathComponent("Protocols")

/// The real data that may stand beside a checkout; never part of the repository.
public enum SharedData {
  /// `RENALGRADE_TEST_DATA`, or `../shared/data` seen from the package root; nil where neither is there.
  public static let root: URL? = {
    let candidates = [
      ProcessInfo.processInfo.environment["RENALGRADE_TEST_DATA"].map { URL(fileURLWithPath: $0) },
      packageRoot.deletingLastPathComponent().appendingPathComponent("shared/data"),
    ]
    return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path) }
  }()

  /// What a test says when it is skipped for want of the data.
  public static let missing = "needs the real data: ../shared/data, or RENALGRADE_TEST_DATA"

  /// Whether the data are there, for `.enabled(if: SharedData.isPresent, SharedData.missing)`.
  public static var isPresent: Bool { root != nil }
}

/// A folder that is removed when the last reference to it goes.
public final class TemporaryFolder: Sendable {
  /// Where the folder is.
  public let url: URL

  /// Makes the folder in the system's temporary directory.
  public init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("renalgrade-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
