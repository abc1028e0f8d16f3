import Foundation

@testable import Classifiers

/// Rows as `data` in Tests/Reference/classifiers.py draws them.
struct ReferenceData {
  /// SplitMix64 from its bare state, as the reference has it.
  private struct Draws {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Int((z ^ (z >> 31)).multipliedFullWidth(by: UInt64(bound)).high)
    }
  }

  let labels: [Bool]
  let rows: [[Double]]

  init(seed: Int, rows count: Int, columns: Int, kind: Int) {
    var draws = Draws(state: UInt64(seed))
    labels = (0..<count).map { [1, 4, 6, 9, 12, 15, 18].contains($0 % 20) }
    var rows: [[Double]] = []
    for row in 0..<count {
      var values: [Double] = []
      for column in 0..<columns {
        let noise = Double((0..<3).reduce(0) { sum, _ in sum + draws.below(2049) - 1024 }) / 1024
        var value = noise + (labels[row] && column < 3 ? 0.75 : 0)
        switch (kind, column) {
        case (1, 1...): value = value / 4 + values[column - 1]
        case (2, 3): value = 0.1
        case (2, 4): value = values[0]
        case (3, _): value = (value + (column == 1 ? 1000 : 0)) * [1e6, 1, 1e-6, 1e3, 1][column]
        default: break
        }
        values.append(value)
      }
      rows.append(kind == 2 && row == 1 ? rows[0] : values)
    }
    self.rows = rows
  }

  /// Some of the rows as a table.
  func matrix(_ range: Range<Int>) throws -> FeatureMatrix {
    try FeatureMatrix(names: rows[0].indices.map { "column \($0)" }, rows: Array(rows[range]))
  }
}

/// One of the reference's sets: training rows with their labels, and held-out rows.
struct ReferenceSet {
  let labels: [Bool]
  let train: FeatureMatrix
  let heldOut: FeatureMatrix

  init(_ index: Int) throws {
    let (rows, columns) = [(40, 6), (60, 10), (41, 8), (40, 5), (32, 60), (32, 1316)][index]
    let data = ReferenceData(seed: 100 + index, rows: rows + 12, columns: columns, kind: index)
    labels = Array(data.labels.prefix(rows))
    train = try data.matrix(0..<rows)
    heldOut = try data.matrix(rows..<rows + 12)
  }

  /// Both tables, standardised by the training rows.
  func standardised() throws -> (train: FeatureMatrix, heldOut: FeatureMatrix) {
    let columns = StandardisedColumns(train)
    func scaled(_ table: FeatureMatrix) throws -> FeatureMatrix {
      try FeatureMatrix(
        names: table.names,
        rows: (0..<table.rowCount).map { row in
          table.names.indices.map {
            columns.scales[$0] > 0 ? (table[row, $0] - columns.centres[$0]) / columns.scales[$0] : 0
          }
        })
    }
    return (try scaled(train), try scaled(heldOut))
  }
}

/// What Tests/Reference/classifiers.py wrote.
struct Golden: Decodable {
  struct Penalised: Decodable {
    let set: Int
    let mixing, greatest, share, intercept: Double
    let columns: [Int]
    let coefficients: [Double]
  }
  struct SVM: Decodable {
    let set: Int
    let cost: Double
    let gammaScale: Double?
    let balanced: Bool
    let scores: [Double]
  }
  struct Boosting: Decodable {
    let set, rounds, depth: Int
    let eta, rows, weight, lambda: Double
    let seed: UInt64
    let scores: [Double]
    let importances: [String: Double]
  }
  struct Simple: Decodable {
    let set: Int
    let bayes: [String: [Double]]
    let neighbours: [String: [Double]]?
  }
  struct Perceptron: Decodable {
    let set: Int
    let hidden: [Int]
    let activation: DenseNetwork.Activation
    let penalty: Double
    let initial, losses, afterFive, scores: [Double]
    let steps: Int
  }
  struct Calibration: Decodable {
    let labels: [Bool]
    let scores, asked, sigmoid, isotonic: [Double]
    let slope, intercept: Double
  }
  struct Forest: Decodable {
    let columns, leaf: Int
    let scores, deviations, importances, importanceDeviations: [Double]
    let auc: Double
  }

  let glmnet: [Penalised]
  let svm: [SVM]
  let boosting: [Boosting]
  let simple: [Simple]
  let perceptron: [Perceptron]
  let calibration: [Calibration]
  let forest: [Forest]

  static func read() throws -> Golden {
    let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/classifiers.json")
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
  }
}

/// The greatest difference between two lists, relative where the second is greater than 1.
func difference(_ found: [Double], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
}
