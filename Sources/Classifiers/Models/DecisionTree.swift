/// A binary tree of splits at thresholds, as parallel arrays with an entry for each node; the first is the root.
struct DecisionTree: Codable {
  /// The column that a node splits by; -1 for a leaf.
  private(set) var columns: [Int] = []
  /// Rows with values up to this go to the first child; of a leaf, its value.
  private(set) var values: [Double] = []
  /// The node of the first child; 0 for a leaf.
  private(set) var firstChildren: [Int] = []
  /// The node of the second child; 0 for a leaf.
  private(set) var secondChildren: [Int] = []

  init() {}

  /// How many splits and leaves it has.
  var nodeCount: Int { columns.count }

  /// Adds a leaf, and returns its node.
  mutating func addLeaf(_ value: Double) -> Int {
    columns.append(-1)
    values.append(value)
    firstChildren.append(0)
    secondChildren.append(0)
    return columns.count - 1
  }

  /// Makes a leaf a split.
  mutating func split(_ node: Int, column: Int, threshold: Double, children: (Int, Int)) {
    columns[node] = column
    values[node] = threshold
    (firstChildren[node], secondChildren[node]) = children
  }

  /// The value of the leaf that a row reaches.
  func value(_ row: [Double]) -> Double {
    var node = 0
    while columns[node] >= 0 {
      node = row[columns[node]] <= values[node] ? firstChildren[node] : secondChildren[node]
    }
    return values[node]
  }

  private enum CodingKeys: String, CodingKey { case columns, values, firstChildren, secondChildren }

  /// Reads a tree, and refuses one that would not end: every child stands after its parent.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    columns = try container.decode([Int].self, forKey: .columns)
    values = try container.decode([Double].self, forKey: .values)
    firstChildren = try container.decode([Int].self, forKey: .firstChildren)
    secondChildren = try container.decode([Int].self, forKey: .secondChildren)
    let counts = Set([columns.count, values.count, firstChildren.count, secondChildren.count])
    let isSound = columns.indices.allSatisfy { node in
      columns[node] < 0
        || [firstChildren, secondChildren].allSatisfy { $0[node] > node && $0[node] < columns.count }
    }
    guard counts.count == 1, !columns.isEmpty, isSound else {
      throw DecodingError.dataCorruptedError(
        forKey: .columns, in: container, debugDescription: "the nodes of a decision tree do not form a tree")
    }
  }
}

/// Checks that the trees, which may come from a file, split by columns that exist.
func checkTrees(_ trees: [DecisionTree], of names: [String]) throws(ClassifierError) {
  guard trees.allSatisfy({ tree in tree.columns.allSatisfy { $0 < names.count } }) else {
    throw ClassifierError("a tree of the model splits by a column that does not exist: the model is damaged")
  }
}
