import Experiment
import Foundation
import Study
import Support

extension RunContent {
  /// The run's inputs and outputs; those that are not there are left out.
  public var hashes: [(name: String, sha256: String)] {
    let own = [run.protocolFile, run.foldsFile, run.examplesFile, run.predictionsFile].map {
      ($0.lastPathComponent, $0)
    }
    let models = folds.heldOut.indices.flatMap { fold in
      [run.networkFile(fold: fold), run.foldFolder(fold).appendingPathComponent("model.json")].map {
        ("\($0.deletingLastPathComponent().lastPathComponent)/\($0.lastPathComponent)", $0)
      }
    }
    return (own + models).compactMap { name, file in
      (try? SHA256.hash(contentsOf: file)).map { (name, $0.hexadecimal) }
    }
  }
}
