public import Study

/// An experiment with something wrong on purpose: what it finds, a result must be held against.
public protocol NegativeControl: Sendable {
  /// The name of the control's files.
  var name: String { get }
  /// The name for a reader.
  func title(in validation: CrossValidation) -> String
  /// What was done and how the result is to be read.
  func meaning(in validation: CrossValidation) -> String
  /// Why it means nothing for examples of this kind, in a sentence; nil where it does.
  func obstacle(to kind: StudyProtocol.ExampleKind) -> String?
  /// Makes something wrong.
  func change(_ validation: inout CrossValidation) throws
}

extension NegativeControl {
  /// Most change labels or folds, which all examples have.
  public func obstacle(to kind: StudyProtocol.ExampleKind) -> String? { nil }
}

/// The controls that there are, in the order in which they are made.
public enum NegativeControlRegistry {
  /// All controls.
  public static let all: [any NegativeControl] = [ShuffledLabels(), SliceLevelSplit(), BackgroundOnly(), ROIJitter()]

  /// Sentences on the controls that mean nothing for examples of a kind.
  public static func notApplicable(to kind: StudyProtocol.ExampleKind) -> [String] {
    all.compactMap { $0.obstacle(to: kind) }
  }
}

extension CrossValidation {
  /// The same experiment in the same folds, as a negative control.
  func with(_ control: any NegativeControl) throws -> CrossValidation {
    var changed = self
    changed.control = control
    try control.change(&changed)
    return changed
  }
}
