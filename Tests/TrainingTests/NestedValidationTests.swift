import Foundation
import GRDB
import ROI
import Study
import Support
import Synchronization
import Testing

@testable import Experiment
@testable import Training

@Suite(.serialized) struct NestedValidationTests {
  private let synthetic: SyntheticStudy
  private let settings: StudyProtocol

  init() throws {
    synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.sweep?.batchSizes = [8, 6]
    self.settings = settings
  }

  private func auc(_ predictions: [Prediction]) -> Double {
    areaUnderCurve(predictions.map(\.probability), predictions.map { $0.label == .high })
  }

  private func nested(
    among alternatives: [StudyProtocol] = [], _ value: @escaping ([Prediction]) throws -> Double?
  ) throws -> NestedValidation {
    var options = try synthetic.options()
    options.network.weightsBackbone = "resnet18"
    return try NestedValidation(
      synthetic.study, protocol: settings, alternatives: alternatives, learners: options.learners,
      criterion: .init(name: "AUC", value: value))
  }

  @Test func noPatientThatAFoldHoldsOutHasASayInItsBatchSize() throws {
    var judged: [Set<String>] = []
    let nested = try nested { predictions in
      judged.append(Set(predictions.map(\.patient)))
      return judged.count == 2 ? 1 : self.auc(predictions) / 2
    }
    let run = try nested.run(progress: { _ in })
    let folds = try run.readJSON(Folds.self, from: run.foldsFile)
    let all = Set((10..<22).map { "P\($0)" })
    let outside = folds.heldOut.map { all.subtracting($0) }
    #expect(outside.map(\.count) == [6, 6])
    // Two batch sizes for each fold; then all patients once, for the estimate itself.
    #expect(judged == [outside[0], outside[0], outside[1], outside[1], all])
    for (fold, batchSize) in [(0, 8), (0, 6), (1, 8), (1, 6)] {
      let part = try run.part("inner/fold-\(fold + 1)-batch-\(batchSize)")
      #expect(Set(try PredictionTable.read(part.predictionsFile).map(\.patient)) == outside[fold])
      #expect(try StudyProtocol(contentsOf: part.protocolFile).training?.batchSize == batchSize)
      for inner in 0..<2 { #expect(!FileManager.default.fileExists(atPath: part.networkFile(fold: inner).path)) }
      let jobs = try (0..<2).map { try #require(try FoldJobFolder(url: part.foldFolder($0)).job()) }
      #expect(jobs.allSatisfy { $0.trainingCount + $0.heldOutCount == 12 })
      let candidate = try #require(nested.candidates.first { $0.variant.batchSize == batchSize })
      let inner = try nested.inner(fold: fold, candidate)
      #expect(inner.split.sharedPatients(inner.examples).isEmpty)
      #expect(Set(inner.folds.heldOut.joined()) == outside[fold])
    }
    let choice = try run.readJSON(Run.NestedChoice.self, from: run.nestedFile)
    #expect(choice.criterion == "AUC" && choice.innerFolds == 2)
    #expect(choice.choices.map(\.fold) == [0, 1])
    // The second one judged, of fold 1, was made the best; a value of at most a half otherwise.
    #expect(choice.choices[0].variant.batchSize == 6)
    #expect(choice.choices[0].inner.map(\.variant.batchSize) == [8, 6] && !choice.isAmongProtocols)
    #expect(choice.choices[0].inner[1].auc == 1)
    // There is no sweep to compare with.
    #expect(choice.sweepBest == nil && choice.optimism == nil)

    // Besides, it is a run like any other.
    #expect(try Run.open(nil, in: synthetic.study).id == run.id)
    #expect(run.id.hasSuffix("-nested"))
    let predictions = try PredictionTable.read(run.predictionsFile)
    #expect(predictions.count == 24)
    for prediction in predictions { #expect(folds.fold(of: prediction.patient) == prediction.fold) }
    #expect(try run.epochs().map(\.fold) == [0, 1])
    let titles = choice.choices.map { "batch size \($0.variant.batchSize)" }
    #expect(try run.manifest().choices == titles)
    #expect(FileManager.default.fileExists(atPath: run.networkFile(fold: 1).path))

    // Its controls take its batch sizes.
    let controls = try NegativeControls(run, in: synthetic.study, options: synthetic.options())
    #expect(controls.summary.contains("by fold: \(titles.joined(separator: "; ")),"))
    try controls.run(progress: { _ in }, finished: { _, _ in })
    for control in try run.readJSON([Run.Control].self, from: run.controlsFile) {
      #expect(try run.part("controls/\(control.name)").manifest().choices == titles)
    }
  }

  @Test func itGoesOnWhereItWasAndKnowsTheSweep() throws {
    var sweep: [Run] = []
    try Sweep(synthetic.study, protocol: settings, learners: try synthetic.options().learners).run(
      progress: { _ in }, finishing: { _ in }, completing: { sweep = $0 })
    struct Interruption: Error {}
    var count = 0
    #expect(throws: Interruption.self) {
      try nested { predictions in
        count += 1
        if count == 3 { throw Interruption() }
        return auc(predictions)
      }.run(progress: { _ in })
    }
    let begun = try #require(Run.incomplete(in: synthetic.study).first)
    let events = Mutex([ExperimentProgress]())
    let run = try nested { auc($0) }.run(progress: { event in events.withLock { $0.append(event) } })
    #expect(run.id == begun.id)
    // The inner jobs that were done are not done again, the features neither.
    for event in events.withLock({ $0 }) {
      guard case .fitting(let standing) = event else {
        Issue.record("the frozen stages ran again")
        continue
      }
      #expect(standing.jobs.allSatisfy { $0.title.hasPrefix("fold ") } && standing.fraction > 0.5)
    }
    #expect(!(try FileManager.default.contentsOfDirectory(atPath: run.url.path)).contains { $0.hasPrefix("resume") })

    let choice = try run.readJSON(Run.NestedChoice.self, from: run.nestedFile)
    let values = try sweep.map { auc(try PredictionTable.read($0.predictionsFile)) }
    let best = try #require(choice.sweepBest)
    #expect(best.auc == values.max())
    #expect(best.variant.batchSize == [8, 6][try #require(values.firstIndex { $0 == values.max() })])
    #expect(choice.optimism == (values.max() ?? 0) - (try #require(choice.auc)))
    // The nested run is no member of a later sweep, though its protocol is that of one.
    let again = try nested { auc($0) }.run(progress: { _ in })
    #expect(again.id != run.id)
    #expect(try again.readJSON(Run.NestedChoice.self, from: again.nestedFile) == choice)
    #expect(try PredictionTable.read(again.predictionsFile) == PredictionTable.read(run.predictionsFile))
  }

  @Test func theFirstOfTheBestIsChosenAndAnUndefinedValueNever() {
    #expect(NestedValidation.best([0.5, 0.7, 0.7]) == 1)
    #expect(NestedValidation.best([nil, 0.2]) == 1)
    #expect(NestedValidation.best([0.2, nil]) == 0)
    #expect(NestedValidation.best([nil, nil]) == nil)
    #expect(NestedValidation.best([]) == nil)
  }

  /// Another network at another batch size and for more epochs.
  private var alternative: StudyProtocol {
    var other = settings
    other.name = "other"
    other.network?.backbone = "efficientnet-lite0"
    other.network?.initialisation = .scratch
    other.training?.epochs = 2
    other.sweep?.batchSizes = [12]
    return other
  }

  @Test func aBackboneAndAProtocolAreChosenAsABatchSizeIs() throws {
    var judged = 0
    let nested = try nested(among: [alternative]) { _ in
      judged += 1
      return [0.5, 0.6, 0.7, 0.5, 0.8, 0.7][min(judged - 1, 5)]
    }
    #expect(nested.candidates.map(\.variant.title) == ["batch size 8", "batch size 6", "other, batch size 12"])
    let standings = Mutex([ExperimentProgress.Standing]())
    var titles: [String] = []
    let run = try nested.run(
      progress: { event in
        if case .fitting(let standing) = event { standings.withLock { $0.append(standing) } }
      }, judged: { title, _ in titles.append(title) })
    #expect(titles[2] == "Without fold 1, other, batch size 12")
    let last = try #require(standings.withLock { $0.last })
    #expect(abs(last.fraction - 1) < 1e-9)
    let choice = try run.readJSON(Run.NestedChoice.self, from: run.nestedFile)
    #expect(choice.isAmongProtocols)
    #expect(choice.choices.map(\.variant.title) == ["other, batch size 12", "batch size 6"])
    // The first fold has the other protocol's network and epochs.
    #expect(try run.epochs().map { [$0.fold, $0.epoch] } == [[0, 1], [0, 2], [1, 1]])
    let part = try run.part("inner/fold-1-other-batch-12")
    #expect(try StudyProtocol(contentsOf: part.protocolFile).network?.backbone == "efficientnet-lite0")
    let manifest = try run.manifest()
    #expect(manifest.choices == ["other, batch size 12", "batch size 6"])
    #expect(manifest.notes.contains { $0.contains("different protocols") })
    // It is an estimate and no model: nothing is kept to predict by, and controls are those of one protocol.
    for fold in 0..<2 { #expect(!FileManager.default.fileExists(atPath: run.networkFile(fold: fold).path)) }
    #expect(throws: TrainingError.self) { try ExamPrediction(run) }
    let error = #expect(throws: StudyError.self) {
      try NegativeControls(run, in: synthetic.study, options: synthetic.options())
    }
    #expect(error?.description.contains("chose among protocols") == true)
  }

  @Test func onlyHowANetworkIsTrainedMayDiffer() throws {
    func message(_ change: (inout StudyProtocol) -> Void) -> String {
      var other = alternative
      change(&other)
      return #expect(throws: StudyError.self) { try nested(among: [other]) { _ in nil } }?.description ?? ""
    }
    #expect(message { $0.roi.boxSize = 20 }.contains("differs from the study's in its section roi"))
    #expect(message { $0.folds.seed = 99 }.contains("section folds"))
    #expect(message { $0.evaluation.threshold = 0.4 }.contains("section evaluation"))
    #expect(message { $0.name = settings.name }.contains("a different name"))
    var larger = alternative
    larger.roi.outputSize = 48
    #expect(try nested(among: [larger]) { _ in nil }.candidates.count == 3)
  }

  @Test func tooFewPatientsForInnerFoldsIsAnError() throws {
    var settings = settings
    settings.folds.count = 6
    // Of six patients of a class one is held out: five inner folds.
    let five = try NestedValidation(
      synthetic.study, protocol: settings, learners: synthetic.options().learners,
      criterion: .init(name: "AUC") { _ in nil })
    #expect(five.innerFolds == 5)
    // With two patients of a class and two folds, one is left.
    try synthetic.study.write { database in
      try database.execute(sql: "UPDATE lesion SET grade = 1 WHERE id > (SELECT MIN(id) + 1 FROM lesion)")
      try database.execute(sql: "UPDATE lesion SET grade = 4 WHERE id <= (SELECT MIN(id) + 1 FROM lesion)")
    }
    settings.folds.count = 2
    let error = #expect(throws: StudyError.self) {
      try NestedValidation(
        synthetic.study, protocol: settings, learners: synthetic.options().learners,
        criterion: .init(name: "AUC") { _ in nil })
    }
    #expect(error?.kind == .folds && error?.description.contains("nested") == true)
  }
}
