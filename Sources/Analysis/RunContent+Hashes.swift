import Crypto
import Experiment
import Foundation
import Study

extension RunContent {
  /// The run's inputs and outputs; those that are not there are left out.
  public var hashes: [(name: String, sha256: String)] {
    let own = [run.protocolFile, run.foldsFile, run.examplesFile, run.predictionsFile].map { ($0.lastPathComponent, $0) }
    let models = folds.heldOut.indices.flatMap { fold in
      [run.networkFile(fold: fold), run.foldFolder(fold).appendingPathComponent("model.json")].map {
        ("\($0.deletingLastPathComponent().lastPathComponent)/\($0.lastPathComponent)", $0)
      }
    }
    return (own + models).compactMap { name, file in Self.sha256(of: file).map { (name, $0) } }
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
