import Backbones
import Foundation
import GRDB
import ROI
import Study
import Support
import Synchronization
import TestSupport
import Testing
import Torch

@testable import Experiment
@testable import Training

@Suite(.serialized) struct CrossValidationTests {
  private func run(
    _ synthetic: SyntheticStudy, _ options: CrossValidation.Options? = nil,
    _ change: (inout StudyProtocol) -> Void = { _ in }
  ) throws -> (run: Run, predictions: [Prediction], progress: [ExperimentProgress]) {
    var settings = synthetic.settings
    change(&settings)
    let validation = try CrossValidation(
      synthetic.study, protocol: settings, options: options ?? synthetic.options())
    let progress = Mutex([ExperimentProgress]())
    let run = try validation.run { event in progress.withLock { $0.append(event) } }
    return (run, try PredictionTable.read(run.predictionsFile), progress.withLock { $0 })
  }

  @Test func aNetworkLearnsAndItsRunIsWhole() throws {
    let synthetic = try SyntheticStudy()
    let (run, predictions, progress) = try run(synthetic) {
      $0.folds.count = 3
      $0.training?.epochs = 5
      $0.training?.batchSize = 4
      $0.training?.learningRate = 0.003
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
    let manifest = try run.manifest()
    #expect(manifest.counts == .init(patients: 12, highGrade: 6, lesions: 12, examples: 24))
    let trained = try #require(manifest.learner.network)
    #expect(trained.backbone == "resnet18" && trained.frozenThrough == "layer4")
    #expect(trained.trainedParameters == 1026 && trained.weights?.count == 64)
    #expect(manifest.hardware?.libtorch == LibTorch.version)
    // What is read is what was written, and every fold has a manifest, a log, predictions and a model of its own.
    #expect(try JSONDecoder().decode(Run.Manifest.self, from: JSONEncoder().encode(manifest)) == manifest)
    for fold in 0..<3 {
      let folder = FoldJobFolder(url: run.foldFolder(fold))
      let job = try #require(try folder.job())
      #expect(job.fold == fold && job.learner == manifest.learner && job.hardware == manifest.hardware)
      #expect(job.trainingCount + job.heldOutCount == 24 && job.cohort == manifest.cohort)
      #expect(try folder.log.epochs().map(\.epoch) == [1, 2, 3, 4, 5])
      #expect(try PredictionTable.read(folder.predictionsFile) == predictions.filter { $0.fold == fold })
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
      #expect(files == ["cost.json", "job.json", "log.jsonl", "model.safetensors", "predictions.csv"])
    }
    #expect(manifest.notes.isEmpty && !manifest.synthetic)
    #expect(try StudyProtocol(contentsOf: run.protocolFile).folds.count == 3)
    #expect(try Run.open(nil, in: synthetic.study).id == run.id)

    // A fold's checkpoint is the network that made its predictions.
    let file = run.networkFile(fold: 1)
    let (state, metadata) = try SafeTensors.read(file)
    #expect(metadata == ["backbone": "resnet18", "fold": "1"])
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

    let fractions = progress.compactMap { if case .fitting(let standing) = $0 { standing.fraction } else { nil } }
    #expect(fractions.count >= 15)
    #expect(zip(fractions, fractions.dropFirst()).allSatisfy { $0 < $1 })
    #expect(fractions.last == 1)
  }

  @Test func anInterruptedRunGoesOnWithTheSameBits() throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.training?.epochs = 2
    // A folder in the log's place stands for a disk that fails in the second fold's second epoch.
    let log: @Sendable () throws -> URL = {
      try URL(fileURLWithPath: synthetic.study.runsFolder.path + "/\(synthetic.runs()[0])/folds/fold-2/log.jsonl")
    }
    let saved = synthetic.study.url.appendingPathComponent("log-saved")
    #expect(throws: StudyError.self) {
      try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options()).run { progress in
        guard case .fitting(let standing) = progress, let step = standing.jobs.first, step.fold == 1, step.epoch == 2,
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
      guard case .fitting(let standing) = event, let step = standing.jobs.first else {
        Issue.record("the frozen stages ran again")
        continue
      }
      #expect(step.fold == 1 && step.epoch == 2 && standing.fraction > 0.75)
    }
    let whole = try run(synthetic) { $0 = settings }
    #expect(whole.run.id != rest.id)
    #expect(whole.predictions == predictions)
    for fold in 0..<2 {
      // The same tensors make the same file.
      let states = try [rest, whole.run].map { try Data(contentsOf: $0.networkFile(fold: fold)) }
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
    let stored = try run(synthetic) { $0.network?.frozenThrough = "layer3" }
    let passes = stored.progress.compactMap {
      if case .preparing(let done, let total) = $0 { [done, total] } else { nil }
    }
    #expect(passes.last == [24, 24] && passes.allSatisfy { $0[0] % 8 == 0 })
    let files = try FileManager.default.contentsOfDirectory(atPath: synthetic.study.featuresFolder.path)
    #expect(files.count == 1)

    let other = try SyntheticStudy()
    var options = try other.options()
    options.featureBudget = 0
    let computed = try run(other, options) { $0.network?.frozenThrough = "layer3" }
    #expect(computed.progress.allSatisfy { if case .preparing = $0 { false } else { true } })
    #expect(!FileManager.default.fileExists(atPath: other.study.featuresFolder.path))
    let difference =
      zip(stored.predictions, computed.predictions).map { abs($0.probability - $1.probability) }.max() ?? 1
    #expect(difference < 1e-3)
  }

  @Test func featuresAreStoredInTheProtocolsPrecision() throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.training?.precision = .bfloat16
    let validation = try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options())
    let learner = try #require(validation.learner as? NetworkLearner)
    let prepared = try learner.prepare(validation.examples, sharing: [], progress: { _, _ in })
    let store = try #require((prepared as? PreparedNetwork)?.store, "the features are not stored")
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
    let graded = try ExampleSet(synthetic.study, synthetic.settings)
    #expect(
      graded.examples.map(\.slice) == rois.entries.map(\.slice)
        && graded.examples.map(\.rois) == rois.entries.indices.map { [$0] })
    var differing = 0
    for seed in 0..<5 as Range<UInt64> {
      let shuffled = graded.shuffled(by: seed)
      #expect(Set(shuffled.patients.keys) == Set(graded.patients.keys))
      #expect(shuffled.patients.values.count { $0 == .high } == 6)
      for (example, label) in zip(shuffled.examples, shuffled.classes) {
        #expect(label == shuffled.patients[example.patient])
      }
      #expect(graded.shuffled(by: seed).patients == shuffled.patients)
      differing += shuffled.patients == graded.patients ? 0 : 1
    }
    #expect(differing >= 4)

    var options = try synthetic.options()
    options.shuffleLabelsSeed = 3
    let result = try run(synthetic, options)
    let shuffled = graded.shuffled(by: 3)
    #expect(result.predictions.allSatisfy { $0.label == shuffled.patients[$0.patient] })
    let manifest = try result.run.manifest()
    #expect(manifest.shuffledBy == 3 && manifest.notes.contains { $0.contains("negative control") })
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
        $0.network?.initialisation = .scratch
        $0.training?.learningRate = 1e30
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
    let substitute = try demoProtocol().network?.substitute
    let (run, _, _) = try run(synthetic, .init(store: store)) {
      $0.network?.substitute = substitute
    }
    let manifest = try run.manifest()
    #expect(manifest.notes.count == 1)
    #expect(
      manifest.notes.first?.contains("efficientnet-lite0 with its own ImageNet weights was trained instead") == true)
    #expect(manifest.learner.network?.backbone == "efficientnet-lite0")
    #expect(manifest.learner.network?.frozenThrough == substitute?.frozenThrough)
    // The run's own protocol is what was done.
    #expect(manifest.learner.network?.replaced == "resnet18")
    let own = try StudyProtocol(contentsOf: run.protocolFile)
    #expect(own.network?.backbone == "efficientnet-lite0" && own.network?.substitute == nil)
    #expect(own.network?.frozenThrough == substitute?.frozenThrough)
    #expect(own.title.hasSuffix("(efficientnet-lite0 in place of resnet18)"))
    let learners = LearnerRegistry([.network(.init(store: store))])
    #expect(
      try RunVerification(run, in: synthetic.study, learners: learners).verify { _ in }
        .allSatisfy { $0.largestDifference == 0 })
    // So was the one that named what was asked for, as those of older versions do.
    var asked = own
    asked.title = String(own.title.dropLast(" (efficientnet-lite0 in place of resnet18)".count))
    asked.network?.backbone = "resnet18"
    asked.network?.frozenThrough = synthetic.settings.network?.frozenThrough
    asked.network?.substitute = substitute
    try AtomicFile.write(asked.yaml, to: run.protocolFile)
    _ = try RunVerification(run, in: synthetic.study, learners: learners)
  }
}
