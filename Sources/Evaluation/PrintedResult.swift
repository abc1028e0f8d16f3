/// Printed rates of one result, and whether whole numbers of cases can give them.
///
/// In the manner of the GRIM test: a share of so few cases can't take every value. Source: Brown and Heathers, Social
/// Psychological and Personality Science 2017.
public struct PrintedResult: Equatable, Sendable {
  /// What a rate is called, and what it is a share of.
  public enum Rate: String, CaseIterable, Sendable {
    /// Of the positive cases, those called positive.
    case sensitivity
    /// Of the negative cases, those called negative.
    case specificity
    /// Of all cases, those called rightly.
    case accuracy
    /// Of the cases called positive, those that are positive.
    case positivePredictiveValue = "positive predictive value"
    /// Of the cases called negative, those that are negative.
    case negativePredictiveValue = "negative predictive value"
  }

  /// How many cases of each class there may have been.
  public struct Sizes: Hashable, Sendable {
    /// Positive cases, at least 0.
    public let positives: Int
    /// Negative cases, at least 0.
    public let negatives: Int

    /// Makes sizes from their parts.
    public init(positives: Int, negatives: Int) {
      precondition(positives >= 0 && negatives >= 0, "counts")
      self.positives = positives
      self.negatives = negatives
    }

    /// Every division of `total` cases into two classes that both have cases.
    public static func all(of total: Int) -> [Sizes] {
      (1..<max(1, total)).map { Sizes(positives: $0, negatives: total - $0) }
    }

    var total: Int { positives + negatives }
  }

  /// As printed.
  public let rates: [Rate: PrintedNumber]

  /// Takes rates as printed.
  public init(_ rates: [Rate: PrintedNumber]) { self.rates = rates }

  /// The first table of whole counts that rounds to every rate, for each of `sizes` that has one.
  public func matrices(_ sizes: [Sizes]) -> [ConfusionMatrix] { sizes.compactMap(matrix) }

  /// Why none of `sizes` can have given the rates; empty where one can.
  ///
  /// First each rate alone; where each alone is possible, all of them together.
  public func contradictions(_ sizes: [Sizes]) -> [Contradiction] {
    guard !sizes.isEmpty, !sizes.contains(where: { matrix($0) != nil }) else { return [] }
    let alone = Rate.allCases.compactMap { rate in rates[rate].flatMap { contradiction(rate, $0, sizes) } }
    guard alone.isEmpty else { return alone }
    let names = Rate.allCases.filter { rates[$0] != nil }
    let list = names.map { "\($0.rawValue) \(rates[$0]?.description ?? "")" }.joined(separator: ", ")
    return [
      Contradiction(
        names.map(\.rawValue).joined(separator: ", "),
        "No whole numbers of \(Self.text(sizes)) give all of these together: \(list).")
    ]
  }

  /// The shares of positive cases with which sensitivity, specificity and accuracy, each within its rounding, fit together.
  ///
  /// Accuracy is their mean weighted by the classes. Nil where one is missing, or nothing fits; 0...1 where sensitivity and
  /// specificity may be equal, and tell nothing.
  public var impliedPositiveShare: ClosedRange<Double>? {
    guard let sensitivity = rates[.sensitivity]?.range, let specificity = rates[.specificity]?.range,
      let accuracy = rates[.accuracy]?.range
    else { return nil }
    if sensitivity.overlaps(specificity) { return accuracy.overlaps(sensitivity) ? 0...1 : nil }
    // Monotonic in each of the three, so that the extremes lie at corners.
    let corners = [sensitivity.lowerBound, sensitivity.upperBound].flatMap { sensitivity in
      [specificity.lowerBound, specificity.upperBound].flatMap { specificity in
        [accuracy.lowerBound, accuracy.upperBound].map { (specificity - $0) / (specificity - sensitivity) }
      }
    }
    guard let least = corners.min(), let most = corners.max(), least <= 1, most >= 0 else { return nil }
    return max(0, least)...min(1, most)
  }

  /// The shares of positive cases that fit all of `results`, which are said to be of the same cases; nil where none does.
  public static func impliedPositiveShare(_ results: [PrintedResult]) -> ClosedRange<Double>? {
    let ranges = results.compactMap(\.impliedPositiveShare)
    guard ranges.count == results.count, let least = ranges.map(\.lowerBound).max(),
      let most = ranges.map(\.upperBound).min(), least <= most
    else { return nil }
    return least...most
  }

  /// The first table of counts that rounds to every rate.
  private func matrix(_ sizes: Sizes) -> ConfusionMatrix? {
    func candidates(_ rate: Rate, of whole: Int) -> ClosedRange<Int>? {
      rates[rate].map { $0.parts(of: whole) } ?? 0...whole
    }
    guard let truePositives = candidates(.sensitivity, of: sizes.positives),
      let trueNegatives = candidates(.specificity, of: sizes.negatives)
    else { return nil }
    func fits(_ rate: Rate, _ part: Int, of whole: Int) -> Bool { rates[rate]?.isShare(part, of: whole) ?? true }
    for hits in truePositives {
      for rejections in trueNegatives
      where fits(.accuracy, hits + rejections, of: sizes.total)
        && fits(.positivePredictiveValue, hits, of: hits + sizes.negatives - rejections)
        && fits(.negativePredictiveValue, rejections, of: rejections + sizes.positives - hits)
      {
        return ConfusionMatrix(
          truePositives: hits, falsePositives: sizes.negatives - rejections, trueNegatives: rejections,
          falseNegatives: sizes.positives - hits)
      }
    }
    return nil
  }

  /// Why one rate alone can't be; nil where it can for one of the sizes.
  private func contradiction(_ rate: Rate, _ number: PrintedNumber, _ sizes: [Sizes]) -> Contradiction? {
    let wholes: [(count: Int, noun: String)] =
      switch rate {
      case .sensitivity: sizes.map { ($0.positives, "positive cases") }
      case .specificity: sizes.map { ($0.negatives, "negative cases") }
      case .accuracy: sizes.map { ($0.total, "cases") }
      case .positivePredictiveValue, .negativePredictiveValue: []
      }
    guard !wholes.isEmpty, !wholes.contains(where: { number.parts(of: $0.count) != nil }) else { return nil }
    let counts = Set(wholes.map(\.count)).sorted()
    let nearest = counts.count > 3 ? [] : counts.compactMap { Self.nearest(number, of: $0) }
    let reasons = nearest.isEmpty ? "" : ": " + nearest.joined(separator: "; ")
    return Contradiction(
      rate.rawValue,
      "\(rate == .accuracy ? "An" : "A") \(rate.rawValue) of \(number) can't come from \(Self.text(counts)) \(wholes[0].noun)\(reasons)."
    )
  }

  /// The possible shares on either side of what is printed.
  private static func nearest(_ number: PrintedNumber, of whole: Int) -> String? {
    guard whole > 0 else { return nil }
    let below = min(whole, Int(number.value * Double(whole)))
    return Set([below, min(whole, below + 1)]).sorted()
      .map { "\($0) of \(whole) is \(number.shown($0, of: whole))" }.joined(separator: ", ")
  }

  private static func text(_ counts: [Int]) -> String {
    guard counts.count > 3, let first = counts.first, let last = counts.last else {
      return counts.map(String.init).joined(separator: " or ")
    }
    return "any of \(first) to \(last)"
  }

  private static func text(_ sizes: [Sizes]) -> String {
    if sizes.count > 3 {
      return "\(text(Set(sizes.map(\.positives)).sorted())) positive and "
        + "\(text(Set(sizes.map(\.negatives)).sorted())) negative cases"
    }
    return sizes.map { "\($0.positives) positive and \($0.negatives) negative cases" }.joined(separator: " or ")
  }
}
