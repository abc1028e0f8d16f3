import Backbones
import Foundation
import Study
import Support
import Synchronization
import Testing
import Torch

@testable import Experiment
@testable import ROI
@testable import Training

extension ROISet.Entry {
  /// An entry of which only its place matters.
  static func made(
    series: Int64 = 1, ordinal: Int = 0, height: Double? = nil, phase: Phase? = nil, carrying: ROISet.Carrying? = nil
  ) throws -> ROISet.Entry {
    ROISet.Entry(
      patient: "P", exam: "1", series: series, lesion: "1", grade: try #require(Grade(rawValue: 1)), slice: "",
      sliceOrdinal: ordinal, height: height, pixelHash: "", reader: "", phase: phase, carrying: carrying,
      outline: "[]")
  }
}

/// Lesions as volumes, from the protocol to predictions.
@Suite(.serialized) struct VolumeTests {
  private let synthetic: SyntheticStudy
  init() throws { synthetic = try SyntheticStudy() }

  private func settings(_ change: (inout StudyProtocol) -> Void = { _ in }) -> StudyProtocol {
    var settings = synthetic.settings
    settings.inputs.examples = .volume
    settings.model = .init(learner: "volume")
    settings.network?.frozenThrough = "layer3"
    settings.training?.batchSize = 4
    change(&settings)
    return settings
  }

  private func validation(_ settings: StudyProtocol, featureBudget: Int? = nil) throws -> CrossValidation {
    var options = try synthetic.options().network
    if let featureBudget { options.featureBudget = featureBudget }
    return try CrossValidation(
      synthetic.study, protocol: settings, learners: LearnerRegistry([.volume(options), .bag(options)]))
  }

  @Test func lesionsAreLearntAndPredictedOnce() throws {
    let settings = settings {
      $0.training?.epochs = 5
      $0.training?.learningRate = 0.001
    }
    #expect(try validation(settings).summary.contains("a lesion's slices as a volume"))
    let run = try validation(settings).run { _ in }
    let predictions = try PredictionTable.read(run.predictionsFile)
    #expect(predictions.count == 12 && predictions.allSatisfy { $0.slice.isEmpty && $0.lesion == "1" })
    #expect(areaUnderCurve(predictions.map(\.probability), predictions.map { $0.label == .high }) > 0.9)
    let manifest = try run.manifest()
    #expect(manifest.learner.learner == "volume" && manifest.examples == .volume && manifest.counts?.examples == 12)
    let network = try Backbone.make("resnet18", classes: 2, seed: 1)
    try network.freeze(through: "layer3")
    // layer4 has kernels of 3 x 3 from 256 to 512 channels, and three of 512 to 512, each with two more slices.
    let beside = 2 * 9 * 512 * (256 + 3 * 512)
    #expect(manifest.learner.network?.trainedParameters == network.trainedParameterCount + beside)

    // The kernels beside the middle slice have learnt, and the models give what the run says.
    let weights = try SafeTensors.read(run.networkFile(fold: 0)).tensors
    let kernel = try #require(weights["layer4.1.conv2.weight"])
    #expect(kernel.shape == [512, 512, 3, 3, 3])
    #expect(try kernel.narrowed(2, start: 2, length: 1).absolute().maximum().item() > 0)
    let verification = try RunVerification(
      run, in: synthetic.study, learners: LearnerRegistry([.volume(synthetic.options().network)]))
    #expect(try verification.verify { _ in }.allSatisfy { $0.largestDifference == 0 })

    let explained = try Explanation(run, in: synthetic.study).write(galleryCount: 2) { _, _ in }.explanations
    let table = try DelimitedTable(contentsOf: run.url.appendingPathComponent("explanations.csv"))
    let slices = Set(try ROISet(synthetic.study).entries.map(\.slice))
    #expect(table.rows.count == 24 && Set(table.rows.compactMap { $0.cells["slice"] }) == slices)
    #expect(explained.layer == "layer4" && explained.gallery.count { $0.group == .leastSure } == 2)
  }

  /// Every fold begins with the pretrained kernels, and with those it predicts what bags do.
  @Test func untrainedItPredictsWhatBagsDo() throws {
    func probabilities(_ form: NetworkForm, learning: Bool) throws -> [Double] {
      let settings = settings { $0.training?.learningRate = learning ? 1e-3 : 1e-30 }
      let learner = try NetworkLearner(synthetic.study, settings, synthetic.options().network, form: form)
      let set = try ExampleSet(synthetic.study, settings)
      let prepared = try #require(learner.prepare(set, sharing: [], progress: { _, _ in }) as? PreparedNetwork)
      var worker = try prepared.makeWorker()
      let checkpoint = synthetic.study.url.appendingPathComponent("checkpoint")
      var last: [Double] = []
      for fold in 0..<2 {
        let task = LearningTask(
          examples: set, training: [0, 2, 4, 6, 8, 10], heldOut: [1, 3, 5, 7, 9, 11], fold: fold,
          checkpoint: checkpoint)
        last = try prepared.fit(task, with: &worker).probabilities(of: task.heldOut)
      }
      return last
    }
    let volumes = try probabilities(NetworkForm(input: .volume), learning: false)
    let bags = try probabilities(NetworkForm(input: .bag), learning: false)
    #expect(zip(volumes, bags).allSatisfy { abs($0 - $1) < 1e-4 })
    let trained = [
      try probabilities(NetworkForm(input: .volume), learning: true),
      try probabilities(NetworkForm(input: .bag), learning: true),
    ]
    #expect(zip(trained[0], trained[1]).contains { abs($0 - $1) > 1e-4 })
  }

  @Test func storedFeaturesAndThoseComputedAgainGiveTheSame() throws {
    let stored = try PredictionTable.read(validation(settings()).run { _ in }.predictionsFile)
    let computed = try PredictionTable.read(
      validation(settings(), featureBudget: 0).run { _ in }.predictionsFile)
    for (one, other) in zip(stored, computed) { #expect(abs(one.probability - other.probability) < 1e-5) }
    // The stored output is that of the slices, which bags and volumes share.
    let folder = synthetic.study.featuresFolder
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    _ = try validation(
      settings {
        $0.inputs.examples = .bag
        $0.model = .init(learner: "bag")
      }
    ).run { _ in }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == before && before.count == 1)
  }

  /// Each series of a lesion is a volume, its slices in order.
  @Test func theSlicesOfASeriesAreAVolumeInTheirOrder() throws {
    let entries: [ROISet.Entry] = try [
      .made(series: 2, ordinal: 7), .made(series: 1, ordinal: 3), .made(series: 2, ordinal: 5),
      .made(series: 1, ordinal: 1), .made(series: 1, ordinal: 2),
    ]
    let example = Example(patient: "P", gradeClass: .high, rois: [0, 1, 2, 3, 4])
    #expect(NetworkForm(input: .volume).groups(of: example, entries).groups == [[3, 4, 1], [2, 0]])
    let part = Example(patient: "P", gradeClass: .high, rois: [0])
    #expect(NetworkForm(input: .volume).groups(of: part, entries).groups == [[0]])
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

  @Test func whatDoesNotFitIsRefused() throws {
    let setting = #expect(throws: StudyError.self) {
      try validation(settings { $0.model.settings = ["pooling": .text("mean")] })
    }
    #expect(setting?.description.contains("volume has no settings") == true)
    #expect(throws: StudyError.self) { try validation(settings { $0.inputs.examples = .bag }) }
    var fused = settings()
    fused.inputs.phases = [.lateArterial]
    fused.inputs.fusion = .late
    let text = try fused.yaml
    #expect(throws: StudyError.self) { try StudyProtocol(yaml: text, name: "fused.yaml") }
  }
}
