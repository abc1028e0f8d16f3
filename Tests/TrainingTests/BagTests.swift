import Backbones
import Foundation
import GRDB
import Study
import Support
import Synchronization
import Testing
import Torch

@testable import Experiment
@testable import ROI
@testable import Training

/// Bags of slices, from the protocol to predictions.
@Suite(.serialized) struct BagTests {
  private let synthetic: SyntheticStudy
  init() throws { synthetic = try SyntheticStudy() }

  private func settings(
    _ pooling: BagNetwork.Pooling?, _ change: (inout StudyProtocol) -> Void = { _ in }
  ) -> StudyProtocol {
    var settings = synthetic.settings
    settings.inputs.examples = .bag
    settings.model = .init(learner: "bag", settings: pooling.map { ["pooling": .text($0.rawValue)] })
    settings.network?.frozenThrough = "layer3"
    settings.training?.batchSize = 4
    change(&settings)
    return settings
  }

  private func validation(_ settings: StudyProtocol, featureBudget: Int? = nil) throws -> CrossValidation {
    var options = try synthetic.options().network
    if let featureBudget { options.featureBudget = featureBudget }
    return try CrossValidation(
      synthetic.study, protocol: settings, learners: LearnerRegistry([.bag(options), .network(options)]))
  }

  @Test(arguments: [("bag", "r3d_18"), ("bag", "medicalnet-resnet10"), ("network", "r3d_18")])
  func aBackboneOfVolumesIsRefusedBeforeAnythingIsMade(learner: String, backbone: String) throws {
    let asked = settings(nil) {
      $0.network?.backbone = backbone
      if learner == "network" {
        $0.model = .init(learner: learner)
        $0.inputs.examples = .slice
      }
    }
    let error = #expect(throws: StudyError.self) { try validation(asked) }
    let text = error?.description ?? ""
    #expect(
      text.contains("network.backbone must be a network of images") && text.contains("found \(backbone)"), "\(text)")
  }

  @Test(arguments: [.mean, .attention] as [BagNetwork.Pooling])
  func lesionsAreLearntAndPredictedOnce(pooling: BagNetwork.Pooling) throws {
    let settings = settings(pooling) {
      $0.training?.epochs = 5
      $0.training?.learningRate = 0.001
    }
    let run = try validation(settings).run { _ in }
    let predictions = try PredictionTable.read(run.predictionsFile)
    #expect(predictions.count == 12 && predictions.allSatisfy { $0.slice.isEmpty && $0.lesion == "1" })
    #expect(areaUnderCurve(predictions.map(\.probability), predictions.map { $0.label == .high }) > 0.9)
    let manifest = try run.manifest()
    #expect(manifest.learner.learner == "bag" && manifest.examples == .bag && manifest.counts?.examples == 12)
    let parameters = try #require(manifest.learner.network?.trainedParameters)
    let attention = pooling == .attention ? 2 * (512 * 128 + 128) + 128 + 1 : 0
    let network = try Backbone.make("resnet18", classes: 2, seed: 1)
    try network.freeze(through: "layer3")
    #expect(parameters == network.trainedParameterCount + attention)

    // Each slice of a held-out lesion has a weight, by the network that predicted the lesion.
    let rows = try run.attention(foldCount: 2)
    if pooling == .mean {
      #expect(rows.isEmpty)
    } else {
      #expect(Set(rows.map(\.slice)) == Set(try ROISet(synthetic.study).entries.map(\.slice)) && rows.count == 24)
      let byLesion = Dictionary(grouping: rows, by: \.patient).mapValues { $0.map(\.weight) }
      #expect(byLesion.values.allSatisfy { $0.count == 2 && abs($0[0] + $0[1] - 1) < 1e-6 })
      #expect(Set(rows.map(\.weight)).count > 12)
      for fold in 0..<2 {
        let own = try AttentionTable.read(run.foldFolder(fold).appendingPathComponent("attention.csv"))
        #expect(Set(own.map(\.patient)) == Set(predictions.filter { $0.fold == fold }.map(\.patient)))
      }
    }

    // The models give what the run says, and a slice's network is none of a lesion's.
    let verification = try RunVerification(
      run, in: synthetic.study, learners: LearnerRegistry([.bag(synthetic.options().network)]))
    #expect(try verification.verify { _ in }.allSatisfy { $0.largestDifference == 0 })
    #expect(throws: StudyError.self) { try ExamPrediction(run) }

    // Every slice has a map, and the gallery shows one slice of a lesion.
    let explained = try Explanation(run, in: synthetic.study).write(galleryCount: 2) { _, _ in }.explanations
    let table = try DelimitedTable(contentsOf: run.url.appendingPathComponent("explanations.csv"))
    let slices = Set(try ROISet(synthetic.study).entries.map(\.slice))
    #expect(table.rows.count == 24 && Set(table.rows.compactMap { $0.cells["slice"] }) == slices)
    #expect(explained.layer == "layer4" && explained.gallery.allSatisfy { slices.contains($0.slice) })
    #expect(explained.gallery.count { $0.group == .leastSure } == 2)
  }

  @Test func storedFeaturesAndThoseComputedAgainGiveTheSame() throws {
    let stored = try PredictionTable.read(validation(settings(.attention)).run { _ in }.predictionsFile)
    let computed = try PredictionTable.read(
      validation(settings(.attention), featureBudget: 0).run { _ in }.predictionsFile)
    for (one, other) in zip(stored, computed) { #expect(abs(one.probability - other.probability) < 1e-5) }
  }

  /// A bag of one slice each is what the learner of slices sees: the same order, flips and steps.
  @Test func bagsOfOneSliceLearnWhatSlicesDo() throws {
    let rois = try ROISet(synthetic.study)
    let examples = rois.entries.enumerated().filter { $0.offset % 2 == 0 }.map { index, entry in
      Example(
        patient: entry.patient, lesion: entry.lesion, slice: entry.slice, gradeClass: entry.grade.gradeClass,
        rois: [index],
        provenance: [.init(patient: entry.patient, exam: entry.exam, slice: entry.slice, pixelHash: entry.pixelHash)])
    }
    let set = ExampleSet(kind: .slice, examples, rois: rois)
    let folder = synthetic.study.url.appendingPathComponent("checkpoint")
    let options = try synthetic.options().network
    let probabilities = try [NetworkForm.slice, NetworkForm(input: .bag)].map { form in
      let learner = try NetworkLearner(synthetic.study, settings(nil), options, form: form)
      let task = LearningTask(
        examples: set, training: [0, 2, 4, 6, 8, 10], heldOut: [1, 3, 5, 7, 9, 11], fold: 0, checkpoint: folder)
      let prepared = try #require(learner.prepare(set, sharing: [], progress: { _, _ in }) as? PreparedNetwork)
      var worker = try prepared.makeWorker()
      return try prepared.fit(task, with: &worker).probabilities(of: task.heldOut)
    }
    #expect(zip(probabilities[0], probabilities[1]).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(Set(probabilities[0]).count == 6)
  }

  @Test func allSlicesOfABagAreFlippedTogether() throws {
    let examples = [[[0], [1], [2]], [[3]], [[4, 5], [6]]].map { TrainingExample(groups: $0, label: 1) }
    var asked: [[Sample]] = []
    let loader = BatchLoader(
      [
        [Sample(index: 2, isFlipped: true), Sample(index: 0, isFlipped: false)], [Sample(index: 1, isFlipped: true)],
      ],
      .computed { samples in
        asked.append(samples)
        return try .zeros([samples.count, 1, 1, 1])
      }, examples, device: .cpu)
    let first = try #require(try loader.next())
    #expect(first.examples == [2, 0] && first.groups == [[2, 1], [1, 1, 1]])
    #expect(try first.targets.integers() == [1, 1])
    _ = try loader.next()
    #expect(try loader.next() == nil)
    #expect(asked.map { $0.map(\.index) } == [[4, 5, 6, 0, 1, 2], [3]])
    #expect(asked.map { $0.map(\.isFlipped) } == [[true, true, true, false, false, false], [true]])
  }

  @Test func anInterruptedRunGoesOnWithTheSameBits() throws {
    let settings = settings(.attention) { $0.training?.epochs = 3 }
    let whole = try validation(settings).run { _ in }
    let before = Set(try synthetic.runs())
    // Killed twice.
    for epoch in [2, 3] {
      try synthetic.interrupting(fold: 0, epoch: epoch, before: before) {
        _ = try validation(settings).run(progress: $0)
      }
    }
    let resumed = try validation(settings).run { _ in }
    #expect(resumed.id != whole.id)
    for file in ["predictions.csv", "folds/fold-1/model.safetensors", "folds/fold-1/attention.csv"] {
      let contents = try [whole, resumed].map { try Data(contentsOf: $0.url.appendingPathComponent(file)) }
      #expect(contents[0] == contents[1], "\(file)")
    }
  }

  @Test func phasesAreFusedLate() throws {
    let form = NetworkForm(input: .bag, pooling: .attention, phases: [.lateArterial, .portalVenous])
    let phases: [Phase] = [.portalVenous, .lateArterial, .portalVenous, .lateArterial]
    let example = Example(patient: "P", gradeClass: .high, rois: [3, 0, 2])
    let entries = try phases.map { try ROISet.Entry.made(phase: $0) }
    #expect(form.groups(of: example, entries).groups == [[3], [0, 2]])
    #expect(form.groups(of: example, entries).phases == [0, 1])
    #expect(NetworkForm(input: .bag).groups(of: example, entries).groups == [[3], [0], [2]])
    // A phase that is missing leaves no group.
    let part = Example(patient: "P", gradeClass: .high, rois: [0, 2])
    #expect(form.groups(of: part, entries).groups == [[0, 2]])
    #expect(form.groups(of: part, entries).phases == [1])

    // Each patient has one series: it is arterial in every third, in both classes alike, and venous in the others.
    try synthetic.study.write { database in
      try database.execute(sql: "DELETE FROM seriesPhase")
      try database.execute(
        sql: """
          INSERT INTO seriesPhase (seriesId, phase, confidence, isUsed, reasons)
          SELECT id, CASE WHEN id % 3 = 0 THEN 'lateArterial' ELSE 'portalVenous' END, 1, TRUE, '[]' FROM series
          """)
    }
    let settings = settings(.attention) {
      $0.inputs.phases = [.lateArterial, .portalVenous]
      $0.inputs.fusion = .late
    }
    let run = try validation(settings).run { _ in }
    #expect(try PredictionTable.read(run.predictionsFile).count == 12)
    let notes = try run.manifest().notes
    #expect(notes.count == 2, "\(notes)")
    let absence = "Its absence alone predicts high grade with an AUC of 0.50 (95% CI"
    #expect(notes.allSatisfy { $0.contains(absence) }, "\(notes)")
    #expect(try run.attention(foldCount: 2).allSatisfy { abs($0.weight - 0.5) < 1e-6 && $0.phase != nil })
    #expect(try StudyProtocol(yaml: settings.yaml, name: "late.yaml") == settings)
    for change in [{ $0.phases = [.delayed] }, { $0.examples = .slice }] as [(inout StudyProtocol.Inputs) -> Void] {
      var wrong = settings
      change(&wrong.inputs)
      let text = try wrong.yaml
      let error = #expect(throws: StudyError.self) { try StudyProtocol(yaml: text, name: "wrong.yaml") }
      #expect(error?.description.contains("inputs.fusion must be omitted unless") == true)
    }
  }

  @Test func settingsAndExamplesAreChecked() throws {
    var wrong = settings(.mean)
    wrong.model.settings = ["pooling": .text("median")]
    let pooling = #expect(throws: StudyError.self) { try validation(wrong) }
    #expect(
      pooling?.description.contains("model.settings.pooling must be one of mean, attention, perPhase, found \"median\"")
        == true)
    wrong.model.settings = ["heads": .number(2)]
    #expect(throws: StudyError.self) { try validation(wrong) }
    var slices = settings(.mean)
    slices.inputs.examples = .slice
    #expect(throws: StudyError.self) { try validation(slices) }
    #expect(try validation(settings(nil)).summary.contains("mean over the slices of a lesion"))
  }

  @Test func controlsAreThoseOfLesions() throws {
    let options = try synthetic.options().network
    let run = try validation(settings(.mean)).run { _ in }
    let controls = try NegativeControls(run, in: synthetic.study, learners: LearnerRegistry([.bag(options)]))
    let titles = Mutex<[String]>([])
    try controls.run(progress: { _ in }) { title, predictions in
      #expect(predictions.count == 12)
      titles.withLock { $0.append(title) }
    }
    #expect(titles.withLock { $0 } == ["Shuffled labels", "Background only", "ROI jitter of up to 4 pixels"])
    let obstacles = NegativeControlRegistry.notApplicable(to: .bag)
    #expect(obstacles.map { $0.hasPrefix("A slice-level split is not applicable") } == [true])
    #expect(NegativeControlRegistry.notApplicable(to: .slice).isEmpty)
  }
}
