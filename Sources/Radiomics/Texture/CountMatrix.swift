/// How often each grey level occurs with each count of something: a run's length, a zone's size, a number of neighbours.
///
/// The 16 features that are computed of every such matrix stand here once (IBSI 1, sections 3.7 to 3.11).
struct CountMatrix {
  /// By entry: the level, the count, and how often both occur together.
  private(set) var entries: [(level: Double, count: Double, frequency: Double)] = []

  /// Takes what was counted: `frequencies[level * width + count - 1]`, by places of levels.
  init(_ frequencies: [Int32], width: Int, _ levels: [Double]) {
    for level in levels.indices {
      for count in 0..<width where frequencies[level * width + count] > 0 {
        entries.append((levels[level], Double(count + 1), Double(frequencies[level * width + count])))
      }
    }
  }

  /// Takes how often each place of a level occurs with each count.
  init(_ frequencies: [(level: Int, count: Int, frequency: Int)], _ levels: [Double]) {
    entries = frequencies.map { (levels[$0.level], Double($0.count), Double($0.frequency)) }
  }

  /// Takes pairs of the place of a level and a count, in any order; each is counted.
  init(pairs: [UInt64], _ levels: [Double]) {
    let sorted = pairs.sorted()
    var start = 0
    while start < sorted.count {
      var end = start + 1
      while end < sorted.count, sorted[end] == sorted[start] { end += 1 }
      entries.append((levels[Int(sorted[start] >> 32)], Double(sorted[start] & 0xFFFF_FFFF), Double(end - start)))
      start = end
    }
  }

  /// The pair of a level's place and a count.
  static func pair(_ level: Int32, _ count: Int) -> UInt64 { UInt64(level - 1) << 32 | UInt64(count) }

  /// What follows from a matrix.
  struct Features {
    var shortEmphasis = Double.nan
    var longEmphasis = Double.nan
    var levelNonUniformity = Double.nan
    var levelNonUniformityNormalised = Double.nan
    var countNonUniformity = Double.nan
    var countNonUniformityNormalised = Double.nan
    /// The entries as a share of what they count.
    var percentage = Double.nan
    var levelVariance = Double.nan
    var countVariance = Double.nan
    var entropy = Double.nan
    var lowLevelEmphasis = Double.nan
    var highLevelEmphasis = Double.nan
    var shortLowEmphasis = Double.nan
    var shortHighEmphasis = Double.nan
    var longLowEmphasis = Double.nan
    var longHighEmphasis = Double.nan
    var energy = Double.nan
  }

  /// The features; not defined where nothing was counted.
  var features: Features {
    var result = Features()
    let total = entries.reduce(0) { $0 + $1.frequency }
    guard total > 0 else { return result }
    var byLevel: [Double: Double] = [:]
    var byCount: [Double: Double] = [:]
    var (short, long, low, high, counted) = (0.0, 0.0, 0.0, 0.0, 0.0)
    var (shortLow, shortHigh, longLow, longHigh) = (0.0, 0.0, 0.0, 0.0)
    var (entropy, energy, meanLevel, meanCount) = (0.0, 0.0, 0.0, 0.0)
    for (level, count, frequency) in entries {
      byLevel[level, default: 0] += frequency
      byCount[count, default: 0] += frequency
      let (levels, counts) = (level * level, count * count)
      short += frequency / counts
      long += frequency * counts
      low += frequency / levels
      high += frequency * levels
      shortLow += frequency / (levels * counts)
      shortHigh += frequency * levels / counts
      longLow += frequency * counts / levels
      longHigh += frequency * levels * counts
      counted += frequency * count
      meanLevel += frequency * level
      meanCount += frequency * count
      let share = frequency / total
      entropy -= share * Entropy.logarithm(share)
      energy += share * share
    }
    (meanLevel, meanCount) = (meanLevel / total, meanCount / total)
    var (levelVariance, countVariance) = (0.0, 0.0)
    for (level, count, frequency) in entries {
      levelVariance += frequency * (level - meanLevel) * (level - meanLevel)
      countVariance += frequency * (count - meanCount) * (count - meanCount)
    }
    // In a fixed order: a dictionary's differs from run to run, and the last bit with it.
    let levelSquares = byLevel.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value * $1.value }
    let countSquares = byCount.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value * $1.value }
    result.shortEmphasis = short / total
    result.longEmphasis = long / total
    result.levelNonUniformity = levelSquares / total
    result.levelNonUniformityNormalised = levelSquares / (total * total)
    result.countNonUniformity = countSquares / total
    result.countNonUniformityNormalised = countSquares / (total * total)
    result.percentage = total / counted
    result.levelVariance = levelVariance / total
    result.countVariance = countVariance / total
    result.entropy = entropy
    result.lowLevelEmphasis = low / total
    result.highLevelEmphasis = high / total
    result.shortLowEmphasis = shortLow / total
    result.shortHighEmphasis = shortHigh / total
    result.longLowEmphasis = longLow / total
    result.longHighEmphasis = longHigh / total
    result.energy = energy
    return result
  }
}
