import Foundation

/// Grey-level co-occurrence matrix: which levels neighbours have, counted in both directions (IBSI 1, section 3.6).
enum CooccurrenceFeatures: FeatureFamily {
  static let name = "glcm"

  static let features = [
    "Autocorrelation", "JointAverage", "ClusterProminence", "ClusterShade", "ClusterTendency", "Contrast",
    "Correlation",
    "DifferenceAverage", "DifferenceEntropy", "DifferenceVariance", "JointEnergy", "JointEntropy", "Imc1", "Imc2",
    "Idm",
    "Idmn", "Id", "Idn", "InverseVariance", "MaximumProbability", "MCC", "SumAverage", "SumEntropy", "SumSquares",
  ].map { FeatureDefinition($0) }

  static func values(of lesion: PreparedLesion) -> [Double] {
    let levels = lesion.levels
    let rows = lesion.lines.map { CooccurrenceMatrix(levels, $0.pairs).features }
    var means = MatrixMean.mean(rows, count: features.count)
    // pyradiomics: one level has no second eigenvalue, whether there are neighbours or not.
    if levels.values.count == 1, let place = features.firstIndex(where: { $0.name == "MCC" }) { means[place] = 1 }
    return means
  }
}

/// A symmetrical co-occurrence matrix as shares, of which most are 0 where there are many levels.
private struct CooccurrenceMatrix {
  private let levels: [Double]
  private let levelCount: Double
  /// The entries on and above the diagonal that are not 0; those below are the same.
  private var entries: [(i: Int, j: Int, share: Double)] = []
  private var margin: [Double]

  /// Takes pairs of the levels' places, the lower one first; each counts from both its ends.
  init(_ levels: GreyLevels, _ pairs: [(i: Int, j: Int, frequency: Int)]) {
    self.levels = levels.values
    levelCount = levels.levelCount
    margin = [Double](repeating: 0, count: levels.values.count)
    let total = Double(pairs.reduce(0) { $0 + $1.frequency * ($1.i == $1.j ? 1 : 2) })
    for (i, j, frequency) in pairs {
      let share = Double(frequency) / total
      entries.append((i, j, share))
      margin[i] += share
      if i != j { margin[j] += share }
    }
  }

  /// Of matrices with more rows, not all eigenvalues are computed: their time rises with the third power.
  private static let mostLevelsAtOnce = 256

  /// The features in the order of the family's; not defined where there is no pair.
  var features: [Double] {
    guard !entries.isEmpty else { return CooccurrenceFeatures.features.map { _ in .nan } }
    let mean = zip(levels, margin).reduce(0) { $0 + $1.0 * $1.1 }
    let variance = zip(levels, margin).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 }
    let range = Int(levels[levels.count - 1])
    var differences = [Double](repeating: 0, count: range)
    var sums = [Double](repeating: 0, count: 2 * range + 1)
    var (product, tendency, shade, prominence, covariance) = (0.0, 0.0, 0.0, 0.0, 0.0)
    var (energy, entropy, most) = (0.0, 0.0, 0.0)
    for (i, j, share) in entries {
      let (one, other) = (levels[i], levels[j])
      let both = i == j ? share : 2 * share
      product += both * one * other
      let off = one + other - 2 * mean
      tendency += both * off * off
      shade += both * off * off * off
      prominence += both * off * off * off * off
      covariance += both * (one - mean) * (other - mean)
      energy += share * both
      entropy -= both * Entropy.logarithm(share)
      most = max(most, share)
      differences[Int(other - one)] += both
      sums[Int(one + other)] += both
    }
    var (contrast, differenceMean, inverse, inverseSquare, inverseN, inverseSquareN, inverseVariance) =
      (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for (difference, share) in differences.enumerated() where share > 0 {
      let k = Double(difference)
      contrast += share * k * k
      differenceMean += share * k
      inverse += share / (1 + k)
      inverseSquare += share / (1 + k * k)
      inverseN += share / (1 + k / levelCount)
      inverseSquareN += share / (1 + k * k / (levelCount * levelCount))
      if difference > 0 { inverseVariance += share / (k * k) }
    }
    let differenceVariance = differences.enumerated().reduce(0) {
      $0 + $1.element * (Double($1.offset) - differenceMean) * (Double($1.offset) - differenceMean)
    }
    let sumMean = sums.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element }
    let (correlation1, correlation2) = informationCorrelations(entropy)
    return [
      product, mean, prominence, shade, tendency, contrast,
      variance == 0 ? 1 : covariance / (variance + Entropy.epsilon), differenceMean, Entropy.bits(differences),
      differenceVariance, energy, entropy, correlation1, correlation2, inverseSquare, inverseSquareN, inverse, inverseN,
      inverseVariance, most, maximalCorrelation, sumMean, Entropy.bits(sums), variance,
    ]
  }

  /// Both information measures of correlation; the entropies of independent levels are the sums of the margins' own.
  private func informationCorrelations(_ entropy: Double) -> (Double, Double) {
    guard entries.count > 1 || entries[0].i != entries[0].j else { return (0, 0) }
    let own = Entropy.bits(margin)
    let difference = -2 * (2 * own - entropy)
    return (own == 0 ? 0 : (entropy - 2 * own) / own, (1 - exp(difference)).squareRoot())
  }

  /// The second largest eigenvalue's root: for a symmetrical matrix, the second largest magnitude among those of the shares
  /// divided by the roots of both margins.
  private var maximalCorrelation: Double {
    let present = margin.indices.filter { margin[$0] > 0 }
    // Levels without neighbours add eigenvalues of 0.
    guard present.count > 1 else { return margin.count > 1 ? 0 : 1 }
    var places = [Int](repeating: 0, count: margin.count)
    for (place, level) in present.enumerated() { places[level] = place }
    let count = present.count
    let roots = present.map { margin[$0].squareRoot() }
    let normalised = entries.map { i, j, share in
      (i: places[i], j: places[j], value: share / (roots[places[i]] * roots[places[j]]))
    }
    guard count <= Self.mostLevelsAtOnce else {
      return SymmetricEigenvalues.second(normalised, first: roots)
    }
    var matrix = [Double](repeating: 0, count: count * count)
    for (i, j, value) in normalised {
      matrix[i * count + j] = value
      matrix[j * count + i] = value
    }
    let eigenvalues = SymmetricEigenvalues.all(&matrix, count).map(abs).sorted()
    return eigenvalues[count - 2]
  }
}
