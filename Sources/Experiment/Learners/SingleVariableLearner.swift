import Clinical
import Foundation
import Study
import Support

/// One variable as it stands, such as the tumour's size: the larger it is, the likelier high grade.
///
/// Nothing is fitted. A regression on one variable turns its sign from fold to fold where the variable tells little, and its pooled AUC
/// then falls far below the variable's own.
struct SingleVariableLearner: Learner {
  /// The learner's name in the registry.
  static let name = "singleVariable"

  let settings: StudyProtocol
  let description: LearnerDescription
  private let column: String
  private let middle: Double

  /// Reads the learner's settings: `columns`, of which there is one, and `middle`, the value that has a probability of 0.5.
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol` where a setting is missing, unknown or not what it must be.
  init(_ settings: StudyProtocol) throws(StudyError) {
    let own = LearnerSettings(settings)
    try own.allow("columns", "middle")
    let columns = try own.texts("columns")
    guard columns.count == 1, let middle = try own.number("middle", in: 1e-9...1e9) else {
      throw StudyError(
        .invalidProtocol,
        "the protocol \(settings.name): the learner \(Self.name) needs one column in model.settings.columns, and the value with a "
          + "probability of 0.5 as model.settings.middle")
    }
    self.settings = settings
    column = columns[0]
    self.middle = middle
    description = LearnerDescription(
      learner: Self.name,
      methods: [
        "Patients were ranked by \(column) as it stands, larger values as likelier high grade; nothing was fitted. The probability "
          + "\(column) / (\(column) + \(middle.formatted)) is not calibrated: it is 0.5 at \(middle.formatted)."
      ])
  }

  var summary: String { "\(column) as it stands" }
  var notes: [String] { [] }
  var hardware: Hardware { Hardware(processor: "any: double precision in a fixed order") }

  func with(_ settings: StudyProtocol) throws -> any Learner { try SingleVariableLearner(settings) }

  func prepare(
    _ examples: ExampleSet, sharing others: [any PreparedLearner], progress: (Int, Int) -> Void
  ) throws -> any PreparedLearner {
    try examples.requireColumns([column])
    return Prepared(model: model)
  }

  fileprivate struct Model: Codable, Equatable {
    let column: String
    let middle: Double

    /// NaN where the value is missing, not a number, or below 0.
    func probability(_ attributes: [String: String]) -> Double {
      guard let value = ClinicalCell(attributes[column]).number, value >= 0 else { return .nan }
      return value / (value + middle)
    }

    /// Checks that this is what a folder keeps.
    func require(in folder: URL) throws(StudyError) {
      let kept = try ModelFile.read(Model.self, from: folder)
      guard kept == self else {
        throw ModelFile.another(
          folder, expected: "\(column), 0.5 at \(middle)", found: "\(kept.column), 0.5 at \(kept.middle)")
      }
    }
  }

  fileprivate var model: Model { Model(column: column, middle: middle) }

  private struct Prepared: PreparedLearner {
    let model: Model
    let workerKey = SingleVariableLearner.name

    func makeWorker() {}

    func fit(_ task: LearningTask, with worker: inout Void) throws -> any FittedModel {
      try task.onResume(0)
      try task.onStep(LearningStep(epoch: 1, epochCount: 1, done: task.training.count, loss: { nil }))
      return Fitted(model: model, examples: task.examples)
    }

    func load(from folder: URL, for task: LearningTask, with worker: inout Void) throws -> any FittedModel {
      try model.require(in: folder)
      return Fitted(model: model, examples: task.examples)
    }
  }

  private struct Fitted: FittedModel {
    let model: Model
    let examples: ExampleSet

    func probabilities(of numbers: [Int]) -> [Double] {
      numbers.map { model.probability(examples.examples[$0].attributes) }
    }

    func write(to folder: URL) throws { try ModelFile.write(model, to: folder) }
  }
}

extension LearnerKind {
  /// One variable as it stands.
  public static let singleVariable = LearnerKind(
    SingleVariableLearner.name, examples: [.lesionFeatures, .patientFeatures],
    open: { folders in
      let model = try SingleVariableLearner(folders.settings).model
      return try AttributeModels(folders) { folder throws(StudyError) in
        try model.require(in: folder)
        return AttributeModels.Model(columns: [ColumnEncoding(number: model.column)], probability: model.probability)
      }
    }
  ) { settings, _ in try SingleVariableLearner(settings) }
}

extension Double {
  /// Without decimals that say nothing.
  fileprivate var formatted: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}
