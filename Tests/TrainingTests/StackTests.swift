import Backbones
import Foundation
import GRDB
import Study
import Support
import TestSupport
import Testing
import Torch

@testable import Experiment
@testable import ROI
@testable import Training

/// Lesions as resampled volumes for backbones of volumes, from the protocol to predictions.
@Suite(.serialized) struct StackTests {
  private let synthetic: SyntheticStudy
  init() throws { synthetic = try SyntheticStudy() }

  /// Weights for MedicalNet's ResNet-10, in place of the published ones.
  private static let weights = Result {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("medicalnet.safetensors")
    try SafeTensors.write(Backbone.make("medicalnet-resnet10", classes: 2, seed: 3).state, to: file)
    return (folder: folder, file: file)
  }

  private func settings(
    _ backbone: String = "medicalnet-resnet10", _ change: (inout StudyProtocol) -> Void = { _ in }
  ) -> StudyProtocol {
    var settings = synthetic.settings
    settings.inputs.examples = .volume
    settings.model = .init(learner: "volume", settings: ["planes": .number(4), "spacing": .number(2.5)])
    settings.network?.backbone = backbone
    settings.network?.frozenThrough = "layer3"
    settings.training?.batchSize = 4
    change(&settings)
    return settings
  }

  private func registry(weights: Bool = true, featureBudget: Int? = nil) throws -> LearnerRegistry {
    var options = NetworkLearner.Options(
      weightsFile: weights ? try Self.weights.get().file : nil, store: synthetic.noWeights)
    if let featureBudget { options.featureBudget = featureBudget }
    return LearnerRegistry([.volume(options), .bag(options), .network(options)])
  }

  private func validation(
    _ settings: StudyProtocol, weights: Bool = true, featureBudget: Int? = nil
  ) throws -> CrossValidation {
    try CrossValidation(
      synthetic.study, protocol: settings, learners: registry(weights: weights, featureBudget: featureBudget))
  }

  private static func scratch(_ settings: inout StudyProtocol) {
    settings.network?.initialisation = .scratch
    settings.network?.frozenThrough = nil
  }

  @Test func lesionsAreLearntAndPredictedOnce() throws {
    #expect(try ROISet(synthetic.study).entries.map(\.height) == Array(repeating: [0, 2.5], count: 12).flatMap { $0 })
    let settings = settings {
      $0.training?.epochs = 15
      $0.training?.learningRate = 0.001
    }
    #expect(try validation(settings).summary.contains("as a volume of 4 planes at 2.5 mm"))
    let run = try validation(settings).run { _ in }
    let predictions = try PredictionTable.read(run.predictionsFile)
    #expect(predictions.count == 12 && predictions.allSatisfy { $0.slice.isEmpty && $0.lesion == "1" })
    #expect(areaUnderCurve(predictions.map(\.probability), predictions.map { $0.label == .high }) > 0.9)
    let manifest = try run.manifest()
    let network = try Backbone.make("medicalnet-resnet10", classes: 2, seed: 1)
    try network.freeze(through: "layer3")
    #expect(manifest.learner.learner == "volume" && manifest.examples == .volume)
    #expect(manifest.learner.network?.trainedParameters == network.trainedParameterCount)
    #expect(manifest.learner.methods.contains { $0.contains("a volume of 4 planes 2.5 mm apart") })
    #expect(!manifest.notes.contains { $0.contains("volumes") }, "\(manifest.notes)")

    let verification = try RunVerification(run, in: synthetic.study, learners: registry())
    #expect(try verification.verify { _ in }.allSatisfy { $0.largestDifference == 0 })

    // Each slice has the map of its plane.
    let explained = try Explanation(run, in: synthetic.study).write(galleryCount: 2) { _, _ in }.explanations
    let table = try DelimitedTable(contentsOf: run.url.appendingPathComponent("explanations.csv"))
    let slices = Set(try ROISet(synthetic.study).entries.map(\.slice))
    #expect(table.rows.count == 24 && Set(table.rows.compactMap { $0.cells["slice"] }) == slices)
    #expect(explained.layer == "layer4" && explained.gallery.count { $0.group == .leastSure } == 2)
  }

  /// The network's input is the stack of crops, in its own statistics.
  @Test func volumesArePreparedAsTheNetworkExpects() throws {
    let rois = try ROISet(synthetic.study)
    let stacks = LesionStacks([[0, 1], [2, 3]], of: rois.entries, .init(planes: 4, spacing: 2.5))
    func volumes(_ preprocessing: Preprocessing, flipped: Bool) throws -> Tensor {
      var inputs = NetworkInputs(rois: rois, size: 40, preprocessing: preprocessing, device: .cpu)
      inputs.stacks = stacks.stacks
      return try inputs.batch([
        Sample(index: 1, isFlipped: flipped), Sample(index: 0, isFlipped: false),
      ])
    }
    let slices = NetworkInputs(rois: rois, size: 40, preprocessing: .imageNet, device: .cpu)
    let kinetics = try volumes(.kinetics, flipped: true)
    #expect(kinetics.shape == [2, 3, 4, 40, 40])
    // Both undone to 0...1, plane by plane: those of the slices between planes of zeros.
    func plain(_ images: Tensor, _ preprocessing: Preprocessing, channel: Int) throws -> [Double] {
      try images.narrowed(1, start: channel, length: 1).floats().map {
        Double($0) * preprocessing.standardDeviation[channel] + preprocessing.mean[channel]
      }
    }
    for (volume, flipped) in [(0, true), (1, false)] {
      for channel in 0..<3 {
        let own = try kinetics.narrowed(0, start: volume, length: 1)
        let found = try plain(own, .kinetics, channel: channel)
        let expected = try plain(
          slices.batch([0, 1].map { Sample(index: 2 * (1 - volume) + $0, isFlipped: flipped) }), .imageNet,
          channel: channel)
        let zeros = [Double](repeating: 0, count: 1600)
        #expect(zip(found, zeros + expected + zeros).allSatisfy { abs($0 - $1) < 1e-5 })
      }
    }
    // MedicalNet's are standardised by the volume's own voxels above 0.
    let medical = try volumes(.medicalNet, flipped: false)
    #expect(medical.shape == [2, 1, 4, 40, 40])
    let values = try medical.narrowed(0, start: 0, length: 1).floats()
    let padding = try #require(values.first)
    let inside = values.filter { $0 > padding + 1e-6 }.map(Double.init)
    let mean = inside.reduce(0, +) / Double(inside.count)
    let variance = inside.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(inside.count)
    #expect(abs(mean) < 1e-4 && abs(variance - 1) < 1e-3 && padding < -1)
  }

  @Test func storedFeaturesAndThoseComputedAgainGiveTheSame() throws {
    let settings = settings()
    let stored = try PredictionTable.read(validation(settings).run { _ in }.predictionsFile)
    #expect(try FileManager.default.contentsOfDirectory(atPath: synthetic.study.featuresFolder.path).count == 1)
    let computed = try PredictionTable.read(
      validation(settings, featureBudget: 0).run { _ in }.predictionsFile)
    for (one, other) in zip(stored, computed) { #expect(abs(one.probability - other.probability) < 1e-5) }
    // Two slices 2.5 mm apart are the same two planes where planes lie 5 mm apart, so their features are the same; other planes
    // have features of their own.
    for (spacing, files) in [(5, 1), (1, 2)] as [(Double, Int)] {
      _ = try validation(self.settings { $0.model.settings?["spacing"] = .number(spacing) }).run { _ in }
      let names = try FileManager.default.contentsOfDirectory(atPath: synthetic.study.featuresFolder.path)
      #expect(names.count == files, "\(spacing)")
    }
  }

  @Test func anInterruptedRunGoesOnWithTheSameBits() throws {
    let settings = settings { $0.training?.epochs = 3 }
    let whole = try validation(settings).run { _ in }
    let before = Set(try synthetic.runs())
    try synthetic.interrupting(fold: 0, epoch: 2, before: before) { _ = try validation(settings).run(progress: $0) }
    let resumed = try validation(settings).run { _ in }
    #expect(resumed.id != whole.id)
    for file in ["predictions.csv", "folds/fold-1/model.safetensors"] {
      let contents = try [whole, resumed].map { try Data(contentsOf: $0.url.appendingPathComponent(file)) }
      #expect(contents[0] == contents[1], "\(file)")
    }
  }

  @Test(
    arguments: [
      ("r3d_18", .float32), ("r3d_18", .bfloat16), ("medicalnet-resnet10", .bfloat16), ("resnet18-inflated", .float32),
    ] as [(String, StudyProtocol.Training.Precision)])
  func otherBackbonesLearnFromRandomWeights(backbone: String, precision: StudyProtocol.Training.Precision) throws {
    let run = try validation(
      settings(backbone) {
        Self.scratch(&$0)
        $0.training?.precision = precision
      }, weights: false
    ).run { _ in }
    let predictions = try PredictionTable.read(run.predictionsFile)
    #expect(predictions.count == 12 && Set(predictions.map(\.probability)).count > 1)
    #expect(predictions.allSatisfy { $0.probability > 0 && $0.probability < 1 })
  }

  /// What of a lesion the planes do not show is said in the run.
  @Test func whatIsNotSeenIsNoted() throws {
    let short = try validation(settings { $0.model.settings = ["planes": .number(1), "spacing": .number(1)] })
    #expect(
      short.notes.contains { $0.contains("12 of 12 volumes are longer than 1 planes at 1.0 mm") }, "\(short.notes)")
    try synthetic.study.write { try $0.execute(sql: "UPDATE roi SET height = NULL WHERE ordinal = 3") }
    let unknown = try validation(settings())
    #expect(unknown.notes.contains { $0.contains("In 1 of 12 volumes the place of a slice is not known") })
  }

  @Test func phasesAreFusedLate() throws {
    try synthetic.study.write { database in
      try database.execute(sql: "DELETE FROM seriesPhase")
      try database.execute(
        sql: """
          INSERT INTO seriesPhase (seriesId, phase, confidence, isUsed, reasons)
          SELECT id, CASE WHEN id % 3 = 0 THEN 'lateArterial' ELSE 'portalVenous' END, 1, TRUE, '[]' FROM series
          """)
    }
    func late(_ settings: inout StudyProtocol) {
      settings.inputs.phases = [.lateArterial, .portalVenous]
      settings.inputs.fusion = .late
      settings.inputs.phaseDropout = 0.25
      Self.scratch(&settings)
    }
    for (backbone, planes) in [("medicalnet-resnet10", true), ("resnet18", false)] {
      let settings = settings(backbone) {
        late(&$0)
        if !planes { $0.model.settings = nil }
      }
      #expect(try StudyProtocol(yaml: settings.yaml, name: "late.yaml") == settings)
      let run = try validation(settings, weights: false).run { _ in }
      #expect(try PredictionTable.read(run.predictionsFile).count == 12)
      let manifest = try run.manifest()
      #expect(manifest.learner.methods.contains { $0.contains("their vectors were joined before the last layer") })
      #expect(manifest.learner.methods.contains { $0.contains("left out with probability 0.25") })
      let head = try #require(SafeTensors.read(run.networkFile(fold: 0)).tensors["fc.weight"])
      #expect(head.shape == [4, 512])
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    func message(_ settings: StudyProtocol) -> String {
      #expect(throws: StudyError.self) { try validation(settings, weights: false) }?.description ?? ""
    }
    #expect(message(settings { $0.model.settings = ["planes": .number(0)] }).contains("planes must be a whole number"))
    #expect(message(settings { $0.model.settings = ["depth": .number(4)] }).contains("planes, spacing"))
    #expect(message(settings("resnet18")).contains("volume has no settings"))
    #expect(message(settings { $0.inputs.neighbours = 1 }).contains("one grey channel"))
    let images = try demoProtocol().network?.substitute
    let substitute = message(settings { $0.network?.substitute = images })
    #expect(substitute.contains("network.substitute.backbone must take volumes"))
  }
}
