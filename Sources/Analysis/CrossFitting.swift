import Evaluation

/// What is fitted for each fold on the cases of all other folds, so no fold evaluates what it has chosen itself.
///
/// The other folds' predictions are out of fold too; but the networks that gave them have seen this fold's patients in
/// training. The fit itself has not.
struct CrossFitting {
  /// The cases of one level.
  let cases: Cases
  /// The fold of each case.
  let folds: [Int]
  /// How many folds there are.
  let count: Int

  /// What `fit` makes for each fold of the finite cases of the others.
  func each<Fit>(_ fit: (Cases) throws(NotEstimable) -> Fit) -> [Result<Fit, NotEstimable>] {
    (0..<count).map { fold in
      let training = cases.picked(folds.indices.filter { folds[$0] != fold }).finite
      return Result { () throws(NotEstimable) in try fit(training) }
    }
  }

  /// The cases with each score mapped by what its own fold was given; throws with the number of the first fold without.
  func mapped<Fit>(
    _ fits: [Result<Fit, NotEstimable>], _ map: (Fit, Double) -> Double
  ) throws(NotEstimable) -> Cases {
    var scores: [Double] = []
    for (fold, score) in zip(folds, cases.scores) {
      guard fits.indices.contains(fold) else { throw .badSetting("a case belongs to fold \(fold + 1) of \(count)") }
      do throws(NotEstimable) {
        scores.append(map(try fits[fold].get(), score))
      } catch {
        throw .inFold(fold, error)
      }
    }
    return Cases(labels: cases.labels, scores: scores, clusters: cases.clusters)
  }
}

/// The threshold of each fold at one level.
public struct FoldThresholds: Codable, Equatable, Sendable {
  /// By fold.
  public let thresholds: [Double]
  /// Sentences on folds for which the rule found none, so the stated threshold is used.
  public let notes: [String]

  /// Chooses them by `rule`; `stated` is the protocol's threshold.
  init(_ fitting: CrossFitting, rule: ThresholdRule, stated: Double) {
    var notes: [String] = []
    thresholds = fitting.each { (cases) throws(NotEstimable) in try rule.threshold(for: cases) }.enumerated().map {
      fold, choice in
      switch choice {
      case .success(let threshold): return threshold
      case .failure(let reason):
        notes.append(
          "Fold \(fold + 1): the rule finds no threshold in the other folds, so the stated one is used. \(reason)")
        return stated
      }
    }
    self.notes = notes
  }

  /// The threshold of each of `folds`.
  func each(of folds: [Int], stated: Double) -> [Double] {
    folds.map { thresholds.indices.contains($0) ? thresholds[$0] : stated }
  }
}

extension Cases {
  /// The cases with 1 for a score of its threshold or more and 0 below, to be decided at 0.5; NaN stays.
  func called(at thresholds: [Double]) -> Cases {
    Cases(
      labels: labels, scores: zip(scores, thresholds).map { $0.isFinite ? ($0 >= $1 ? 1 : 0) : .nan },
      clusters: clusters)
  }
}
