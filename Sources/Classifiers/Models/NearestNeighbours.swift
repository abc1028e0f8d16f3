/// The share of high-grade rows among the nearest training rows, by Euclidean distance.
///
/// Rows at the distance of the last neighbour share its place equally, so that the score does not depend on their order.
struct NearestNeighbours: Classifier {
  /// The number of neighbours.
  var count = 5

  func fit(_ matrix: FeatureMatrix, labels: [Bool], seed: UInt64) throws(ClassifierError) -> Model {
    try matrix.checkTraining(labels)
    guard count <= matrix.rowCount else {
      throw ClassifierError("\(count) neighbours need as many training rows, found \(matrix.rowCount)")
    }
    return Model(
      names: matrix.names, rows: (0..<matrix.rowCount).map { Array(matrix.row($0)) }, labels: labels, count: count)
  }

  /// The training rows.
  struct Model: ClassifierModel {
    let names: [String]
    let rows: [[Double]]
    let labels: [Bool]
    let count: Int

    static var givesProbabilities: Bool { true }
    var weights: [Double]? { nil }
    var size: ModelSize { ModelSize(rows.count, .trainingRows) }

    func scores(_ matrix: FeatureMatrix) throws(ClassifierError) -> [Double] {
      try matrix.checkColumns(names, lists: rows.map(\.count))
      guard labels.count == rows.count, rows.indices.contains(count - 1) else {
        throw ClassifierError("the model is damaged: it has \(labels.count) labels for \(rows.count) rows")
      }
      return (0..<matrix.rowCount).map { index in
        let row = Array(matrix.row(index))
        let distances = rows.map { other in zip(row, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
        let last = distances.sorted()[count - 1]
        let nearer = labels.indices.filter { distances[$0] < last }
        let tied = labels.indices.filter { distances[$0] == last }
        let places = Double(count - nearer.count) / Double(tied.count)
        let high = Double(nearer.count { labels[$0] }) + places * Double(tied.count { labels[$0] })
        return high / Double(count)
      }
    }
  }
}

extension ClassifierKind {
  static let nearestNeighbours = ClassifierKind(
    "nearestNeighbours", title: "k nearest neighbours",
    hyperparameters: [
      Hyperparameter(
        "neighbours", "number of neighbours", in: 1...1000, isWhole: true, standard: 5, grid: [3, 5, 7, 9])
    ]
  ) { NearestNeighbours(count: $0.whole("neighbours")) }
}
