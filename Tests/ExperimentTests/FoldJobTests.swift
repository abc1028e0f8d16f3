import Foundation
import Study
import Synchronization
import TestSupport
import Testing
import Support

@testable import Experiment

/// Fold jobs by a learner that is no network: what holds here holds for every learner.
@Suite(.serialized) struct FoldJobTests {
  private let older: OlderStudy
  private let study: StudyFolder
  private let settings: StudyProtocol

  init() throws {
    older = try OlderStudy()
    study = try older.study
    var settings = try study.readProtocol()
    settings.model.learner = "counting"
    self.settings = settings
  }

  private func validation(_ learner: CountingLearner) throws -> CrossValidation {
    try CrossValidation(study, protocol: settings, learners: learner.registry)
  }

  @Test func aRunIsTheMergeOfItsJobs() throws {
    let learner = CountingLearner(settings)
    let run = try validation(learner).run { _ in }
    let predictions = try PredictionTable.read(run.predictionsFile)
    let folds = try run.readJSON(Folds.self, from: run.foldsFile)
    #expect(predictions.count == 12 && Set(predictions.map(\.patient)).count == 12)
    for prediction in predictions { #expect(folds.fold(of: prediction.patient) == prediction.fold) }
    #expect(try run.epochs().map { [$0.fold, $0.epoch] } == (0..<3).flatMap { fold in (1...3).map { [fold, $0] } })
    let manifest = try run.manifest()
    #expect(manifest.learner == learner.description && manifest.hardware?.threads == 4)
    for fold in 0..<3 {
      let job = try #require(try FoldJobFolder(url: run.foldFolder(fold)).job())
      #expect(job.cohort == manifest.cohort && job.hardware == manifest.hardware && job.learner == manifest.learner)
      #expect(FileManager.default.fileExists(atPath: run.foldFolder(fold).appendingPathComponent("model.txt").path))
    }
    let table = try DelimitedTable(contentsOf: run.examplesFile)
    #expect(table.rows.count == 12)
    #expect(table.rows.allSatisfy { Int($0.cells["fold"] ?? "") == folds.fold(of: $0.cells["patient"] ?? "") })
    #expect(!FileManager.default.fileExists(atPath: run.url.appendingPathComponent("resume.json").path))
  }

  @Test func noLearnerSeesWhomItPredicts() throws {
    let learner = CountingLearner(settings)
    let validation = try validation(learner)
    _ = try validation.run { _ in }
    let training = learner.account.training
    for fold in 0..<3 {
      let seen = Set((training[fold] ?? []).map { validation.examples.examples[$0].patient })
      #expect(
        seen.isDisjoint(with: validation.folds.heldOut[fold]) && seen.count == 12 - validation.folds.heldOut[fold].count
      )
    }
  }

  @Test(arguments: [1, 2, 3]) func sideBySideTheResultsAreTheSame(_ sideBySide: Int) throws {
    let learner = CountingLearner(settings)
    let run = try validation(learner).run(sideBySide: sideBySide) { _ in }
    let alone = try validation(CountingLearner(settings)).run { _ in }
    #expect(try PredictionTable.read(run.predictionsFile) == PredictionTable.read(alone.predictionsFile))
    let account = learner.account
    #expect(account.mostAtOnce <= sideBySide && account.workers <= sideBySide)
    // The threads of a job are a part of what its bits depend on.
    #expect(try run.manifest().hardware?.threads == 4 / sideBySide)
  }

  @Test func eachJobIsResumedByItself() throws {
    let failing = CountingLearner(settings, failingIn: (fold: 1, epoch: 2))
    #expect(throws: CountingLearner.Stopped.self) { try validation(failing).run { _ in } }
    let begun = try #require(Run.incomplete(in: study).first)
    #expect(FoldJobFolder(url: begun.foldFolder(0)).isComplete && !FoldJobFolder(url: begun.foldFolder(1)).isComplete)
    let rest = CountingLearner(settings)
    let fractions = Mutex([Double]())
    let run = try validation(rest).run { event in
      if case .fitting(let standing) = event { fractions.withLock { $0.append(standing.fraction) } }
    }
    #expect(run.id == begun.id)
    #expect(
      rest.account.epochs
        == ["fold 1 epoch 2", "fold 1 epoch 3", "fold 2 epoch 1", "fold 2 epoch 2", "fold 2 epoch 3"])
    let found = fractions.withLock { $0 }
    #expect(try #require(found.first) > 1.0 / 3 && found.last == 1 && zip(found, found.dropFirst()).allSatisfy(<=))
    let whole = try validation(CountingLearner(settings)).run { _ in }
    #expect(try PredictionTable.read(run.predictionsFile) == PredictionTable.read(whole.predictionsFile))
    #expect(try run.epochs() == whole.epochs())
  }

  @Test func whatAnotherJobLeftIsNotTakenForItsOwn() throws {
    let failing = CountingLearner(settings, failingIn: (fold: 2, epoch: 3))
    #expect(throws: CountingLearner.Stopped.self) { try validation(failing).run { _ in } }
    let begun = try #require(Run.incomplete(in: study).first)
    // The first fold's folder is that of another job by now, the second one's manifest was cut short.
    let folders = (0..<2).map { FoldJobFolder(url: begun.foldFolder($0)) }
    var job = try #require(try folders[0].job())
    job.hardware.threads += 1
    try AtomicFile.writeJSON(job, to: folders[0].jobFile)
    try Data("{".utf8).write(to: folders[1].jobFile)
    let rest = CountingLearner(settings)
    // A complete job with a damaged manifest is an error that says so, and costs nothing that is there.
    let error = #expect(throws: StudyError.self) { try validation(rest).run { _ in } }
    #expect(error?.kind == .run && error?.description.contains("job.json") == true)
    try FileManager.default.removeItem(at: folders[1].url)
    _ = try validation(rest).run { _ in }
    #expect(
      rest.account.epochs.sorted()
        == (0..<2).flatMap { fold in (1...3).map { "fold \(fold) epoch \($0)" } } + ["fold 2 epoch 3"])
  }

  @Test func predictionsThatAreNotOnesOwnAreNeverReported() throws {
    let learner = CountingLearner(settings)
    let validation = try validation(learner)
    let run = try RunInProgress(in: study, key: validation.key(4), name: "tampered").run
    let plan = try FoldPlan(validation, in: run, 4, sharing: []) { _ in }
    try FoldJobExecutor(sides: validation.sides(1)).run([plan], meter: SharedMeter(total: plan.work)) { _ in }
    let folder = FoldJobFolder(url: run.foldFolder(0))
    let predictions = try PredictionTable.read(folder.predictionsFile)
    try PredictionTable.write(Array(predictions.dropLast()), to: folder.predictionsFile)
    let error = #expect(throws: StudyError.self) { try plan.merge() }
    #expect(error?.kind == .folds && !run.isComplete)
  }

  @Test func aDamagedLogIsAnErrorAndALineCutShortIsNot() throws {
    let run = try validation(CountingLearner(settings)).run { _ in }
    let text = try String(contentsOf: run.logFile, encoding: .utf8)
    try AtomicFile.write(text + "{\"fold\":", to: run.logFile)
    #expect(try run.epochs().count == 9)
    // A whole line that is none was not cut short.
    try AtomicFile.write(text + "{\"fold\":\n", to: run.logFile)
    #expect(throws: StudyError.self) { try run.epochs() }
    try AtomicFile.write("nonsense\n" + text, to: run.logFile)
    let error = #expect(throws: StudyError.self) { try run.epochs() }
    #expect(error?.description.contains("log.jsonl:1") == true)
  }

  @Test func controlsHoldForEveryLearner() throws {
    let learner = CountingLearner(settings)
    let run = try validation(learner).run { _ in }
    var features = settings
    features.inputs.examples = .patientFeatures
    let clinical = try CrossValidation(study, protocol: features, learners: learner.registry).run { _ in }
    try NegativeControls(clinical, in: study, learners: learner.registry).run(progress: { _ in }, finished: { _, _ in })
    let listed = try clinical.readJSON([Run.Control].self, from: clinical.controlsFile)
    // Boxes and slices mean nothing to what has none.
    #expect(listed.map(\.name) == ["shuffledLabels"])
    #expect(try Run.complete(in: study).map(\.id).contains(run.id))
  }

  @Test func aLineCutShortDoesNotSpoilTheNext() throws {
    let failing = CountingLearner(settings, failingIn: (fold: 1, epoch: 2))
    #expect(throws: CountingLearner.Stopped.self) { try validation(failing).run { _ in } }
    let begun = try #require(Run.incomplete(in: study).first)
    let log = begun.foldFolder(1).appendingPathComponent("log.jsonl")
    let handle = try FileHandle(forWritingTo: log)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("{\"epoch\":2,".utf8))
    try handle.close()
    let run = try validation(CountingLearner(settings)).run { _ in }
    #expect(try run.epochs().count == 9)
  }

  @Test(arguments: ["{", "", "[]", "\u{0}", "{\"key\": 3}"])
  func aDamagedStateFileIsNotTakenForNone(_ text: String) throws {
    let failing = CountingLearner(settings, failingIn: (fold: 1, epoch: 2))
    #expect(throws: CountingLearner.Stopped.self) { try validation(failing).run { _ in } }
    let begun = try #require(Run.incomplete(in: study).first)
    let state = begun.url.appendingPathComponent("resume.json")
    try Data(text.utf8).write(to: state)
    let error = #expect(throws: StudyError.self) { try validation(CountingLearner(settings)).run { _ in } }
    #expect(error?.kind == .run && error?.description.contains("resume.json") == true)
    #expect(error?.description.contains(begun.url.path) == true)
    #expect(Run.incomplete(in: study).count == 1)
    try FileManager.default.removeItem(at: begun.url)
    _ = try validation(CountingLearner(settings)).run { _ in }
  }

  @Test func aFinishedControlOfOtherMeansIsMadeAnew() throws {
    var settings = settings
    settings.inputs.examples = .patientFeatures
    let run = try CrossValidation(study, protocol: settings, learners: CountingLearner(settings).registry).run { _ in }
    func made(_ learner: CountingLearner) throws -> [String] {
      try NegativeControls(run, in: study, learners: learner.registry).run(progress: { _ in }, finished: { _, _ in })
      return learner.account.epochs
    }
    #expect(try !made(CountingLearner(settings)).isEmpty)
    #expect(try made(CountingLearner(settings)).isEmpty)
    let control = try #require(try run.readJSON([Run.Control].self, from: run.controlsFile).first)
    let folder = FoldJobFolder(url: try run.part("controls/\(control.name)").foldFolder(0))
    let changes: [(inout Hardware) -> Void] = [
      { $0.libtorch = "1.13" }, { $0.threads += 1 }, { $0.device = "cuda:0" }, { $0.capability = "SSE" },
      { $0.processor = "another" },
    ]
    for change in changes {
      var job = try #require(try folder.job())
      change(&job.hardware)
      try AtomicFile.writeJSON(job, to: folder.jobFile)
      // This one alone, and all of its folds.
      #expect(try made(CountingLearner(settings)).count == 9)
      #expect(try made(CountingLearner(settings)).isEmpty)
    }
    try Data("{".utf8).write(to: folder.jobFile)
    #expect(throws: StudyError.self) { try made(CountingLearner(settings)) }
  }
}
