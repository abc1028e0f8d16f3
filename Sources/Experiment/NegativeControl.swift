public import Study

/// An experiment with something wrong on purpose: what it finds, a result must be held against.
public protocol NegativeControl: Sendable {
  /// The name of the control's files.
  var name: String { get }
  /// The name for a reader.
  func title(in validation: CrossValidation) -> String
  /// What was done and how the result is to be read.
  func meaning(in validation: CrossValidation) -> String
  /// Whether it means anything for examples of this kind.
  func applies(to kind: StudyProtocol.ExampleKind) -> Bool
  /// Makes something wrong.
  func change(_ validation: inout CrossValidation) throws
}

extension NegativeControl {
  /// Most change labels or folds, which all examples have.
  public func applies(to kind: StudyProtocol.ExampleKind) -> Bool { true }
}

/// The controls that there are, in the order in which they are made.
public enum NegativeControlRegistry {
  /// All controls.
  public static let all: [any NegativeControl] = [ShuffledLabels(), SliceLevelSplit(), BackgroundOnly(), ROIJitter()]
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
