import Foundation
import Study
import Support
import Testing

@testable import Experiment

@Suite(.serialized) struct RunVerificationTests {
  private let older: OlderStudy
  private let study: StudyFolder
  private let learners = LearnerRegistry([.logisticRegression])

  init() throws {
    older = try OlderStudy()
    study = try older.study
  }

  private func run(shuffledBy seed: UInt64? = nil) throws -> Run {
    var settings = try study.readProtocol()
    settings.inputs.examples = .patientFeatures
    settings.model = .init(learner: "logisticRegression", settings: ["columns": .texts(["size_mm", "sex"])])
    (settings.network, settings.training, settings.sweep) = (nil, nil, nil)
    return try CrossValidation(study, protocol: settings, learners: learners, shuffledBy: seed).run { _ in }
  }

  private func verify(_ run: Run) throws -> [RunVerification.Fold] {
    try RunVerification(run, in: study, learners: learners).verify { _ in }
  }

  @Test(arguments: [nil, 7] as [UInt64?])
  func aRunFollowsFromItsModels(_ seed: UInt64?) throws {
    let folds = try verify(run(shuffledBy: seed))
    #expect(folds.map(\.fold) == [0, 1, 2] && folds.map(\.examples) == [4, 4, 4])
    #expect(folds.allSatisfy { $0.largestDifference == 0 })
  }

  @Test func anotherModelIsNoticed() throws {
    let run = try run()
    let (first, second) = (run.foldFolder(0), run.foldFolder(1))
    let model = try ModelFile.read(TabularModel.self, from: first)
    try ModelFile.write(model, to: second)
    let folds = try verify(run)
    #expect(folds[0].largestDifference == 0 && folds[1].largestDifference > 0 && folds[2].largestDifference == 0)
    try ModelFile.write(TabularModel(columns: model.columns.reversed(), fit: model.fit), to: second)
    let other = #expect(throws: StudyError.self) { try verify(run) }
    #expect(other?.description.contains("fold-2/model.json does not fit: expected the columns size_mm, sex") == true)
    try FileManager.default.removeItem(at: second.appendingPathComponent("model.json"))
    #expect(throws: StudyError.self) { try verify(run) }
    try Data("{".utf8).write(to: second.appendingPathComponent("model.json"))
    let damaged = #expect(throws: StudyError.self) { try verify(run) }
    #expect(damaged?.description.contains("fold-2/model.json cannot be read") == true)
  }

  @Test func anotherPredictionIsNoticed() throws {
    let run = try run()
    var predictions = try PredictionTable.read(run.predictionsFile)
    predictions[0].probability = .nan
    try PredictionTable.write(predictions, to: run.predictionsFile)
    #expect(try verify(run)[predictions[0].fold].largestDifference == .infinity)
    try PredictionTable.write(Array(predictions.dropFirst()), to: run.predictionsFile)
    let error = #expect(throws: StudyError.self) { try verify(run) }
    #expect(error?.description.contains("has no row for an example that fold") == true)
  }

  @Test func anOlderRunHasNoneToReadThatWay() throws {
    let error = #expect(throws: StudyError.self) {
      try RunVerification(Run.open(nil, in: study), in: study, learners: learners)
    }
    #expect(error?.description.contains("version 0.1") == true)
  }
}
