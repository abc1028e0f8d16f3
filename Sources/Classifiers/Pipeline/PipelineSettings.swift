/// What a pipeline is made of, as settings state it.
public struct PipelineSettings: Equatable, Sendable {
  /// How columns are scaled.
  public enum Scale: String, CaseIterable, Sendable {
    /// Mean and standard deviation.
    case standard
    /// Median and interquartile range.
    case robust
    /// As they are; selection by LASSO, ReliefF or a support vector machine then depends on units.
    case none
  }

  /// How scores become probabilities.
  public enum Calibration: String, CaseIterable, Sendable {
    /// A logistic curve on inner out-of-fold scores.
    case platt
    /// A curve that never falls, on inner out-of-fold scores.
    case isotonic
    /// As the classifier gives them.
    case none
  }

  /// The name of the classifier: `ClassifierKind.all`.
  public var classifier: String
  /// Hyperparameters that are fixed; the others are tuned, or have their standard values.
  public var hyperparameters: [String: Double] = [:]
  /// Whether hyperparameters that are not fixed are chosen by inner folds.
  public var tuning = true
  /// The selections, one after the other: `SelectorKind.all`; none keeps every feature.
  public var selection: [String] = []
  /// How many features the last selection keeps at most.
  ///
  /// Of several numbers, inner folds choose. Empty: what the selection decides, or 10.
  public var features: [Int] = []
  /// How many features a selection before the last keeps at most.
  public var preselection = 50
  /// Features with a variance of at most this are excluded.
  public var varianceLimit = 0.0
  /// The greatest absolute correlation between two features; nil keeps all.
  public var correlationLimit: Double? = 0.9
  /// The least ICC(2,1) between two readings; nil keeps all.
  public var agreementLimit: Double?
  /// How columns are scaled.
  public var scale = Scale.standard
  /// How scores become probabilities; nil: by a logistic curve where the classifier gives none.
  public var calibration: Calibration?
  /// How many inner folds tune and calibrate.
  public var innerFolds = 5

  /// A classifier with everything as usual.
  public init(classifier: String) { self.classifier = classifier }

  /// How many features the last selection keeps where neither settings nor the method say.
  static let usualFeatures = 10
}
