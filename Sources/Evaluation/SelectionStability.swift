import Foundation

/// How alike several choices of features are: 1 where all are the same, about 0 where they are random.
///
/// Source: Nogueira, Sechidis & Brown, JMLR 2018 (18:174): the only index of those compared there that is corrected for chance, bounded
/// and usable with choices of different sizes; the interval is theirs, by the asymptotic variance.
public enum SelectionStability {
  /// The index with its interval.
  ///
  /// - Parameters:
  ///   - choices: the features of each choice.
  ///   - candidates: how many features there were to choose from.
  ///   - level: the confidence level.
  /// - Returns: the index, in -1/(M - 1)...1 for M choices.
  /// - Throws: `NotEstimable` with fewer than two choices, or where all candidates or none are chosen every time.
  public static func of(
    _ choices: [Set<String>], among candidates: Int, level: Double = 0.95
  ) throws(NotEstimable) -> Estimate {
    guard choices.count >= 2 else { throw .badSetting("at least two choices are needed, found \(choices.count)") }
    let count = Double(choices.count)
    let all = Double(candidates)
    let shares = choices.reduce(into: [String: Double]()) { shares, choice in
      for name in choice { shares[name, default: 0] += 1 / count }
    }
    guard shares.count <= candidates else {
      throw .badSetting("there must be at least \(shares.count) candidates, found \(candidates)")
    }
    let sizes = choices.map { Double($0.count) / all }
    let size = Aggregate.mean(sizes)
    guard size > 0, size < 1 else {
      throw .noVariation(size > 0 ? "every choice holds all candidates" : "no choice holds a feature")
    }
    // In a fixed order: sums depend on it.
    let variance = shares.values.sorted().reduce(0) { $0 + $1 * (1 - $1) } * count / (count - 1) / all
    let value = 1 - variance / (size * (1 - size))
    let parts = zip(choices, sizes).map { choice, own in
      (choice.compactMap { shares[$0] }.sorted().reduce(0, +) / all - own * size
        + value / 2 * (2 * own * size - own - size + 1)) / (size * (1 - size))
    }
    let centre = Aggregate.mean(parts)
    let error = 2 / count * parts.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }.squareRoot()
    let reach = error * Normal.quantile((1 + level) / 2)
    return Estimate(
      value: value,
      interval: Interval(
        lower: max(-1, value - reach), upper: min(1, value + reach), level: level, method: "Nogueira, asymptotic"))
  }
}
