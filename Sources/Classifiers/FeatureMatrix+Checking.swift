extension FeatureMatrix {
  /// The greatest magnitude that every classifier can compute with: xgboost computes in single precision.
  static let greatest = 1e38

  /// Checks what every classifier asks of its training rows: both classes, a label for each row, one column at least, and
  /// values within ±1e38.
  ///
  /// - Returns: the number of high-grade rows.
  @discardableResult
  func checkTraining(_ labels: [Bool]) throws(ClassifierError) -> Int {
    guard labels.count == rowCount else {
      throw ClassifierError("every row needs a label: there are \(rowCount) rows and \(labels.count) labels")
    }
    guard columnCount > 0 else { throw ClassifierError("there must be at least one feature, found none") }
    let positives = labels.count { $0 }
    guard positives > 0, positives < rowCount else {
      throw ClassifierError(
        "both classes must have at least one row, found \(positives) of high and \(rowCount - positives) of low grade")
    }
    try checkValues()
    return positives
  }

  /// Checks that the columns are those of the training rows, that the model, which may come from a file, has lists of that
  /// length, and that every value can be computed with.
  func checkColumns(_ trained: [String], lists: [Int] = []) throws(ClassifierError) {
    if let odd = lists.first(where: { $0 != trained.count }) {
      throw ClassifierError("the model is damaged: it has \(odd) numbers for \(trained.count) columns")
    }
    guard names == trained else {
      throw ClassifierError(
        "the columns must be the \(trained.count) of the training rows in their order, found \(columnCount) "
          + (names.count == trained.count ? "with other names" : "columns"))
    }
    try checkValues()
  }

  private func checkValues() throws(ClassifierError) {
    guard let place = values.firstIndex(where: { !($0.magnitude <= Self.greatest) }) else { return }
    let (row, column) = place.quotientAndRemainder(dividingBy: columnCount)
    let found = values[place].isNaN ? "a missing value" : "\(values[place])"
    throw ClassifierError(
      "the feature \(names[column]) must be a number of magnitude at most 1e38 in every row, found \(found) in row "
        + "\(row + 1): impute or exclude it first")
  }
}
