import Crypto
import Foundation
import Study

extension RunContent {
  /// The run's inputs and outputs; those that are not there are left out.
  public var hashes: [(name: String, sha256: String)] {
    let checkpoints =
      ((try? FileManager.default.contentsOfDirectory(at: run.checkpointsFolder, includingPropertiesForKeys: nil)) ?? [])
      .filter { !$0.lastPathComponent.hasPrefix(".") }.sorted { $0.lastPathComponent < $1.lastPathComponent }
    let files = [run.protocolFile, run.foldsFile, run.predictionsFile] + checkpoints
    return files.compactMap { file in Self.sha256(of: file).map { (file.lastPathComponent, $0) } }
  }

  /// Read piece by piece, since checkpoints are large.
  private static func sha256(of file: URL) -> String? {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return nil }
    defer { try? handle.close() }
    var hash = SHA256()
    while let piece = try? handle.read(upToCount: 1 << 22), !piece.isEmpty { hash.update(data: piece) }
    return hash.finalize().map { String(format: "%02x", $0) }.joined()
  }
}
