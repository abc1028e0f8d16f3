internal import Support

/// A split of training rows into folds: whole patients, both classes in equal shares, by a seed.
struct InnerFolds: Sendable {
  /// By fold: the rows that it holds out.
  let heldOut: [[Int]]
  private let rowCount: Int

  /// Splits into `count` folds, or fewer where a class has fewer patients.
  ///
  /// - Throws: `ClassifierError` where a class has fewer than two patients.
  init(_ training: TrainingRows, count: Int, seed: UInt64) throws(ClassifierError) {
    var isHigh: [String: Bool] = [:]
    for (patient, label) in zip(training.patients, training.labels) {
      isHigh[patient] = label || isHigh[patient] == true
    }
    let codes = isHigh.keys.sorted()
    let fewest = min(codes.count { isHigh[$0] == true }, codes.count { isHigh[$0] == false })
    guard fewest >= 2 else {
      throw ClassifierError(
        "inner folds need at least 2 training patients of each class, found \(fewest) of one: state fixed hyperparameters "
          + "without tuning and calibration, or use fewer folds")
    }
    let used = min(count, fewest)
    var generator = SplitMix64(seed: seed, stream: 1)
    var fold: [String: Int] = [:]
    var next = 0
    for high in [false, true] {
      for code in codes.filter({ isHigh[$0] == high }).shuffled(using: &generator) {
        fold[code] = next % used
        next += 1
      }
    }
    let folds = training.patients.map { fold[$0] }
    self.init(
      heldOut: (0..<used).map { number in folds.indices.filter { folds[$0] == number } }, rowCount: folds.count)
  }

  init(heldOut: [[Int]], rowCount: Int) {
    self.heldOut = heldOut
    self.rowCount = rowCount
  }

  /// The rows outside of a fold.
  func training(_ fold: Int) -> [Int] {
    let out = Set(heldOut[fold])
    return (0..<rowCount).filter { !out.contains($0) }
  }

  /// The mean of the folds' AUC by scores of all rows; nil where no fold holds both classes.
  func meanAUC(_ scores: [Double], _ labels: [Bool]) -> Double? {
    let found = heldOut.compactMap { rows in rankAUC(rows.map { scores[$0] }, rows.map { labels[$0] }) }
    return found.isEmpty ? nil : mean(found)
  }
}
