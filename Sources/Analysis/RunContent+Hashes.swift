import Experiment
import Foundation
import Study
import Support

extension RunContent {
  /// The run's inputs and outputs; missing files are omitted, and unreadable ones are marked.
  public var hashes: [(name: String, sha256: String)] {
    let own = [run.protocolFile, run.foldsFile, run.examplesFile, run.predictionsFile].map {
      ($0.lastPathComponent, $0)
    }
    let models = folds.heldOut.indices.flatMap { fold in
      [run.networkFile(fold: fold), run.foldFolder(fold).appendingPathComponent("model.json")].map {
        ("\($0.deletingLastPathComponent().lastPathComponent)/\($0.lastPathComponent)", $0)
      }
    }
    return (own + models).filter { FileManager.default.fileExists(atPath: $0.1.path) }.map { name, file in
      (name, (try? SHA256.hash(contentsOf: file))?.hexadecimal ?? "cannot be read")
    }
  }
}
