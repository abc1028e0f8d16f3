import Study
import Support

/// A member of a stack: a learner, and what it learns from where that is not what the stack learns from.
struct StackMember: Sendable {
  /// What the protocol calls it.
  let name: String
  let learner: any Learner
  /// Examples of the member's own kind, such as the slices of a network; nil where they are the stack's.
  let own: ExampleSet?

  /// Makes a member by its protocol; a learner that cannot learn from the stack's kind of example has slices, or what it can.
  ///
  /// - Throws: `StudyError` where the learner's settings are refused, or the study lacks its examples.
  init(_ name: String, _ settings: StudyProtocol, _ learners: LearnerRegistry, in study: StudyFolder) throws {
    let stackKind = settings.inputs.examples
    let settings = Self.settings(settings, learners)
    self.name = name
    learner = try learners.learner(for: settings, in: study)
    own = settings.inputs.examples == stackKind ? nil : try ExampleSet(study, settings)
  }

  /// A member's protocol with examples that its learner can learn from.
  static func settings(_ settings: StudyProtocol, _ learners: LearnerRegistry) -> StudyProtocol {
    let stackKind = settings.inputs.examples
    guard let kind = learners.kinds.first(where: { $0.name == settings.model.learner }),
      !kind.examples.contains(stackKind)
    else { return settings }
    let others = StudyProtocol.ExampleKind.allCases.filter(kind.examples.contains)
    var settings = settings
    settings.inputs.examples = others.contains(.slice) ? .slice : others.first ?? stackKind
    return settings
  }

  /// What the member learns from, with the classes that the stack learns.
  func examples(of stack: ExampleSet) -> StackExamples { StackExamples(stack, own?.labelled(as: stack)) }
}

/// A member's examples beside those of its stack, to which they belong by patient and lesion.
struct StackExamples: Sendable {
  /// What the member learns from.
  let set: ExampleSet
  /// By example of the stack: the member's examples; nil where these are the same.
  private let numbers: [[Int]]?

  init(_ stack: ExampleSet, _ own: ExampleSet?) {
    set = own ?? stack
    guard let own else {
      numbers = nil
      return
    }
    let byPatient = Dictionary(grouping: own.examples.indices) { own.examples[$0].patient }
    numbers = stack.examples.map { example in
      (byPatient[example.patient] ?? []).filter { example.lesion.isEmpty || own.examples[$0].lesion == example.lesion }
    }
  }

  /// The member's examples of some examples of the stack.
  func numbers(of stack: [Int]) -> [Int] { numbers.map { own in stack.flatMap { own[$0] } } ?? stack }

  /// What the member is to fit for a task of the stack.
  ///
  /// - Throws: `StudyError` of kind `.folds` where training and held-out images share anything.
  func task(_ task: LearningTask, training: [Int], heldOut: [Int]) throws(StudyError) -> LearningTask {
    let (training, heldOut) = (numbers(of: training), numbers(of: heldOut))
    try Provenance.requireDisjoint(
      training: training.flatMap { set.examples[$0].provenance },
      heldOut: heldOut.flatMap { set.examples[$0].provenance }, fold: task.fold + 1)
    return LearningTask(
      examples: set, training: training, heldOut: heldOut, fold: task.fold, checkpoint: task.checkpoint,
      onStep: task.onStep)
  }

  /// The probabilities of some examples of the stack: each the mean over the member's; NaN where there are none.
  func probabilities(_ model: any FittedModel, of stack: [Int]) throws -> [Double] {
    means(try model.probabilities(of: numbers(of: stack)), of: stack)
  }

  /// The probabilities of some examples of the stack by those of the member's, `numbers(of:)`.
  func means(_ probabilities: [Double], of stack: [Int]) -> [Double] {
    guard let numbers else { return probabilities }
    var found = probabilities[...]
    return stack.map { example in
      let own = found.prefix(numbers[example].count)
      found = found.dropFirst(own.count)
      let known = own.filter { !$0.isNaN }
      return known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count)
    }
  }
}
