public import Classifiers
public import Foundation
public import Study
import Support

/// A way to learn the grade class: it fits a model to the training examples of a fold, which then predicts the held-out ones.
///
/// A learner knows no folds but those of its task, no runs and no reports. It is made from a protocol, whose settings it checks.
public protocol Learner: Sendable {
  /// What decides its results besides examples and seeds, as runs state it.
  var description: LearnerDescription { get }
  /// What it learns with, in a few words, such as "resnet50, frozen through layer2, batch size 16, 30 epochs".
  var summary: String { get }
  /// Sentences on what differs from what the protocol asks.
  var notes: [String] { get }
  /// The same, and what is worth knowing of a fit to these examples.
  func notes(on examples: ExampleSet) -> [String]
  /// The protocol with everything resolved that it leaves to the machine.
  var settings: StudyProtocol { get }
  /// Where and by what it computes.
  var hardware: Hardware { get }

  /// How much work a fit to so many examples is, in examples seen.
  func work(trainingCount: Int) -> Int
  /// Makes ready what all fits to these examples share.
  ///
  /// `others` were prepared before for the same experiment: what serves here too need not be made again. `progress` is told how
  /// many of how many examples are ready.
  func prepare(
    _ examples: ExampleSet, sharing others: [any PreparedLearner], progress: (Int, Int) -> Void
  ) throws -> any PreparedLearner
  /// The same learner by a protocol that differs in what is varied.
  func with(_ settings: StudyProtocol) throws -> any Learner
  /// What else the bits depend on.
  var conditions: [String] { get }
  /// The options of the command line that repeat this learner on a machine of the same kind, besides the number of threads.
  var commandOptions: [String] { get }
  /// How many fits may be done at a time on this hardware; nil where nothing bounds it.
  var mostSideBySide: Int? { get }
  /// Sets the number of threads of one operation, for the calling thread.
  func setThreadCount(_ count: Int)
}

extension Learner {
  /// What the examples do not change.
  public func notes(on examples: ExampleSet) -> [String] { notes }

  /// What computes in double precision on one thread depends on nothing else.
  public var conditions: [String] { [] }

  /// What follows from the protocol alone takes no option.
  public var commandOptions: [String] { [] }

  /// What takes little memory is not bounded.
  public var mostSideBySide: Int? { nil }

  /// What learns in one pass does so much.
  public func work(trainingCount: Int) -> Int { trainingCount }

  /// What computes with one thread has none to set.
  public func setThreadCount(_ count: Int) {}
}

/// A learner with what all its fits to one set of examples share.
///
/// Each thread that fits has a worker of its own.
public protocol PreparedLearner: Sendable {
  /// What a thread keeps from one fit to the next, such as a network in memory.
  associatedtype Worker

  /// Learners of the same key can use each other's workers.
  var workerKey: String { get }
  /// Makes a worker for the calling thread.
  func makeWorker() throws -> Worker
  /// Fits a model to the training examples of a task.
  ///
  /// - Throws: what keeps it from being fitted; what the task's callbacks throw.
  func fit(_ task: LearningTask, with worker: inout Worker) throws -> any FittedModel
  /// Reads the model of a task that `FittedModel.write` kept in `folder`.
  ///
  /// - Throws: what keeps it from being read: it is not there, damaged, or another's.
  func load(from folder: URL, for task: LearningTask, with worker: inout Worker) throws -> any FittedModel
}

/// What a learner is to fit: training examples by their numbers, and whom to tell how far it is.
public struct LearningTask {
  /// The examples, with the classes that are learnt.
  public let examples: ExampleSet
  /// The examples to learn from.
  public let training: [Int]
  /// The examples that will be predicted: they may be watched, and must decide nothing.
  public let heldOut: [Int]
  /// The fold's number, from 0; with the protocol's seed it decides all that is drawn.
  public let fold: Int
  /// Where the state between epochs may be kept; what is there is of this very task.
  public let checkpoint: URL
  /// Told, before anything is learnt, how many whole epochs the checkpoint stands for.
  public let onResume: (Int) throws -> Void
  /// Told after each step.
  public let onStep: (LearningStep) throws -> Void
  /// Told after each epoch, whose `fold` is the task's.
  public let onEpoch: (Run.Epoch) throws -> Void

  /// Makes a task from its parts.
  public init(
    examples: ExampleSet, training: [Int], heldOut: [Int], fold: Int, checkpoint: URL,
    onResume: @escaping (Int) throws -> Void = { _ in },
    onStep: @escaping (LearningStep) throws -> Void = { _ in },
    onEpoch: @escaping (Run.Epoch) throws -> Void = { _ in }
  ) {
    self.examples = examples
    self.training = training
    self.heldOut = heldOut
    self.fold = fold
    self.checkpoint = checkpoint
    self.onResume = onResume
    self.onStep = onStep
    self.onEpoch = onEpoch
  }
}

/// Where a fit is.
public struct LearningStep {
  /// The epoch, from 1.
  public let epoch: Int
  /// The number of epochs.
  public let epochCount: Int
  /// The examples that were seen in this epoch so far.
  public let done: Int
  /// The mean loss of the epoch so far, or of the one before, nil where it is not known; to ask may cost time.
  public let loss: () throws -> Double?

  /// Makes a step from its parts.
  public init(epoch: Int, epochCount: Int, done: Int, loss: @escaping () throws -> Double?) {
    self.epoch = epoch
    self.epochCount = epochCount
    self.done = done
    self.loss = loss
  }
}

/// A model that was fitted.
public protocol FittedModel {
  /// The probability of high grade of some examples of the task's set, by their numbers.
  func probabilities(of examples: [Int]) throws -> [Double]
  /// Keeps the model in a folder, in a file named `model` with an extension.
  func write(to folder: URL) throws
  /// How large the model is; nil where that is not one number, or the learner's description says it.
  var size: ModelSize? { get }
}

extension FittedModel {
  /// Nothing is stated.
  public var size: ModelSize? { nil }
}

/// A learner's name and how it is made.
public struct LearnerKind: Sendable {
  /// The name that protocols use.
  public let name: String
  /// What it can learn from.
  public let examples: Set<StudyProtocol.ExampleKind>
  /// Makes it by a protocol for a study.
  public let make: @Sendable (StudyProtocol, StudyFolder) throws -> any Learner
  /// Opens the models that it has fitted, to predict an exam; nil where it cannot.
  let open: (@Sendable (ModelFolders) throws -> any FoldModels)?

  /// States a learner.
  public init(
    _ name: String, examples: Set<StudyProtocol.ExampleKind>,
    open: (@Sendable (ModelFolders) throws -> any FoldModels)? = nil,
    make: @escaping @Sendable (StudyProtocol, StudyFolder) throws -> any Learner
  ) {
    self.name = name
    self.examples = examples
    self.open = open
    self.make = make
  }
}

/// The learners that there are.
public struct LearnerRegistry: Sendable {
  /// The learners, each with a name of its own.
  public let kinds: [LearnerKind]

  /// Takes the learners.
  public init(_ kinds: [LearnerKind]) { self.kinds = kinds }

  /// Opens the models of a run's folds by the learner that their protocol names.
  ///
  /// - Throws: `StudyError` where there is no such learner, or it cannot predict an exam; what keeps the models from being read.
  func models(in folders: ModelFolders) throws -> any FoldModels {
    let asked = folders.settings.model.learner
    guard let open = kinds.first(where: { $0.name == asked })?.open else {
      throw StudyError(
        .run,
        "the run \(folders.run.id) cannot predict an exam: its learner \(asked) has no models to do so. Those that can are "
          + kinds.filter { $0.open != nil }.map(\.name).sorted().joined(separator: ", "))
    }
    return try open(folders)
  }

  /// The learner that a protocol asks for.
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol` where there is none of that name, or it cannot learn from the protocol's
  ///   examples; what making it throws.
  public func learner(for settings: StudyProtocol, in study: StudyFolder) throws -> any Learner {
    let asked = settings.model.learner
    guard let kind = kinds.first(where: { $0.name == asked }) else {
      let names = kinds.map(\.name).sorted().joined(separator: ", ")
      throw StudyError(
        .invalidProtocol, "the protocol \(settings.name): model.learner must be one of \(names), found \(asked)")
    }
    guard kind.examples.contains(settings.inputs.examples) else {
      let possible = kind.examples.map(\.rawValue).sorted().joined(separator: " or ")
      throw StudyError(
        .invalidProtocol,
        "the protocol \(settings.name): the learner \(asked) learns from inputs.examples \(possible), found "
          + "\(settings.inputs.examples.rawValue)")
    }
    return try kind.make(settings, study)
  }
}
