/// A classical learner: it fits a model to a table's rows and their classes.
///
/// It sees training rows alone, without missing values, and draws what it draws from the seed alone.
public protocol Classifier: Sendable {
  /// What it makes; a file keeps it.
  associatedtype Model: ClassifierModel

  /// Fits a model to the rows and their classes, true for high grade.
  ///
  /// - Throws: `ClassifierError` where there are rows of one class only, too few rows, or values that are not finite.
  func fit(_ matrix: FeatureMatrix, labels: [Bool], seed: UInt64) throws(ClassifierError) -> Model
}

/// A fitted classical model.
public protocol ClassifierModel: Codable, Sendable {
  /// Whether the scores are probabilities; others need calibration before they are pooled.
  static var givesProbabilities: Bool { get }
  /// A score for each row of a table with the columns of the training rows: the higher, the likelier high grade.
  ///
  /// - Throws: `ClassifierError` where the columns differ.
  func scores(_ matrix: FeatureMatrix) throws(ClassifierError) -> [Double]
  /// Whether the weights are coefficients, whose sign tells the direction, rather than importances.
  static var weightsAreCoefficients: Bool { get }
  /// By column: the coefficient on standardised values, or the importance; nil where the model has neither.
  var weights: [Double]? { get }
  /// How large the model is.
  var size: ModelSize { get }
}

extension ClassifierModel {
  /// Importances have no direction.
  public static var weightsAreCoefficients: Bool { false }
}
