import Classifiers
import Foundation
import Study
import Support
import TestSupport
import Testing

@testable import Experiment

@Suite(.serialized) struct ClassicalLearnerTests {
  private let older: OlderStudy
  private let study: StudyFolder
  private let learners = LearnerRegistry([.classical, .logisticRegression])

  init() throws {
    older = try OlderStudy()
    study = try older.study
  }

  private func settings(_ own: [String: ModelSetting]) throws -> StudyProtocol {
    var settings = try study.readProtocol()
    settings.inputs.examples = .patientFeatures
    settings.model = .init(learner: "classical", settings: own)
    (settings.network, settings.training, settings.sweep) = (nil, nil, nil)
    return settings
  }

  private let onTable: [String: ModelSetting] = [
    "columns": .texts(["size_mm", "sex"]), "classifier": .text("elasticNet"),
  ]

  @Test func itIsARunLikeAnyOtherWhoseModelsGiveItsBits() throws {
    let validation = try CrossValidation(study, protocol: settings(onTable), learners: learners)
    #expect(validation.notes.contains { $0.contains("training patients of the rarer class") })
    let run = try validation.run { _ in }
    let predictions = try PredictionTable.read(run.predictionsFile)
    #expect(predictions.count == 12 && predictions.allSatisfy { (0...1).contains($0.probability) })
    let folds = try RunVerification(run, in: study, learners: learners).verify { _ in }
    #expect(folds.count == 3 && folds.allSatisfy { $0.largestDifference == 0 })
    let features = try run.foldFeatures(foldCount: 3)
    #expect(features.count == 3 && features.allSatisfy { $0.weights == .coefficients && $0.combinations > 1 })
    #expect(features.flatMap(\.features).allSatisfy { $0.name.hasPrefix("size_mm") || $0.name.hasPrefix("sex") })
    let methods = try run.manifest().learner.methods
    #expect(methods.contains { $0.contains("elastic-net") } && methods.contains { $0.contains("size_mm, sex") })
    try FileManager.default.removeItem(at: run.foldFolder(1).appendingPathComponent("features.json"))
    #expect(throws: StudyError.self) { try run.foldFeatures(foldCount: 3) }
  }

  @Test func theBitsDoNotDependOnHowManyJobsRunAtATime() throws {
    var own = onTable
    (own["classifier"], own["trees"]) = (.text("randomForest"), .number(20))
    let one = try CrossValidation(study, protocol: settings(own), learners: learners).run { _ in }
    let three = try CrossValidation(study, protocol: settings(own), learners: learners).run(sideBySide: 1) { _ in }
    #expect(
      try Data(contentsOf: one.predictionsFile) == Data(contentsOf: three.predictionsFile)
        && PredictionTable.read(one.predictionsFile).count == 12)
  }

  @Test func settingsAreCheckedByName() throws {
    func message(_ change: (inout [String: ModelSetting]) -> Void) throws -> String {
      var own = onTable
      change(&own)
      let error = #expect(throws: StudyError.self) {
        try CrossValidation(study, protocol: settings(own), learners: learners).run { _ in }
      }
      return error?.description ?? ""
    }
    #expect(try message { $0["classifier"] = nil }.contains("model.settings.classifier must be a list"))
    #expect(try message { $0["classifier"] = .text("oracle") }.contains("the classifier oracle is unknown"))
    #expect(try message { $0["clasifier"] = .text("ridge") }.contains("model.settings.clasifier is unknown"))
    #expect(try message { $0["cost"] = .number(1) }.contains("model.settings.cost is unknown"))
    #expect(try message { $0["penalty"] = .number(7) }.contains("model.settings.penalty must be a number from"))
    #expect(try message { $0["selection"] = .texts(["best"]) }.contains("the selection best is unknown"))
    #expect(try message { $0["features"] = .number(2.5) }.contains("model.settings.features must be one or more whole"))
    #expect(try message { $0["features"] = .number(2) }.contains("features cannot be stated without a selection"))
    #expect(try message { $0["scale"] = .text("log") }.contains("model.settings.scale must be one of standard, robust"))
    #expect(try message { $0["calibration"] = .flag(true) }.contains("model.settings.calibration must be one of"))
    #expect(try message { $0["tuning"] = .text("often") }.contains("model.settings.tuning must be true or false"))
    #expect(try message { $0["correlationLimit"] = .number(2) }.contains("model.settings.correlationLimit must be"))
    #expect(try message { $0["agreementLimit"] = .number(0.8) }.contains("agreementLimit needs features of a second"))
    #expect(try message { $0["columns"] = nil }.contains("has nothing to learn from"))
    #expect(try message { $0["columns"] = .texts(["siez"]) }.contains("names siez, which no example has"))
  }

  private func classical(_ own: [String: ModelSetting]) throws -> ClassicalLearner {
    try ClassicalLearner(settings(own))
  }

  @Test func radiomicsFeaturesAreSelectedAndPredictTheHeldOut() throws {
    let learner = try classical([
      "classifier": .text("ridge"), "selection": .text("lasso"), "features": .numbers([1, 3]),
    ])
    let examples = try FeatureExamples(signal: 4)
    let fitted = try examples.fit(learner)
    let heldOut = examples.task().heldOut
    let found = try fitted.probabilities(of: heldOut)
    let byClass = Dictionary(grouping: zip(heldOut, found)) { examples.set.classes[$0.0] }
    let lowest = try #require(byClass[.high]?.map(\.1).min())
    #expect(try #require(byClass[.low]?.map(\.1).max()) < lowest)
    let folder = try TemporaryFolder()
    try fitted.write(to: folder.url)
    let features = try JSONDecoder().decode(
      Run.FoldFeatures.self, from: Data(contentsOf: folder.url.appendingPathComponent("features.json")))
    #expect(features.candidates == 30 && features.features.count <= 3)
    let first = try #require(features.features.first { $0.name == "feature 0" })
    #expect((first.weight ?? 0) > 0 && (first.importance ?? 0) > 0.1)
  }

  /// What is held out decides nothing of a model: neither its features, nor its cells, nor its classes.
  @Test(arguments: ["lasso", "mrmr", "univariate"])
  func aModelIsTheSameWhateverTheHeldOutExamplesAre(_ selection: String) throws {
    let learner = try classical([
      "columns": .texts(["size", "sex"]), "classifier": .text("ridge"), "selection": .text(selection),
    ])
    let plain = try FeatureExamples()
    let changed = try FeatureExamples { patient, row in
      if patient % 5 == 0 { row = row.indices.map { $0 == 3 ? .nan : 1e6 * Double(patient + $0) } }
    }
    let (first, second) = (try learner.fit(plain.task()), try learner.fit(changed.task()))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(try encoder.encode(first) == encoder.encode(second))
    let other = plain.set.shuffled(by: 4)
    #expect(other.features == plain.set.features)
  }

  @Test func aPatientWithoutAnyValueIsNeitherLearntNorPredicted() throws {
    let learner = try classical(["classifier": .text("ridge"), "selection": .text("univariate")])
    let examples = try FeatureExamples { patient, row in
      if patient == 5 || patient == 6 { row = row.map { _ in .nan } }
      if patient == 10 { row[0] = .nan }
    }
    let found = try examples.fit(learner).probabilities(of: [5, 10, 15])
    #expect(found[0].isNaN && found[1].isFinite && found[2].isFinite)
  }
}
