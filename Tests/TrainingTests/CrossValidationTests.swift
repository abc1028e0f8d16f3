import Backbones
import Foundation
import GRDB
import ROI
import Study
import Support
import TestSupport
import Testing
import Torch

@testable import Training

@Suite(.serialized) struct CrossValidationTests {
  private func run(
    _ synthetic: SyntheticStudy, _ options: CrossValidation.Options? = nil,
    _ change: (inout StudyProtocol) -> Void = { _ in }
  ) throws -> (run: Run, predictions: [Prediction], progress: [TrainingProgress]) {
    var settings = synthetic.settings
    change(&settings)
    let validation = try CrossValidation(
      synthetic.study, protocol: settings, options: options ?? synthetic.options())
    var progress: [TrainingProgress] = []
    let run = try validation.run { progress.append($0) }
    return (run, try PredictionTable.read(run.predictionsFile), progress)
  }

  @Test func aNetworkLearnsAndItsRunIsWhole() throws {
    let synthetic = try SyntheticStudy()
    let (run, predictions, progress) = try run(synthetic) {
      $0.folds.count = 3
      $0.training.epochs = 5
      $0.training.batchSize = 4
      $0.training.learningRate = 0.003
    }
    #expect(areaUnderCurve(predictions.map(\.probability), predictions.map { $0.label == .high }) > 0.95)

    // Every slice is predicted once, by the network of the fold that holds its patient out.
    let rois = try ROISet(synthetic.study)
    let folds = try run.readJSON(Folds.self, from: run.foldsFile)
    #expect(folds.heldOut.count == 3)
    #expect(folds.heldOut.joined().sorted() == (10..<22).map { "P\($0)" })
    #expect(Set(predictions.map(\.slice)) == Set(rois.entries.map(\.slice)))
    #expect(predictions.count == 24)
    for prediction in predictions {
      #expect(folds.fold(of: prediction.patient) == prediction.fold)
      #expect((prediction.label == .high) == (prediction.patient >= "P16"))
      #expect((0...1).contains(prediction.probability))
    }

    // The log has each epoch, the manifest what produced the run, and the protocol is the resolved one.
    let epochs = try run.epochs()
    #expect(epochs.map { [$0.fold, $0.epoch] } == (0..<3).flatMap { fold in (1...5).map { [fold, $0] } })
    #expect(epochs.allSatisfy { $0.loss > 0 && $0.heldOutLoss > 0 && $0.imagesPerSecond > 0 && $0.seconds > 0 })
    let manifest = try run.readJSON(Run.Manifest.self, from: run.manifestFile)
    let facts = Dictionary(uniqueKeysWithValues: manifest.facts.map { ($0.name, $0.value) })
    #expect(facts["patients"] == "12 (6 high grade)")
    #expect(facts["lesions"] == "12" && facts["slices"] == "24")
    #expect(facts["backbone"] == "resnet18" && facts["frozen through"] == "layer4")
    #expect(facts["trained parameters"] == "1026")
    #expect(facts["weights (SHA-256)"]?.count == 64)
    #expect(facts["libtorch"] == LibTorch.version)
    #expect(manifest.notes.isEmpty && !manifest.synthetic)
    #expect(try StudyProtocol(contentsOf: run.protocolFile).folds.count == 3)
    #expect(try Run.open(nil, in: synthetic.study).id == run.id)

    // A fold's checkpoint is the network that made its predictions.
    let file = run.checkpointsFolder.appendingPathComponent("fold-2.safetensors")
    let (state, metadata) = try SafeTensors.read(file)
    #expect(metadata == ["backbone": "resnet18", "fold": "1", "run": run.id])
    let network = try Backbone.make("resnet18", classes: 2, seed: 9)
    try network.load(state, replacingHead: false)
    let inputs = NetworkInputs(rois: rois, size: 40, preprocessing: network.preprocessing, device: .cpu)
    let heldOut = rois.entries.indices.filter { folds.fold(of: rois.entries[$0].patient) == 1 }
    let images = try inputs.batch(heldOut.map { Sample(index: $0, isFlipped: false) })
    let probabilities = try withoutGradient { () throws(TorchError) in
      try network(images, training: false).softmax(1).narrowed(1, start: 1, length: 1).floats()
    }
    for (probability, prediction) in zip(probabilities, predictions.filter { $0.fold == 1 }) {
      #expect(abs(Double(probability) - prediction.probability) < 1e-4)
    }

    let fractions = progress.compactMap { if case .step(let step) = $0 { step.fraction } else { nil } }
    #expect(fractions.count >= 15)
    #expect(zip(fractions, fractions.dropFirst()).allSatisfy { $0 < $1 })
    #expect(fractions.last == 1)
  }

  @Test func anInterruptedRunGoesOnWithTheSameBits() throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.training.epochs = 2
    // A folder in the log's place stands for a disk that fails in the second fold's second epoch.
    let log = { try URL(fileURLWithPath: synthetic.study.runsFolder.path + "/\(synthetic.runs()[0])/log.jsonl") }
    let saved = synthetic.study.url.appendingPathComponent("log-saved")
    #expect(throws: StudyError.self) {
      try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options()).run { progress in
        guard case .step(let step) = progress, step.fold == 1, step.epoch == 2,
          !FileManager.default.fileExists(atPath: saved.path)
        else { return }
        try? FileManager.default.moveItem(at: log(), to: saved)
        try? FileManager.default.createDirectory(at: log(), withIntermediateDirectories: false)
      }
    }
    #expect(throws: StudyError.self) { try Run.open(nil, in: synthetic.study) }
    try FileManager.default.removeItem(at: log())
    try FileManager.default.moveItem(at: saved, to: log())

    let interrupted = try synthetic.runs()
    let (rest, predictions, progress) = try run(synthetic) { $0 = settings }
    #expect([rest.id] == interrupted)
    #expect(try rest.epochs().map { [$0.fold, $0.epoch] } == [[0, 1], [0, 2], [1, 1], [1, 2]])
    // What is done is not done again, the stored features neither.
    for event in progress {
      guard case .step(let step) = event else {
        Issue.record("the frozen stages ran again")
        continue
      }
      #expect(step.fold == 1 && step.epoch == 2 && step.fraction > 0.75)
    }
    let whole = try run(synthetic) { $0 = settings }
    #expect(whole.run.id != rest.id)
    #expect(whole.predictions == predictions)
    for fold in ["fold-1", "fold-2"] {
      let states = try [rest, whole.run].map {
        try SafeTensors.read($0.checkpointsFolder.appendingPathComponent("\(fold).safetensors")).tensors
          .mapValues { try $0.data() }
      }
      #expect(states[0] == states[1])
    }
    let files = try [rest, whole.run].map { try FileManager.default.contentsOfDirectory(atPath: $0.url.path).sorted() }
    #expect(files[0] == files[1])
    #expect(!files[0].contains { $0.hasPrefix("resume") })
  }

  @Test func anInterruptedRunIsNotTakenUpByAnotherCohort() throws {
    let synthetic = try SyntheticStudy()
    let key = { (settings: StudyProtocol, seed: UInt64?) in
      var options = try synthetic.options()
      options.shuffleLabelsSeed = seed
      return try CrossValidation(synthetic.study, protocol: settings, options: options).key
    }
    let before = try key(synthetic.settings, nil)
    #expect(try key(synthetic.settings, nil) == before)
    #expect(try key(synthetic.settings, 1) != before)
    var other = synthetic.settings
    other.folds.seed += 1
    #expect(try key(other, nil) != before)
    // One patient is graded anew: neither labels nor folds are what they were.
    try synthetic.study.write { database in
      try database.execute(sql: "UPDATE lesion SET grade = 5 - grade WHERE id = (SELECT MIN(id) FROM lesion)")
    }
    #expect(try key(synthetic.settings, nil) != before)
  }

  @Test func storedFeaturesAreThoseComputedAnew() throws {
    let synthetic = try SyntheticStudy()
    let stored = try run(synthetic) { $0.network.frozenThrough = "layer3" }
    let passes = stored.progress.compactMap {
      if case .features(let done, let total) = $0 { [done, total] } else { nil }
    }
    #expect(passes.last == [24, 24] && passes.allSatisfy { $0[0] % 8 == 0 })
    let files = try FileManager.default.contentsOfDirectory(atPath: synthetic.study.featuresFolder.path)
    #expect(files.count == 1)

    let other = try SyntheticStudy()
    var options = try other.options()
    options.featureBudget = 0
    let computed = try run(other, options) { $0.network.frozenThrough = "layer3" }
    #expect(computed.progress.allSatisfy { if case .features = $0 { false } else { true } })
    #expect(!FileManager.default.fileExists(atPath: other.study.featuresFolder.path))
    let difference =
      zip(stored.predictions, computed.predictions).map { abs($0.probability - $1.probability) }.max() ?? 1
    #expect(difference < 1e-3)
  }

  @Test func featuresAreStoredInTheProtocolsPrecision() throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.training.precision = .bfloat16
    let validation = try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options())
    guard case .stored(let store) = try FrozenStages(validation).source(progress: { _ in }) else {
      Issue.record("the features are not stored")
      return
    }
    let batch = try store.batch([Sample(index: 5, isFlipped: true)], on: .cpu)
    #expect(batch.dtype == .bfloat16)
    #expect(batch.shape == [1, 512, 2, 2])
    let folder = synthetic.study.featuresFolder
    let file = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.path).first)
    // 24 slices in two orientations, two bytes a value, and the file's own hash.
    #expect(try Data(contentsOf: folder.appendingPathComponent(file)).count == 24 * 2 * 512 * 4 * 2 + 32)
  }

  @Test func shuffledLabelsArePermutedAmongPatients() throws {
    let synthetic = try SyntheticStudy()
    let rois = try ROISet(synthetic.study)
    let graded = Labels(rois, shuffledBy: nil)
    var differing = 0
    for seed in 0..<5 as Range<UInt64> {
      let shuffled = Labels(rois, shuffledBy: seed)
      #expect(Set(shuffled.patients.keys) == Set(graded.patients.keys))
      #expect(shuffled.patients.values.count { $0 == .high } == 6)
      for (entry, label) in zip(rois.entries, shuffled.classes) { #expect(label == shuffled.patients[entry.patient]) }
      #expect(shuffled.targets == shuffled.classes.map { $0 == .high ? 1 : 0 })
      #expect(Labels(rois, shuffledBy: seed).patients == shuffled.patients)
      differing += shuffled.patients == graded.patients ? 0 : 1
    }
    #expect(differing >= 4)

    var options = try synthetic.options()
    options.shuffleLabelsSeed = 3
    let result = try run(synthetic, options)
    let shuffled = Labels(rois, shuffledBy: 3)
    #expect(result.predictions.allSatisfy { $0.label == shuffled.patients[$0.patient] })
    let manifest = try result.run.readJSON(Run.Manifest.self, from: result.run.manifestFile)
    #expect(manifest.notes.contains { $0.contains("negative control") })
  }

  @Test func sharedPixelsAreALeakAndNothingIsTrained() throws {
    let synthetic = try SyntheticStudy(twins: true)
    var settings = synthetic.settings
    // One patient of each class in every fold, so that the twins are never held out together.
    settings.folds.count = 6
    let error = #expect(throws: StudyError.self) {
      try CrossValidation(synthetic.study, protocol: settings, options: .init(store: synthetic.noWeights))
    }
    #expect(error?.kind == .folds)
    for word in ["pixel hash", "P10", "P11"] { #expect(error?.description.contains(word) == true) }
    #expect(try synthetic.runs().isEmpty)
  }

  @Test func tooFewPatientsForTheFoldsIsAnError() throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.folds.count = 7
    let error = #expect(throws: StudyError.self) {
      try CrossValidation(synthetic.study, protocol: settings, options: .init(store: synthetic.noWeights))
    }
    #expect(error?.kind == .folds)
    #expect(try synthetic.runs().isEmpty)
  }

  @Test func anAbsurdLearningRateLeavesNoCompleteRun() throws {
    let synthetic = try SyntheticStudy()
    #expect(throws: TrainingError.self) {
      try run(synthetic) {
        $0.network.initialisation = .scratch
        $0.training.learningRate = 1e30
      }
    }
    #expect(throws: StudyError.self) { try Run.open(nil, in: synthetic.study) }
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: RealCTTests.weights.path),
      "needs the published weights that scripts/setup unpacks into .deps/weights"))
  func aSubstituteIsUsedAndSaidSo() throws {
    let synthetic = try SyntheticStudy()
    let store = WeightsStore(
      cache: synthetic.noWeights.cache, alsoIn: [RealCTTests.weights.deletingLastPathComponent()])
    let substitute = try demoProtocol().network.substitute
    let (run, _, _) = try run(synthetic, .init(store: store)) {
      $0.network.substitute = substitute
    }
    let manifest = try run.readJSON(Run.Manifest.self, from: run.manifestFile)
    #expect(manifest.notes.count == 1)
    #expect(
      manifest.notes.first?.contains("efficientnet-lite0 with its own ImageNet weights was trained instead") == true)
    #expect(manifest.facts.contains(.init("backbone", "efficientnet-lite0")))
    #expect(manifest.facts.contains(.init("frozen through", substitute?.frozenThrough ?? "")))
  }
}
