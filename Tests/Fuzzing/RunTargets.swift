import Analysis
import Experiment
import Foundation
import Torch

extension FuzzTarget {
  /// Files of weights, of each layout.
  static let weights = FuzzTarget(
    name: "weights", isText: false,
    sources: {
      try files("Tests/TorchTests/Fixtures/checkpoints") { $0.hasSuffix(".pth") || $0.hasSuffix(".safetensors") }
    }
  ) { file in
    _ = try? Checkpoint.read(file)
    guard let tensors = try? SafeTensorsFile(file) else { return }
    for name in tensors.names { _ = try? tensors.tensor(name, shape: [1]) }
  }

  private static let run = packageRoot.appendingPathComponent(
    "Tests/ExperimentTests/Fixtures/study-0.1/runs/demo-batch8")

  /// A run's folder, one of whose files is damaged.
  static let runFolder = FuzzTarget(
    name: "run", isText: true,
    sources: {
      try files("Tests/ExperimentTests/Fixtures/study-0.1/runs/demo-batch8") { !$0.contains("/") && $0.contains(".") }
    }
  ) { file in
    // Links to the other files.
    let folder = file.deletingLastPathComponent()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: run.path)) ?? []
    for name in names where name != file.lastPathComponent {
      try? FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent(name), withDestinationURL: run.appendingPathComponent(name))
    }
    guard let run = try? Run.open(at: folder), let content = try? RunContent(run) else { return }
    _ = content.metrics
  }
}
