internal import Support

/// Grows trees on weighted rows of one table.
struct TreeGrower {
  private let matrix: FeatureMatrix
  private let labels: [Bool]
  private let leafSize: Int
  private let columnsTried: Int
  /// Column by column: each row's place in the order of the column's distinct values.
  private let ranks: [UInt32]

  init(_ matrix: FeatureMatrix, labels: [Bool], leafSize: Int, columnsTried: Int) {
    self.matrix = matrix
    self.labels = labels
    self.leafSize = leafSize
    self.columnsTried = columnsTried
    let rows = matrix.rowCount
    var ranks = Array(repeating: UInt32(0), count: rows * matrix.columnCount)
    for column in 0..<matrix.columnCount {
      let values = matrix.column(column)
      let order = (0..<rows).sorted { values[$0] < values[$1] }
      var rank: UInt32 = 0
      for place in order.indices {
        if place > 0, values[order[place]] > values[order[place - 1]] { rank += 1 }
        ranks[column * rows + order[place]] = rank
      }
    }
    self.ranks = ranks
  }

  /// Rows of a node that are still to be split.
  private struct Task {
    let node: Int
    let rows: [Int]
    let weights: Weights
  }

  /// Weighted counts of rows.
  private struct Weights {
    var all = 0
    var high = 0
    /// The rows themselves, each once: scikit-learn's leaves need so many.
    var rows = 0

    /// The Gini impurity times the weight, halved: low * high / all.
    var impurity: Double { all == 0 ? 0 : Double(high) * Double(all - high) / Double(all) }
    var share: Double { Double(high) / Double(all) }

    mutating func add(_ weight: Int, isHigh: Bool) {
      all += weight
      rows += 1
      if isHigh { high += weight }
    }

    func without(_ part: Weights) -> Weights {
      Weights(all: all - part.all, high: high - part.high, rows: rows - part.rows)
    }
  }

  /// The best place to split a node.
  private struct Split {
    let column: Int
    /// Rows of this rank and below go to the first child.
    let rank: UInt32
    let threshold: Double
    let first: Weights
    /// By how much the weighted impurity falls.
    let decrease: Double
  }

  /// Grows a tree on rows that count as often as their weights say.
  ///
  /// - Returns: the tree, and the decrease of impurity at each split.
  func grow(
    _ weights: [Int], using generator: inout SplitMix64
  ) -> (DecisionTree, decreases: [(column: Int, decrease: Double)]) {
    var tree = DecisionTree()
    var decreases: [(column: Int, decrease: Double)] = []
    var columns = Array(0..<matrix.columnCount)
    var keys: [UInt64] = []
    let rows = weights.indices.filter { weights[$0] > 0 }
    let total = count(rows, weights)
    var tasks = [Task(node: tree.addLeaf(total.share), rows: rows, weights: total)]
    while let task = tasks.popLast() {
      guard task.weights.high > 0, task.weights.high < task.weights.all, task.weights.rows >= 2 * leafSize,
        let split = split(task, weights, &columns, &keys, using: &generator)
      else { continue }
      decreases.append((split.column, split.decrease))
      let base = split.column * matrix.rowCount
      let first = task.rows.filter { ranks[base + $0] <= split.rank }
      let second = task.rows.filter { ranks[base + $0] > split.rank }
      let rest = task.weights.without(split.first)
      let children = (tree.addLeaf(split.first.share), tree.addLeaf(rest.share))
      tree.split(task.node, column: split.column, threshold: split.threshold, children: children)
      tasks.append(Task(node: children.1, rows: second, weights: rest))
      tasks.append(Task(node: children.0, rows: first, weights: split.first))
    }
    return (tree, decreases)
  }

  private func count(_ rows: [Int], _ weights: [Int]) -> Weights {
    rows.reduce(into: Weights()) { $0.add(weights[$1], isHigh: labels[$1]) }
  }

  /// Tries random columns without replacement: as many as asked for, and on until one of them is not constant in the node.
  private func split(
    _ task: Task, _ weights: [Int], _ columns: inout [Int], _ keys: inout [UInt64],
    using generator: inout SplitMix64
  ) -> Split? {
    var best: Split?
    var sawVariation = false
    for place in columns.indices {
      if place >= columnsTried, sawVariation { break }
      columns.swapAt(place, place + generator.below(columns.count - place))
      let base = columns[place] * matrix.rowCount
      keys.removeAll(keepingCapacity: true)
      for row in task.rows { keys.append(UInt64(ranks[base + row]) << 32 | UInt64(row)) }
      keys.sort()
      guard let lowest = keys.first, let highest = keys.last, lowest >> 32 != highest >> 32 else { continue }
      sawVariation = true
      if let found = self.split(columns[place], keys, task.weights, weights), found.decrease > best?.decrease ?? 0 {
        best = found
      }
    }
    return best
  }

  /// The best split of a column whose rows stand in order.
  private func split(_ column: Int, _ keys: [UInt64], _ all: Weights, _ weights: [Int]) -> Split? {
    var first = Weights()
    var best: (place: Int, first: Weights, impurity: Double)?
    for place in 0..<keys.count - 1 {
      let row = Int(keys[place] & 0xFFFF_FFFF)
      first.add(weights[row], isHigh: labels[row])
      guard keys[place] >> 32 != keys[place + 1] >> 32, first.rows >= leafSize, all.rows - first.rows >= leafSize else {
        continue
      }
      let impurity = first.impurity + all.without(first).impurity
      if impurity < best?.impurity ?? .infinity { best = (place, first, impurity) }
    }
    guard let best else { return nil }
    let (lower, upper) = (value(keys[best.place], column), value(keys[best.place + 1], column))
    let middle = lower + (upper - lower) / 2
    return Split(
      column: column, rank: UInt32(keys[best.place] >> 32), threshold: middle < upper ? middle : lower,
      first: best.first, decrease: all.impurity - best.impurity)
  }

  private func value(_ key: UInt64, _ column: Int) -> Double { matrix[Int(key & 0xFFFF_FFFF), column] }
}
