import Classifiers
import Clinical
import Evaluation
import Foundation
import Study
import Support

/// Logistic regression on columns of the pathology table, or on what the outlines tell, such as the tumour's size.
///
/// Standardising, the words of a column and the fit itself see training examples alone.
struct LogisticRegressionLearner: Learner {
  /// The learner's name in the registry.
  static let name = "logisticRegression"

  let settings: StudyProtocol
  let description: LearnerDescription
  /// The columns that are learnt from.
  let columns: [String]
  /// The ridge penalty on standardised columns; without one, few patients separate the classes and have no fit.
  let ridge: Double

  /// The usual ridge penalty.
  static let usualRidge = 1.0

  /// Reads the learner's settings: `columns`, and `ridge` (0 or more; 1 where it is not stated).
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol` where a setting is missing, unknown or not what it must be.
  init(_ settings: StudyProtocol) throws(StudyError) {
    let own = LearnerSettings(settings)
    try own.allow("columns", "ridge")
    self.init(
      settings, columns: try own.texts("columns"), ridge: try own.number("ridge", in: 0...1e9) ?? Self.usualRidge)
  }

  init(_ settings: StudyProtocol, columns: [String], ridge: Double = usualRidge) {
    self.settings = settings
    self.columns = columns
    self.ridge = ridge
    let list = columns.joined(separator: ", ")
    description = LearnerDescription(
      learner: Self.name,
      methods: [
        "The model was a logistic regression on \(list), standardised by the training part of each fold"
          + (ridge > 0 ? ", with a ridge penalty of \(ridge)." : "."),
        "Words were taken as categories, except in a column of numbers; an example without a value, or with a word that the training "
          + "part lacks, was not predicted.",
      ])
  }

  var summary: String { "logistic regression on \(columns.joined(separator: ", "))" }
  var notes: [String] { [] }
  var hardware: Hardware { Hardware(processor: "any: double precision in a fixed order") }

  func with(_ settings: StudyProtocol) throws -> any Learner { try LogisticRegressionLearner(settings) }

  func prepare(
    _ examples: ExampleSet, sharing others: [any PreparedLearner], progress: (Int, Int) -> Void
  ) throws -> any PreparedLearner {
    try examples.requireColumns(columns)
    return Prepared(learner: self)
  }

  private struct Prepared: PreparedLearner {
    let learner: LogisticRegressionLearner
    let workerKey = LogisticRegressionLearner.name

    func makeWorker() {}

    func fit(_ task: LearningTask, with worker: inout Void) throws -> any FittedModel {
      try task.onResume(0)
      let model = try learner.fit(task.examples, task.training)
      try task.onStep(
        LearningStep(epoch: 1, epochCount: 1, done: task.training.count, loss: { nil }))
      return Fitted(model: model, examples: task.examples)
    }

    func load(from folder: URL, for task: LearningTask, with worker: inout Void) throws -> any FittedModel {
      Fitted(model: try TabularModel(in: folder, on: learner.columns), examples: task.examples)
    }
  }

  private struct Fitted: FittedModel {
    let model: TabularModel
    let examples: ExampleSet

    var size: ModelSize? { ModelSize(model.fit.coefficients.count - 1, .coefficients) }

    func probabilities(of numbers: [Int]) -> [Double] {
      numbers.map { model.probability(examples.examples[$0].attributes) }
    }

    func write(to folder: URL) throws {
      try ModelFile.write(model, to: folder)
      let names = model.columns.flatMap(\.names)
      let features = zip(names, model.fit.coefficients.dropFirst()).map {
        Run.FoldFeatures.Feature(name: $0, weight: $1, importance: nil)
      }
      try Run.FoldFeatures(candidates: names.count, weights: .coefficients, features: features).write(to: folder)
    }
  }

  /// Fits the training examples that have a value in every column.
  ///
  /// - Throws: `NotEstimable` where there is no fit.
  func fit(_ examples: ExampleSet, _ training: [Int]) throws(NotEstimable) -> TabularModel {
    let rows = training.map { examples.examples[$0].attributes }
    let encodings = columns.map { ColumnEncoding($0, rows) }
    if let odd = encodings.first(where: { $0.categories.count > ColumnEncoding.mostWords }) {
      throw .badSetting("the column \(odd.column) has more than \(ColumnEncoding.mostWords) different words")
    }
    let encoded = rows.map { row in TabularModel.encoded(row, encodings) }
    let kept = encoded.indices.filter { encoded[$0] != nil }
    guard !kept.isEmpty else { throw .noCases }
    let fit = try LogisticBaseline.Model(
      rows: kept.compactMap { encoded[$0] }, labels: kept.map { examples.classes[training[$0]] == .high }, ridge: ridge)
    return TabularModel(columns: encodings, fit: fit)
  }
}

extension LearnerKind {
  /// Logistic regression on columns.
  public static let logisticRegression = LearnerKind(
    LogisticRegressionLearner.name, examples: [.lesionFeatures, .patientFeatures],
    open: { folders in
      let columns = try LogisticRegressionLearner(folders.settings).columns
      return try AttributeModels(folders) { folder throws(StudyError) in
        let model = try TabularModel(in: folder, on: columns)
        return AttributeModels.Model(columns: model.columns, probability: model.probability)
      }
    }
  ) { settings, _ in try LogisticRegressionLearner(settings) }
}

/// How a column becomes numbers: as it is where most of the training examples have a number, else one 0 or 1 for each word but the
/// first.
///
/// In a column of numbers, a word is not understood: `4.1 x 3.8` is neither a number nor a category of its own.
struct ColumnEncoding: Codable, Equatable, Sendable {
  /// More words than this are free text.
  static let mostWords = 10

  let column: String
  /// The words of the training examples in their order; empty where the column is a number.
  let categories: [String]

  init(_ column: String, _ rows: [[String: String]]) {
    self.column = column
    let cells = rows.map { ClinicalCell($0[column]) }.filter { $0.text != nil }
    let isNumeric = 2 * cells.count { $0.number != nil } > cells.count
    categories = isNumeric ? [] : Set(cells.compactMap(\.text)).sorted()
  }

  /// A column of numbers.
  init(number column: String) { (self.column, categories) = (column, []) }

  /// How many numbers a value becomes.
  var width: Int { categories.isEmpty ? 1 : categories.count - 1 }

  /// What the numbers are called.
  var names: [String] { categories.isEmpty ? [column] : categories.dropFirst().map { "\(column): \($0)" } }

  /// The numbers of a value; nil where it is missing, or a word that the training examples lack.
  func numbers(_ text: String?) -> [Double]? {
    let cell = ClinicalCell(text)
    guard !categories.isEmpty else { return cell.number.map { [$0] } }
    guard let word = cell.text, categories.contains(word) else { return nil }
    return categories.dropFirst().map { $0 == word ? 1 : 0 }
  }
}

/// A fitted logistic regression on columns: the file `model.json`.
struct TabularModel: Codable, Equatable, Sendable {
  let columns: [ColumnEncoding]
  let fit: LogisticBaseline.Model

  /// Reads the model that a folder keeps.
  ///
  /// - Throws: `StudyError` of kind `.run` where it is not there, damaged, or on other columns.
  init(in folder: URL, on expected: [String]) throws(StudyError) {
    self = try ModelFile.read(TabularModel.self, from: folder)
    let found = columns.map(\.column)
    guard found == expected else {
      throw ModelFile.another(
        folder, expected: "the columns \(expected.joined(separator: ", "))", found: found.joined(separator: ", "))
    }
    let width = columns.reduce(0) { $0 + $1.width }
    guard fit.means.count == width else {
      throw ModelFile.another(folder, expected: "\(width) predictors", found: "\(fit.means.count)")
    }
  }

  init(columns: [ColumnEncoding], fit: LogisticBaseline.Model) { (self.columns, self.fit) = (columns, fit) }

  /// The probability of high grade; NaN where a value is missing or not known.
  func probability(_ row: [String: String]) -> Double {
    Self.encoded(row, columns).map(fit.probability) ?? .nan
  }

  static func encoded(_ row: [String: String], _ columns: [ColumnEncoding]) -> [Double]? {
    var numbers: [Double] = []
    for column in columns {
      guard let own = column.numbers(row[column.column]) else { return nil }
      numbers += own
    }
    return numbers
  }
}
