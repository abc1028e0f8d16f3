/// What can be said of a map in a number.
enum MapStatistics {
  /// The share of a map's sum that lies inside of a mask: the energy-based pointing game.
  ///
  /// Source: Wang et al., "Score-CAM", CVPR 2020 workshops, arXiv:1910.01279, section 4.3.
  /// - Parameters:
  ///   - map: values, none negative.
  ///   - mask: how much of each place lies inside, 0...1.
  /// - Returns: 0...1; nil where the map or the mask is zero throughout, or a value is not a number.
  static func energyInside(_ map: [Float], _ mask: [Float]) -> Double? {
    let total = map.reduce(0.0) { $0 + Double($1) }
    guard total > 0, total.isFinite, mask.contains(where: { $0 > 0 }) else { return nil }
    let inside = zip(map, mask).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    return min(max(inside / total, 0), 1)
  }

  /// Spearman's rank correlation, ties at their mean rank; nil where one side is constant or not a number.
  static func rankCorrelation(_ first: [Float], _ second: [Float]) -> Double? {
    guard !(first + second).contains(where: { !$0.isFinite }) else { return nil }
    let (a, b) = (ranks(first), ranks(second))
    let mean = Double(a.count + 1) / 2
    func product(_ left: [Double], _ right: [Double]) -> Double {
      zip(left, right).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
    }
    let spread = (product(a, a) * product(b, b)).squareRoot()
    return spread > 0 ? min(max(product(a, b) / spread, -1), 1) : nil
  }

  private static func ranks(_ values: [Float]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      // Ranks start+1 ... end have this mean.
      for place in start..<end { ranks[order[place]] = Double(start + 1 + end) / 2 }
      start = end
    }
    return ranks
  }

  /// The mean and, from two values on, the standard deviation (of a sample).
  static func summary(_ values: [Double]) -> (mean: Double?, deviation: Double?) {
    guard !values.isEmpty else { return (nil, nil) }
    let mean = values.reduce(0, +) / Double(values.count)
    guard values.count > 1 else { return (mean, nil) }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(values.count - 1)).squareRoot())
  }
}
