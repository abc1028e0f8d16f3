public import Foundation
public import Study
import Support

/// The models that some folds of a run keep, by which an exam is predicted that is in none of them.
public protocol FoldModels {
  /// The probability of high grade, by fold and by example of the kind that the models were fitted to; NaN where a model cannot
  /// predict one.
  ///
  /// - Throws: what keeps the exam's examples from being made, or a model from predicting them.
  func probabilities(of exam: some PredictedExamples) throws -> [[Double]]
}

/// Models that use columns of the pathology table or of the outlines.
protocol TableModels: FoldModels {
  /// By fold: the columns, as the fold's training examples had them.
  var columns: [[ColumnEncoding]] { get }
}

/// Where the models of some folds are kept, and by what they were fitted.
public struct ModelFolders: Sendable {
  /// The run.
  public let run: Run
  /// The folds, from 0.
  public let folds: [Int]
  /// The protocol that the models were fitted by: the run's, or that of a stack's member.
  public let settings: StudyProtocol
  /// The network, as the run's manifest states it; nil where the learner has none, or is a stack's member.
  public let network: LearnerDescription.Network?
  private let member: String?

  /// The folders of a run's own learner.
  init(_ run: Run, folds: [Int], _ settings: StudyProtocol, _ network: LearnerDescription.Network?) {
    self.init(run: run, folds: folds, settings: settings, network: network, member: nil)
  }

  private init(
    run: Run, folds: [Int], settings: StudyProtocol, network: LearnerDescription.Network?, member: String?
  ) {
    self.run = run
    self.folds = folds
    self.settings = settings
    self.network = network
    self.member = member
  }

  /// The folders of a stack's member.
  func ofMember(_ name: String, _ settings: StudyProtocol) -> ModelFolders {
    ModelFolders(run: run, folds: folds, settings: settings, network: nil, member: name)
  }

  /// The folder of a fold's model.
  public func folder(_ fold: Int) -> URL {
    let folder = run.foldFolder(fold)
    return member.map { StackCombination.folder(of: $0, in: folder) } ?? folder
  }

  /// The file of a fold's network.
  public func networkFile(_ fold: Int) -> URL {
    member == nil ? run.networkFile(fold: fold) : folder(fold).appendingPathComponent("model.safetensors")
  }

  /// What `read` gives for each fold's folder.
  public func all<Model, Failure: Error>(_ read: (URL) throws(Failure) -> Model) throws(Failure) -> [Model] {
    var models: [Model] = []
    for fold in folds { models.append(try read(folder(fold))) }
    return models
  }
}

/// Models that need nothing of an example but its attributes.
struct AttributeModels: TableModels {
  /// A fold's model.
  struct Model {
    let columns: [ColumnEncoding]
    /// NaN where a value is missing or not known.
    let probability: ([String: String]) -> Double
  }

  private let settings: StudyProtocol
  private let models: [Model]

  /// Reads the model of each fold from its folder.
  init(_ folders: ModelFolders, _ read: (URL) throws(StudyError) -> Model) throws(StudyError) {
    settings = folders.settings
    models = try folders.all(read)
  }

  var columns: [[ColumnEncoding]] { models.map(\.columns) }

  func probabilities(of exam: some PredictedExamples) throws -> [[Double]] {
    let examples = try exam.examples(settings).examples
    return models.map { model in examples.map { model.probability($0.attributes) } }
  }
}
