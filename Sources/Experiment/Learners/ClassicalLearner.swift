import Classifiers
import Evaluation
import Foundation
import Study
import Support

/// A classical classifier on radiomics features, on columns of the table, or on both, by a pipeline that sees training examples alone.
struct ClassicalLearner: Learner {
  /// The learner's name in the registry.
  static let name = "classical"

  let settings: StudyProtocol
  let own: ClassicalSettings
  let description: LearnerDescription

  /// Reads the learner's settings.
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol` where a setting is missing, unknown or not what it must be.
  init(_ settings: StudyProtocol) throws(StudyError) {
    self.settings = settings
    own = try ClassicalSettings(settings)
    description = LearnerDescription(
      learner: Self.name,
      methods: ["The model was made of \(own.inputs)."] + own.pipeline.methods
        + [
          "Words in a column were taken as categories, except in a column of numbers; a word that the training part lacks counts "
            + "as missing. An example without any value was not predicted."
        ])
  }

  var summary: String { "\(own.pipeline.summary), from \(own.inputs)" }
  var notes: [String] { [] }
  var hardware: Hardware { Hardware(processor: "any: double precision in a fixed order") }

  func with(_ settings: StudyProtocol) throws -> any Learner { try ClassicalLearner(settings) }

  /// How many patients of the rarer class there are for each predictor.
  func notes(on examples: ExampleSet) -> [String] {
    let high = examples.patients.values.count { $0 == .high }
    let rarer = min(high, examples.patients.count - high)
    let count = settings.folds.count
    let events = rarer * (count - 1) / count
    let most = own.pipeline.mostFeatures.map { "at most \($0)" } ?? "a number of features that the data decide, from"
    let predictors = (examples.features.map { own.usesRadiomics ? $0.columnCount : 0 } ?? 0) + own.columns.count
    let advice =
      "With fewer than about 10 such patients for each predictor, a model without a penalty is not reliable; here that allows "
      + "\(max(1, events / 10)) without a penalty."
    return [
      "About \(events) training patients of the rarer class in each fold, for \(most) \(predictors) candidate predictors. \(advice)"
    ]
  }

  func prepare(
    _ examples: ExampleSet, sharing others: [any PreparedLearner], progress: (Int, Int) -> Void
  ) throws -> any PreparedLearner {
    try examples.requireColumns(own.columns)
    guard !own.columns.isEmpty || examples.features != nil else {
      throw StudyError(
        .invalidProtocol,
        "the protocol \(settings.name): the learner classical has nothing to learn from; add a section radiomics, or name columns of "
          + "the table in model.settings.columns")
    }
    if own.pipeline.settings.agreementLimit != nil, examples.secondReading == nil {
      throw StudyError(
        .invalidProtocol,
        "model.settings.agreementLimit needs features of a second reading of the same lesions, and no lesion has one: import a "
          + "second reader's outlines and name both in annotation.readers, or remove agreementLimit")
    }
    return PreparedClassical(learner: self)
  }

  /// Fits the training examples of a task that have a value.
  func fit(_ task: LearningTask) throws -> ClassicalModel {
    let examples = task.examples
    let table = try ClassicalModel.Table(own, examples, task.training)
    let rows = task.training.filter { table.hasValue($0, examples) }
    do throws(ClassifierError) {
      let training = try TrainingRows(
        table.matrix(rows, examples), labels: rows.map { examples.classes[$0] == .high },
        patients: rows.map { examples.examples[$0].patient }, secondReading: table.secondReading(rows, examples))
      let seed = own.seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(task.fold)
      return ClassicalModel(table: table, pipeline: try own.pipeline.fit(training, seed: seed))
    } catch {
      throw StudyError(.folds, "the model of fold \(task.fold + 1) cannot be fitted: \(error)")
    }
  }
}

extension LearnerKind {
  /// A classical classifier in a pipeline.
  public static let classical = LearnerKind(
    ClassicalLearner.name, examples: [.lesionFeatures, .patientFeatures],
    open: { folders in
      let own = try ClassicalSettings(folders.settings)
      return ClassicalModels(
        settings: folders.settings,
        models: try folders.all { folder throws(StudyError) in try ClassicalModel(in: folder, own) })
    }
  ) { settings, _ in try ClassicalLearner(settings) }
}

/// The learner with its examples.
private struct PreparedClassical: PreparedLearner {
  let learner: ClassicalLearner
  let workerKey = ClassicalLearner.name

  func makeWorker() {}

  func fit(_ task: LearningTask, with worker: inout Void) throws -> any FittedModel {
    try task.onResume(0)
    let model = try learner.fit(task)
    try task.onStep(LearningStep(epoch: 1, epochCount: 1, done: task.training.count, loss: { nil }))
    return FittedClassical(model: model, task: task)
  }

  func load(from folder: URL, for task: LearningTask, with worker: inout Void) throws -> any FittedModel {
    let model = try ClassicalModel(in: folder, learner.own)
    let expected = try ClassicalModel.Table(learner.own, task.examples, task.training)
    guard model.table == expected else {
      throw ModelFile.another(
        folder, expected: "a model on \(expected.names.count) columns as the training examples have them",
        found: "one on \(model.table.names.count) columns")
    }
    return FittedClassical(model: model, task: task)
  }
}

private struct FittedClassical: FittedModel {
  let model: ClassicalModel
  let task: LearningTask

  var size: ModelSize? { model.pipeline.size }

  func probabilities(of numbers: [Int]) throws -> [Double] { try model.probabilities(task.examples, numbers) }

  func write(to folder: URL) throws {
    try ModelFile.write(model, to: folder)
    try model.features(task.examples, heldOut: task.heldOut, seed: UInt64(task.fold)).write(to: folder)
  }
}

/// The models of some folds.
private struct ClassicalModels: TableModels {
  let settings: StudyProtocol
  let models: [ClassicalModel]

  var columns: [[ColumnEncoding]] { models.map(\.table.columns) }

  func probabilities(of exam: some PredictedExamples) throws -> [[Double]] {
    let examples = try exam.examples(settings)
    return try models.map { try $0.probabilities(examples, Array(examples.examples.indices)) }
  }
}
