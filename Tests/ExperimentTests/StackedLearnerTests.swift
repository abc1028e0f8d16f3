import Foundation
import Study
import Support
import TestSupport
import Testing

@testable import Experiment

@Suite(.serialized) struct StackedLearnerTests {
  private let older: OlderStudy
  private let study: StudyFolder
  private let learners: LearnerRegistry = {
    let single: [LearnerKind] = [.classical, .logisticRegression]
    return LearnerRegistry(single + [.stacked(LearnerRegistry(single))])
  }()

  init() throws {
    older = try OlderStudy()
    study = try older.study
  }

  private func settings(_ own: [String: ModelSetting]) throws -> StudyProtocol {
    var settings = try study.readProtocol()
    settings.inputs.examples = .patientFeatures
    settings.model = .init(learner: "stacked", settings: own)
    (settings.network, settings.training, settings.sweep) = (nil, nil, nil)
    return settings
  }

  private let onTable: [String: ModelSetting] = [
    "members": .texts(["size", "both"]), "innerFolds": .number(3),
    "size.learner": .text("logisticRegression"), "size.columns": .text("size_mm"),
    "both.learner": .text("classical"), "both.classifier": .text("naiveBayes"),
    "both.columns": .texts(["size_mm", "sex"]), "both.innerFolds": .number(2),
  ]

  @Test func itIsARunLikeAnyOtherWhoseModelsGiveItsBits() throws {
    let run = try CrossValidation(study, protocol: settings(onTable), learners: learners).run { _ in }
    let predictions = try PredictionTable.read(run.predictionsFile)
    #expect(predictions.count == 12 && predictions.allSatisfy { (0...1).contains($0.probability) })
    let folds = try RunVerification(run, in: study, learners: learners).verify { _ in }
    #expect(folds.count == 3 && folds.allSatisfy { $0.largestDifference == 0 })
    let features = try run.foldFeatures(foldCount: 3)
    #expect(features.allSatisfy { $0.features.map(\.name) == ["model size", "model both"] })
    let methods = try run.manifest().learner.methods
    #expect(methods.contains { $0.hasPrefix("Model both: The classifier was Gaussian naive Bayes") })
  }

  @Test func settingsAreCheckedByMemberAndName() throws {
    func message(_ change: (inout [String: ModelSetting]) -> Void) throws -> String {
      var own = onTable
      change(&own)
      let error = #expect(throws: StudyError.self) {
        try CrossValidation(study, protocol: settings(own), learners: learners)
      }
      return error?.description ?? ""
    }
    #expect(try message { $0["members"] = .text("size") }.contains("members must name at least 2"))
    #expect(try message { $0["members"] = nil }.contains("model.settings.members must be a list"))
    #expect(try message { $0["both.learner"] = nil }.contains("both.learner must name the learner"))
    #expect(try message { $0["third.learner"] = .text("x") }.contains("third.learner is unknown"))
    #expect(try message { $0["members"] = .texts(["size", "../x"]) }.contains("letters, digits and hyphens"))
    let inner = try message { $0["both.scale"] = .text("log") }
    #expect(inner.contains("member both") && inner.contains("model.settings.scale must be one of"))
    #expect(
      try message { $0["both.learner"] = .text("stacked") }.contains("must be one of classical, logisticRegression"))
  }

  private func stack(_ own: [String: ModelSetting]) throws -> any Learner {
    try learners.learner(for: settings(own), in: study)
  }

  private let members: [String: ModelSetting] = [
    "members": .texts(["noise", "size"]), "noise.learner": .text("classical"),
    "noise.classifier": .text("nearestNeighbours"),
    "noise.neighbours": .number(1), "noise.calibration": .text("isotonic"), "size.learner": .text("logisticRegression"),
    "size.columns": .text("size"),
  ]

  /// A member that knows its training examples by heart has no weight, since it is judged by examples that it was not fitted to.
  @Test func theCombinationGoesByOutOfFoldPredictions() throws {
    let examples = try FeatureExamples(patients: 60, signal: 2) { _, row in row[0] = row[1] }
    let folder = try TemporaryFolder()
    try examples.fit(stack(members)).write(to: folder.url)
    let combination = try ModelFile.read(StackCombination.self, from: folder.url)
    #expect(combination.members == ["noise", "size"])
    let (noise, size) = (combination.fit.model.coefficients[1], combination.fit.model.coefficients[2])
    #expect(size > 0.5 && abs(noise) < size / 2, "found \(noise) and \(size)")
    #expect(FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("members/noise/model.json").path))
  }

  @Test func aModelIsTheSameWhateverTheHeldOutExamplesAre() throws {
    let plain = try FeatureExamples()
    let changed = try FeatureExamples { patient, row in
      if patient % 5 == 0 { row = row.indices.map { 1e6 * Double(patient + $0) } }
    }
    let folders = try [plain, changed].map { examples in
      let folder = try TemporaryFolder()
      try examples.fit(stack(members)).write(to: folder.url)
      return folder
    }
    for file in ["model.json", "members/noise/model.json", "members/size/model.json"] {
      #expect(
        try Data(contentsOf: folders[0].url.appendingPathComponent(file))
          == Data(contentsOf: folders[1].url.appendingPathComponent(file)))
    }
  }

  @Test func aPredictionThatAMemberLacksCountsAsItsMean() throws {
    let examples = try FeatureExamples { patient, row in
      if patient == 5 { row = row.map { _ in .nan } }
    }
    let found = try examples.fit(stack(members)).probabilities(of: [5, 10])
    #expect(found.allSatisfy { (0...1).contains($0) })
  }

  /// A member on slices, as a network is, never learns from a slice of a patient whom the fold holds out.
  @Test func aMemberMayLearnFromSlices() throws {
    let counting = CountingLearner(try settings([:]))
    let single: [LearnerKind] = [
      .logisticRegression,
      LearnerKind("counting", examples: [.slice]) { settings, _ in counting.with(settings) },
    ]
    let learners = LearnerRegistry(single + [.stacked(LearnerRegistry(single))])
    let own: [String: ModelSetting] = [
      "members": .texts(["size", "image"]), "innerFolds": .number(3), "size.learner": .text("logisticRegression"),
      "size.columns": .text("size_mm"), "image.learner": .text("counting"),
    ]
    let validation = try CrossValidation(study, protocol: settings(own), learners: learners)
    let run = try validation.run { _ in }
    #expect(try PredictionTable.read(run.predictionsFile).allSatisfy { (0...1).contains($0.probability) })
    let slices = try ExampleSet(study, study.readProtocol())
    let account = counting.account.training
    #expect(account.count == 12)
    for fold in 0..<3 {
      let heldOut = Set(validation.folds.heldOut[fold])
      for number in [fold] + (1...3).map({ 3 * $0 + fold }) {
        let training = Set(try #require(account[number]).map { slices.examples[$0].patient })
        #expect(training.isDisjoint(with: heldOut) && training.count <= 8 && training.count >= (number == fold ? 8 : 4))
      }
    }
    let found = try RunVerification(run, in: study, learners: learners).verify { _ in }
    #expect(found.allSatisfy { $0.largestDifference == 0 })
    let left = try FileManager.default.contentsOfDirectory(atPath: run.foldFolder(0).path)
    #expect(!left.contains { $0.hasPrefix("checkpoint") })
    // Permuted classes are those of the member as well.
    let shuffled = try ExampleSet(study, settings(own)).shuffled(by: 3)
    let labelled = slices.labelled(as: shuffled)
    #expect(
      labelled.examples.indices.allSatisfy { shuffled.patients[labelled.examples[$0].patient] == labelled.classes[$0] })
  }
}
