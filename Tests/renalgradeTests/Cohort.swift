import Backbones
import Foundation
import Phantom
import TestSupport
import Testing
import Torch

/// A small cohort of virtual patients on disk, made once for all tests that only read it.
enum Cohort {
  /// Five low-grade and five high-grade patients, three annotated slices each, one phase.
  static let small: Result<TemporaryFolder, any Error> = Result {
    let folder = try TemporaryFolder()
    var settings = PhantomSettings()
    settings.lowGradePatients = 5
    settings.highGradePatients = 5
    settings.phases = [.portalVenous]
    settings.coverage = .annotated(margin: 0)
    settings.maximumAnnotatedSlices = 3
    settings.secondLesionShare = 0
    settings.seed = 11
    try PhantomCohort(settings).write(to: folder.url.appendingPathComponent("cohort"))
    return folder
  }

  /// Weights of EfficientNet-Lite0 for `--weights`, so that no test of the pipeline needs a download.
  ///
  /// They have learnt nothing: the fresh weights that seed 2019 draws, in the layout of the published ones.
  static let weights: Result<TemporaryFolder, any Error> = Result {
    let folder = try TemporaryFolder()
    let network = try Backbone.make("efficientnet-lite0", classes: 1000, seed: 2019)
    try SafeTensors.write(network.state, to: folder.url.appendingPathComponent("weights.safetensors"))
    return folder
  }

  /// The path of `weights`.
  static func weightsFile() throws -> String {
    try weights.get().url.appendingPathComponent("weights.safetensors").path
  }

  /// A copy of the small cohort that a test may damage: `dicom/`, `mdai.json`, `pathology.csv`.
  static func copy(into folder: TemporaryFolder) throws -> URL {
    let target = folder.url.appendingPathComponent("cohort")
    try FileManager.default.copyItem(at: try small.get().url.appendingPathComponent("cohort"), to: target)
    return target
  }

  /// `Protocols/demo.yaml` with changes, for a run of seconds.
  static func quickProtocol(
    in folder: TemporaryFolder, _ changes: [(String, String)] = []
  ) throws -> String {
    var text = try String(
      contentsOf: CommandLineTool.packageRoot.appendingPathComponent("Protocols/demo.yaml"), encoding: .utf8)
    let quick = [
      ("backbone: resnet50", "backbone: efficientnet-lite0"), ("frozenThrough: layer2", "frozenThrough: block3"),
      ("epochs: 10", "epochs: 1"), ("outputSize: 224", "outputSize: 96"),
      ("batchSizes: [4, 16, 64]", "batchSizes: [4, 8]"),
    ]
    for (former, latter) in quick + changes {
      try #require(text.contains(former), "Protocols/demo.yaml has no \"\(former)\"")
      text = text.replacingOccurrences(of: former, with: latter)
    }
    let url = folder.url.appendingPathComponent("quick.yaml")
    try Data(text.utf8).write(to: url)
    return url.path
  }
}
