internal import CXGBoost
internal import Foundation

/// Turns xgboost's status into an error with the first line of its message; the rest is a stack trace.
private func check(_ status: Int32) throws(ClassifierError) {
  guard status != 0 else { return }
  let message = XGBGetLastError().map { String(cString: $0) } ?? ""
  throw ClassifierError("xgboost failed: \(message.split(separator: "\n").first ?? "no reason is given")")
}

/// Rows as xgboost holds them, in single precision.
final class XGBoostMatrix {
  fileprivate private(set) var handle: DMatrixHandle?

  init(_ matrix: FeatureMatrix, labels: [Bool]) throws(ClassifierError) {
    let values = matrix.values.map { Float($0) }
    try check(
      XGDMatrixCreateFromMat_omp(
        values, UInt64(matrix.rowCount), UInt64(matrix.columnCount), Float.nan, &handle, 1))
    try check(XGDMatrixSetFloatInfo(handle, "label", labels.map { $0 ? Float(1) : 0 }, UInt64(labels.count)))
  }

  deinit {
    if let handle { XGDMatrixFree(handle) }
  }
}

/// xgboost's training, in one thread.
final class XGBoostBooster {
  private var handle: BoosterHandle?

  init(training: XGBoostMatrix) throws(ClassifierError) {
    try check(XGBoosterCreate([training.handle], 1, &handle))
    try set("nthread", "1")
    try set("verbosity", "0")
  }

  deinit {
    if let handle { XGBoosterFree(handle) }
  }

  func set(_ name: String, _ value: String) throws(ClassifierError) {
    try check(XGBoosterSetParam(handle, name, value))
  }

  /// Adds a tree.
  func update(_ round: Int, with data: XGBoostMatrix) throws(ClassifierError) {
    try check(XGBoosterUpdateOneIter(handle, Int32(round), data.handle))
  }

  /// The trees so far.
  func saved() throws(ClassifierError) -> XGBoostModel {
    var count: UInt64 = 0
    var bytes: UnsafePointer<CChar>?
    try check(XGBoosterSaveModelToBuffer(handle, #"{"format": "json"}"#, &count, &bytes))
    guard let bytes, let count = Int(exactly: count) else { throw ClassifierError("xgboost saved no model") }
    do {
      return try JSONDecoder().decode(XGBoostModel.self, from: Data(bytes: bytes, count: count))
    } catch {
      throw ClassifierError("xgboost's model was not understood: \(error)")
    }
  }
}

/// What is needed of xgboost's JSON model (its documentation, "Introduction to Model IO").
struct XGBoostModel: Decodable {
  /// A tree as parallel arrays with an entry for each node; the first is the root.
  struct Tree: Decodable {
    let firstChildren: [Int]
    let secondChildren: [Int]
    let columns: [Int]
    /// Rows below this go to the first child; of a leaf, its value.
    let values: [Float]
    let gains: [Float]

    private enum CodingKeys: String, CodingKey {
      case firstChildren = "left_children"
      case secondChildren = "right_children"
      case columns = "split_indices"
      case values = "split_conditions"
      case gains = "loss_changes"
    }

    func isLeaf(_ node: Int) -> Bool { firstChildren[node] < 0 }

    var decisionTree: DecisionTree {
      var tree = DecisionTree()
      var tasks = [(node: 0, place: tree.addLeaf(Double(values[0])))]
      while let (node, place) = tasks.popLast() {
        guard !isLeaf(node) else { continue }
        let children = (firstChildren[node], secondChildren[node])
        let places = (tree.addLeaf(Double(values[children.0])), tree.addLeaf(Double(values[children.1])))
        // Below a number is up to the one before it.
        tree.split(place, column: columns[node], threshold: Double(values[node].nextDown), children: places)
        tasks += [(children.0, places.0), (children.1, places.1)]
      }
      return tree
    }
  }

  let trees: [Tree]

  /// The sum of gains of each column.
  func gains(of columnCount: Int) -> [Double] {
    var gains = Array(repeating: 0.0, count: columnCount)
    for tree in trees {
      for node in tree.columns.indices where !tree.isLeaf(node) {
        gains[tree.columns[node]] += Double(tree.gains[node])
      }
    }
    return gains
  }

  private enum CodingKeys: String, CodingKey {
    case learner
    case booster = "gradient_booster"
    case model
    case trees
  }

  init(from decoder: any Decoder) throws {
    trees = try decoder.container(keyedBy: CodingKeys.self)
      .nestedContainer(keyedBy: CodingKeys.self, forKey: .learner)
      .nestedContainer(keyedBy: CodingKeys.self, forKey: .booster)
      .nestedContainer(keyedBy: CodingKeys.self, forKey: .model)
      .decode([Tree].self, forKey: .trees)
  }
}
