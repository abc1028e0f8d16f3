/// The rows that a pipeline learns from, and nothing besides: all that is fitted or chosen goes by them.
public struct TrainingRows: Sendable {
  /// The features; NaN is a missing value.
  public let matrix: FeatureMatrix
  /// By row: true for high grade.
  public let labels: [Bool]
  /// By row: whose it is; rows of one patient are never on both sides of an inner split.
  public let patients: [String]
  /// The same rows' features by a second reading, NaN where there is none; nil where nothing was read twice.
  public let secondReading: FeatureMatrix?

  /// Takes the rows.
  ///
  /// - Throws: `ClassifierError` where numbers of rows or names of columns differ.
  public init(
    _ matrix: FeatureMatrix, labels: [Bool], patients: [String], secondReading: FeatureMatrix? = nil
  ) throws(ClassifierError) {
    guard labels.count == matrix.rowCount, patients.count == matrix.rowCount else {
      throw ClassifierError(
        "every row needs a class and a patient: there are \(matrix.rowCount) rows, \(labels.count) classes and "
          + "\(patients.count) patients")
    }
    if let secondReading {
      guard secondReading.names == matrix.names, secondReading.rowCount == matrix.rowCount else {
        throw ClassifierError("the second reading must have the same rows and columns as the first")
      }
    }
    self.init(checked: matrix, labels, patients, secondReading)
  }

  private init(
    checked matrix: FeatureMatrix, _ labels: [Bool], _ patients: [String], _ secondReading: FeatureMatrix?
  ) {
    self.matrix = matrix
    self.labels = labels
    self.patients = patients
    self.secondReading = secondReading
  }

  /// Some of the rows.
  func rows(_ places: [Int]) -> TrainingRows {
    TrainingRows(
      checked: matrix.rows(places), places.map { labels[$0] }, places.map { patients[$0] },
      secondReading?.rows(places))
  }

  /// The same rows with other columns, of which there is one reading.
  func with(_ matrix: FeatureMatrix) -> TrainingRows { TrainingRows(checked: matrix, labels, patients, nil) }

  /// By column: how well it alone orders the classes, |AUC - 0.5|.
  var separations: [Double] {
    (0..<matrix.columnCount).map { abs((rankAUC(matrix.column($0), labels) ?? 0.5) - 0.5) }
  }
}
