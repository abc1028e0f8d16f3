import Backbones
import Foundation
import ROI
import Study
import Support
import Testing
import Torch

@testable import Experiment
@testable import Training

@Suite(.serialized) struct ExplanationTests {
  private let synthetic: SyntheticStudy
  private let run: Run

  init() throws {
    synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.roi.outputSize = 160
    settings.network?.frozenThrough = "layer3"
    run = try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options()).run { _ in }
  }

  /// Puts networks in place of the run's that pass on how far the brightness lies above that of the ground.
  private func planted() throws {
    let network = try Backbone.make("resnet18", classes: 2, seed: 1)
    var weights: [String: Tensor] = [:]
    for (name, tensor) in network.state {
      var values = [Float](repeating: 0, count: tensor.count)
      switch name {
      case "conv1.weight": values.replaceSubrange(0..<147, with: Array(repeating: 1 / 147, count: 147))
      case "bn1.bias": values[0] = -0.9
      case "fc.weight": values[512] = 1
      // The shortcut passes the first channel; what is added to it is zero.
      case _ where name.hasSuffix("downsample.0.weight"): values[0] = 1
      case _ where tensor.shape.count == 1 && !name.hasSuffix("fc.bias"): values = try tensor.floats()
      default: break
      }
      weights[name] = try Tensor(values, shape: tensor.shape)
    }
    for fold in 0..<2 {
      try SafeTensors.write(
        weights, metadata: ["backbone": "resnet18", "fold": "\(fold)", "run": run.id],
        to: run.networkFile(fold: fold))
    }
  }

  @Test func everySliceIsExplainedByTheNetworkThatHeldItOut() throws {
    var progress: [[Int]] = []
    let result = try Explanation(run, in: synthetic.study).write(galleryCount: 3) { progress.append([$0, $1]) }
    #expect(progress == [[12, 24], [24, 24]])
    let found = result.explanations
    #expect(try run.readJSON(Run.Explanations.self, from: run.explanationsFile) == found)
    #expect(found.method == "Grad-CAM" && found.layer == "layer4")
    #expect(found.energyInside.n > 0 && found.energyInside.n <= 24)
    #expect((0...1).contains(try #require(found.energyInside.mean)))
    if let correlation = found.randomisation.correlation { #expect((-1...1).contains(correlation)) }
    #expect(found.energyInside.n == 24 || result.notes.contains { $0.contains("\(24 - found.energyInside.n) of 24") })

    let table = try DelimitedTable(contentsOf: run.url.appendingPathComponent("explanations.csv"))
    #expect(table.rows.count == 24)
    let shares = table.rows.compactMap { Double($0.cells["energyInside"] ?? "") }
    #expect(shares.count == found.energyInside.n && shares.allSatisfy((0...1).contains))
    #expect(abs(shares.reduce(0, +) / Double(shares.count) - (found.energyInside.mean ?? 9)) < 1e-9)

    // The gallery shows what the predictions say.
    let predictions = try PredictionTable.read(run.predictionsFile)
    let threshold = synthetic.settings.evaluation.threshold
    for example in found.gallery {
      let prediction = try #require(predictions.first { $0.slice == example.slice })
      #expect(prediction.patient == example.patient && prediction.lesion == example.lesion)
      #expect(prediction.probability == example.probability && prediction.label == example.label)
      let isRight = (example.probability >= threshold) == (example.label == .high)
      #expect(example.group == .leastSure || isRight == (example.group == .surestRight))
      let picture = try String(contentsOf: run.url.appendingPathComponent(example.image), encoding: .utf8)
      #expect(picture.contains("<svg") && picture.contains("data:image/png;base64,"))
    }
    #expect(found.gallery.count { $0.group == .leastSure } == 3)
    #expect(found.gallery.count { $0.group != .leastSure } > 0)
    let folder = run.url.appendingPathComponent("explanations")
    let pictures = try FileManager.default.contentsOfDirectory(atPath: folder.path).map { "explanations/\($0)" }
    #expect(Set(pictures) == Set(found.gallery.map(\.image)))

    // Once more gives the same, and nothing is left of a larger gallery.
    let again = try Explanation(run, in: synthetic.study).write(galleryCount: 1) { _, _ in }
    #expect(again.explanations.energyInside == found.energyInside)
    #expect(again.explanations.randomisation == found.randomisation)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == again.explanations.gallery.count)
  }

  @Test func networksThatLookAtTheTumourHaveTheirMapsThere() throws {
    try planted()
    let result = try Explanation(run, in: synthetic.study).write(galleryCount: 0) { _, _ in }
    let table = try DelimitedTable(contentsOf: run.url.appendingPathComponent("explanations.csv"))
    for row in table.rows {
      let energy = Double(row.cells["energyInside"] ?? "")
      let share = try #require(Double(row.cells["contourShare"] ?? ""))
      #expect(share > 0.04 && share < 0.3)
      if (row.cells["patient"] ?? "") >= "P16" {
        // High grade: a bright disc.
        #expect(try #require(energy) > 1.5 * share)
      } else {
        // Low grade: nothing is brighter than the ground, so nothing speaks for high grade.
        #expect(energy == nil)
      }
    }
    let energy = result.explanations.energyInside
    #expect(energy.n == 12)
    #expect(try #require(energy.mean) > 2 * (try #require(result.explanations.contourShare)))
    #expect(result.notes.count == 1)
    #expect(result.notes.first?.hasPrefix("12 of 24 slices have a map that is zero throughout") == true)
    #expect(result.explanations.gallery.isEmpty)
    // The maps of what was planted are not those of random weights.
    #expect(abs(try #require(result.explanations.randomisation.correlation)) < 0.9)
  }

  @Test func aMissingDamagedOrOtherNetworkIsAnErrorThatSaysSo() throws {
    let file = run.networkFile(fold: 1)
    let data = try Data(contentsOf: file)
    try FileManager.default.removeItem(at: file)
    let missing = #expect(throws: TrainingError.self) { try Explanation(run, in: synthetic.study) }
    #expect(missing?.description.contains("no checkpoint of fold 2") == true)
    try data.prefix(data.count / 2).write(to: file)
    let damaged = #expect(throws: TrainingError.self) { try Explanation(run, in: synthetic.study) }
    #expect(damaged?.description.contains("damaged") == true)
    try FileManager.default.removeItem(at: file)
    try FileManager.default.copyItem(at: run.networkFile(fold: 0), to: file)
    let another = #expect(throws: TrainingError.self) { try Explanation(run, in: synthetic.study) }
    #expect(another?.description.contains("does not fit") == true)
    // Nothing was written.
    #expect(!FileManager.default.fileExists(atPath: run.explanationsFile.path))
  }

  @Test func otherROIsThanTheRunsAreRefused() throws {
    var manifest = try run.manifest()
    manifest.rois = "crops-0.f32"
    try AtomicFile.writeJSON(manifest, to: run.manifestFile)
    let error = #expect(throws: TrainingError.self) { try Explanation(run, in: synthetic.study) }
    #expect(error?.description.contains("ROIs") == true)
  }
}
