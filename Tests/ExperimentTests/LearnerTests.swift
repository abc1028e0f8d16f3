import Evaluation
import Foundation
import Study
import TestSupport
import Testing
import Support

@testable import Experiment

@Suite(.serialized) struct LearnerTests {
  private let older: OlderStudy
  private let study: StudyFolder

  init() throws {
    older = try OlderStudy()
    study = try older.study
  }

  /// The study's protocol for a logistic regression on some columns.
  private func settings(
    _ columns: [String] = ["size_mm", "sex"], examples: StudyProtocol.ExampleKind = .patientFeatures
  ) throws -> StudyProtocol {
    var settings = try study.readProtocol()
    settings.inputs.examples = examples
    settings.model = .init(learner: "logisticRegression", settings: ["columns": .texts(columns)])
    (settings.network, settings.training, settings.sweep) = (nil, nil, nil)
    return settings
  }

  private let learners = LearnerRegistry([.logisticRegression])

  @Test(arguments: [StudyProtocol.ExampleKind.patientFeatures, .lesionFeatures])
  func aLogisticRegressionIsARunLikeAnyOther(_ kind: StudyProtocol.ExampleKind) throws {
    let settings = try settings(examples: kind)
    let validation = try CrossValidation(study, protocol: settings, learners: learners)
    let run = try validation.run { _ in }
    let predictions = try PredictionTable.read(run.predictionsFile)
    #expect(predictions.count == 12 && predictions.allSatisfy { $0.slice.isEmpty })
    #expect(predictions.allSatisfy { $0.lesion.isEmpty == (kind == .patientFeatures) })
    // By the same regression on the training part of each fold, put together here.
    let lesions = try run.readJSON([RunLesion].self, from: run.lesionsFile)
    let words = Set(lesions.compactMap { $0.attributes["sex"] }).sorted()
    func row(_ lesion: RunLesion) throws -> [Double] {
      [try #require(Double(lesion.attributes["size_mm"] ?? ""))]
        + words.dropFirst().map { lesion.attributes["sex"] == $0 ? 1 : 0 }
    }
    for fold in 0..<3 {
      let heldOut = Set(validation.folds.heldOut[fold])
      let training = lesions.filter { !heldOut.contains($0.patient) }
      let model = try LogisticBaseline.Model(
        rows: training.map(row), labels: training.map { $0.grade.gradeClass == .high }, ridge: 1)
      for lesion in lesions where heldOut.contains(lesion.patient) {
        let found = try #require(predictions.first { $0.patient == lesion.patient })
        #expect(abs(found.probability - model.probability(try row(lesion))) < 1e-12 && found.fold == fold)
      }
      let model2 = try JSONDecoder().decode(
        TabularModel.self, from: Data(contentsOf: run.foldFolder(fold).appendingPathComponent("model.json")))
      #expect(model2.columns.map(\.column) == ["size_mm", "sex"] && model2.columns[1].categories == words)
    }
    let manifest = try run.manifest()
    #expect(manifest.examples == kind && manifest.learner.network == nil && manifest.rois == nil)
    #expect(manifest.learner.methods.first?.contains("size_mm, sex") == true)
    #expect(run.id.hasSuffix("-logisticRegression"))
  }

  @Test func whatIsMissingOrUnknownIsNeitherLearntNorPredicted() throws {
    let examples = ExampleSet(
      kind: .patientFeatures,
      [
        ("a", "10", "m", true), ("b", "20", "f", false), ("c", "", "m", true), ("d", "12", "f", true),
        ("e", "30", "x", false),
      ]
      .map { patient, size, sex, isHigh in
        Example(patient: patient, gradeClass: isHigh ? .high : .low, attributes: ["size": size, "sex": sex])
      })
    let learner = LogisticRegressionLearner(try settings(), columns: ["size", "sex"])
    let model = try learner.fit(examples, [0, 1, 2, 3])
    #expect(model.columns[1].categories == ["f", "m"])
    #expect(model.probability(["size": "11,5", "sex": "m"]).isFinite)
    #expect(model.probability(["size": "n/a", "sex": "m"]).isNaN)
    #expect(model.probability(["size": "11", "sex": "x"]).isNaN, "a word that the training part lacks")
    #expect(model.probability(["sex": "m"]).isNaN)
  }

  /// One odd cell must not turn a column of numbers into one of words.
  @Test(arguments: ["4.1 x 3.8", ">7", "4 cm", "large", "1e999", "see report"])
  func aWordInAColumnOfNumbersIsNotUnderstood(odd: String) throws {
    let cells = ["10", "20", odd, "12", "30"]
    let rows = cells.map { ["size": $0] }
    let encoding = ColumnEncoding("size", rows)
    #expect(encoding.categories.isEmpty && encoding.width == 1)
    #expect(encoding.numbers("11,5") == [11.5] && encoding.numbers(odd) == nil)
    let examples = ExampleSet(
      kind: .patientFeatures,
      rows.enumerated().map { Example(patient: "\($0)", gradeClass: $0 % 2 == 0 ? .high : .low, attributes: $1) })
    let model = try LogisticRegressionLearner(try settings(), columns: ["size"]).fit(examples, Array(rows.indices))
    #expect(model.probability(["size": "11"]).isFinite && model.probability(["size": odd]).isNaN)
  }

  /// Whatever the folds are: a regression's sign would turn where size tells little.
  @Test func aSingleVariableIsRankedAsItStands() throws {
    var settings = try settings()
    settings.model = .init(
      learner: "singleVariable", settings: ["columns": .texts(["size_mm"]), "middle": .number(40)])
    let run = try CrossValidation(study, protocol: settings, learners: LearnerRegistry([.singleVariable])).run { _ in }
    let sizes = Dictionary(
      uniqueKeysWithValues: try run.readJSON([RunLesion].self, from: run.lesionsFile).map {
        ($0.patient, Double($0.attributes["size_mm"] ?? "") ?? .nan)
      })
    let predictions = try PredictionTable.read(run.predictionsFile)
    #expect(predictions.count == sizes.count)
    for prediction in predictions {
      let size = try #require(sizes[prediction.patient])
      #expect(abs(prediction.probability - size / (size + 40)) < 1e-6)
    }
    settings.model.settings?["columns"] = .texts(["size_mm", "sex"])
    #expect(throws: StudyError.self) {
      try CrossValidation(study, protocol: settings, learners: LearnerRegistry([.singleVariable]))
    }
  }

  @Test func settingsAreCheckedByName() throws {
    func message(_ change: (inout StudyProtocol) -> Void) throws -> String {
      var settings = try settings()
      change(&settings)
      let error = #expect(throws: StudyError.self) {
        try CrossValidation(study, protocol: settings, learners: learners).run { _ in }
      }
      return error?.description ?? ""
    }
    #expect(
      try message { $0.model.learner = "forest" }.contains(
        "model.learner must be one of logisticRegression, found forest"))
    #expect(try message { $0.inputs.examples = .slice }.contains("lesionFeatures or patientFeatures, found slice"))
    #expect(try message { $0.model.settings = nil }.contains("model.settings.columns must be a list"))
    #expect(
      try message { $0.model.settings?["ridge"] = .number(-1) }.contains("model.settings.ridge must be a number from 0")
    )
    #expect(try message { $0.model.settings?["rigde"] = .number(1) }.contains("model.settings.rigde is unknown"))
    #expect(
      try message { $0.model.settings?["columns"] = .texts(["size_mm", "siez"]) }.contains(
        "names siez, which no example has"))
  }

  @Test func aBagHoldsALesionsSlices() throws {
    var settings = try study.readProtocol()
    settings.inputs.examples = .bag
    let bags = try ExampleSet(study, settings)
    let slices = try ExampleSet(study, study.readProtocol())
    #expect(bags.examples.count == 12 && bags.examples.allSatisfy { !$0.lesion.isEmpty })
    #expect(bags.examples.flatMap(\.rois).sorted() == Array(slices.examples.indices))
    #expect(bags.patients == slices.patients)
    let folds = try Folds(patients: bags.patients, count: 3, seed: 1)
    try Split(bags, by: folds).requireDisjoint(bags)
    #expect(bags.hash(Split(bags, by: folds)) != slices.hash(Split(slices, by: folds)))
  }

  @Test func phasesThatCountAreToldAndTheRestIsSaid() throws {
    // The series of the first six patients are told to be arterial, of three more to be venous.
    try study.write { database in
      try database.execute(
        sql: """
          INSERT INTO seriesPhase (seriesId, phase, confidence, isUsed, reasons)
          SELECT DISTINCT slice.seriesId, CASE WHEN roi.ordinal < 6 THEN 'lateArterial' ELSE 'portalVenous' END, 1, 1, '[]'
          FROM roi JOIN slice ON slice.id = roi.sliceId WHERE roi.ordinal < 9
          """)
    }
    var settings = try study.readProtocol()
    settings.inputs.phases = [.lateArterial]
    let set = try ExampleSet(study, settings)
    #expect(set.examples.count == 6 && set.examples.allSatisfy { $0.phases == [.lateArterial] })
    #expect(set.notes.count == 2 && set.notes[0].contains("the phase of 3 is not known"))
    #expect(set.notes[1].hasPrefix("6 patients"))
    settings.inputs.phases = [.delayed]
    let error = #expect(throws: StudyError.self) { try ExampleSet(study, settings) }
    #expect(error?.description.contains("inputs.phases") == true)
  }
}
