/// A forward wrapper: one by one, the feature is added with which the classifier has the greatest mean AUC in inner folds.
struct ForwardSelector: FeatureSelector {
  let classifier: any Classifier
  /// How many inner folds judge each feature.
  var folds = 5
  /// Where no number is stated.
  static let usualCount = 10
  /// With more columns, the fits would take hours.
  static let mostColumns = 200

  func choose(_ count: Int?, from training: TrainingRows, seed: UInt64) throws(ClassifierError) -> [Int] {
    let found = training.matrix.columnCount
    guard found <= Self.mostColumns else {
      throw ClassifierError(
        "forward selection tries each of at most \(Self.mostColumns) features again and again, found \(found): put univariate or "
          + "mrmr before forward, with a preselection of at most \(Self.mostColumns)")
    }
    return try choose(
      count ?? Self.usualCount, from: training, InnerFolds(training, count: folds, seed: seed), seed: seed)
  }

  /// The choice by these folds.
  func choose(
    _ count: Int, from training: TrainingRows, _ folds: InnerFolds, seed: UInt64
  ) throws(ClassifierError) -> [Int] {
    let splits = folds.heldOut.indices.map { (training.rows(folds.training($0)), folds.heldOut[$0]) }
    var remaining = Array(0..<training.matrix.columnCount)
    var chosen: [Int] = []
    while chosen.count < count, !remaining.isEmpty {
      var values: [Double] = []
      for column in remaining {
        var scores = [Double](repeating: 0, count: training.labels.count)
        for (inner, heldOut) in splits {
          let model = try classifier.fit(inner.matrix.columns(chosen + [column]), labels: inner.labels, seed: seed)
          let found = try model.scores(training.matrix.rows(heldOut).columns(chosen + [column]))
          for (row, score) in zip(heldOut, found) { scores[row] = score }
        }
        values.append(folds.meanAUC(scores, training.labels) ?? 0)
      }
      guard let best = values.descendingOrder.first else { break }
      chosen.append(remaining.remove(at: best))
    }
    return chosen
  }
}

extension SelectorKind {
  static let forward = SelectorKind(
    "forward", title: "forward selection by the classifier's AUC in inner folds"
  ) { ForwardSelector(classifier: $0) }
}
