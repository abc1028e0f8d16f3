/// Why a statistic can't be stated for the cases at hand: its description is a sentence that replaces the number.
public enum NotEstimable: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is nothing to count.
  case noCases
  /// All cases are of one class; true where that is the positive one.
  case oneClass(isPositive: Bool)
  /// So many cases have a score or a predictor that is NaN or infinite.
  case notFinite(Int)
  /// So many cases have a score outside 0...1.
  case notProbability(Int)
  /// Fewer clusters (patients) than the method needs, over all or within a class.
  case tooFewClusters(found: Int, needed: Int, of: String)
  /// The method assumes independent cases, and they come in clusters; the sentence says what to do instead.
  case clustered(instead: String)
  /// The clusters named by their number hold both classes, and the method needs one class for each.
  case mixedClusters(Int)
  /// The models, or the lists that belong together, aren't about the same cases.
  case differentCases
  /// What would be measured does not vary; the text says what.
  case noVariation(String)
  /// Too many draws of clusters leave the statistic undefined.
  case undefinedDraws(defined: Int, of: Int)
  /// Logistic regression: some combination of the predictors tells the classes apart, wholly or in part.
  case separated
  /// Logistic regression: a predictor follows from the others, or is constant.
  case collinear
  /// The iterations did not converge.
  case notConverged
  /// The probabilities rank the classes the wrong way round, so no positive scale can correct them.
  case reversed
  /// No case is called positive (or negative), so there is no such call to be right.
  case noCalls(isPositive: Bool)
  /// A setting lies outside its range; the text names it, what was expected and what was found.
  case badSetting(String)
  /// It failed in the training part of one fold (counted from 0).
  indirect case inFold(Int, NotEstimable)

  /// One or two sentences, without any name of a patient.
  public var description: String {
    switch self {
    case .noCases: "Not estimable: there are no cases."
    case .oneClass(let isPositive):
      "Not estimable: every case is \(isPositive ? "positive" : "negative")."
    case .notFinite(let count):
      "Not estimable: \(count) \(count == 1 ? "case has a value that is" : "cases have a value that is") not a finite "
        + "number. Exclude such cases, and report it."
    case .notProbability(let count):
      "Not estimable: \(count) \(count == 1 ? "case has" : "cases have") a score outside 0 to 1, which is not a probability."
    case .tooFewClusters(let found, let needed, let what):
      "Not estimable: \(needed) \(what) are needed, there \(found == 1 ? "is" : "are") \(found)."
    case .clustered(let instead):
      "Not estimable: the method assumes independent cases, and some patients have several. \(instead)"
    case .mixedClusters(let count):
      "Not estimable: \(count) \(count == 1 ? "patient has" : "patients have") cases of both classes, so there is "
        + "no single label for each patient."
    case .differentCases: "Not estimable: the lists to compare do not contain the same cases in the same order."
    case .noVariation(let what): "Not estimable: \(what)."
    case .undefinedDraws(let defined, let wanted):
      "Not estimable: only \(defined) of \(wanted) draws of patients give a defined value."
    case .separated:
      "Not estimable: the predictors separate the classes completely or partly, so the likelihood has no maximum: "
        + "every larger coefficient fits better. A ridge penalty, or fewer predictors, would help."
    case .collinear: "Not estimable: a predictor is constant, or follows from the others."
    case .notConverged: "Not estimable: the fit did not converge."
    case .reversed:
      "Not estimable: negative cases have the higher probabilities, so no temperature above 0 fits."
    case .noCalls(let isPositive):
      "Not estimable: no case is called \(isPositive ? "positive" : "negative")."
    case .badSetting(let text): "Not estimable: \(text)."
    case .inFold(let fold, let reason): "In the training part of fold \(fold + 1): \(reason)"
    }
  }
}

extension Cases {
  /// Throws unless there are cases, all scores are finite and, where asked for, both classes are there and scores lie in 0...1.
  func check(bothClasses: Bool = true, probabilities: Bool = false) throws(NotEstimable) {
    guard count > 0 else { throw .noCases }
    let notFinite = scores.count { !$0.isFinite }
    guard notFinite == 0 else { throw .notFinite(notFinite) }
    if probabilities {
      let outside = scores.count { !(0...1).contains($0) }
      guard outside == 0 else { throw .notProbability(outside) }
    }
    guard bothClasses else { return }
    guard positives > 0 else { throw .oneClass(isPositive: false) }
    guard positives < count else { throw .oneClass(isPositive: true) }
  }

  /// Throws unless `other` has the same labels and clusters in the same order.
  func check(sameCasesAs other: Cases) throws(NotEstimable) {
    guard labels == other.labels, clusters == other.clusters else { throw .differentCases }
  }

  /// Some of the cases, by their places, in that order.
  public func picked(_ places: [Int]) -> Cases {
    Cases(labels: places.map { labels[$0] }, scores: places.map { scores[$0] }, clusters: places.map { clusters[$0] })
  }
}

/// Throws unless `level` lies between 0 and 1.
func check(level: Double) throws(NotEstimable) {
  guard level > 0, level < 1 else { throw .badSetting("the confidence level must lie between 0 and 1, found \(level)") }
}
