import Foundation
import Testing

@testable import Classifiers

@Suite("Gradient boosting")
struct GradientBoostingTests {
  @Test("Probabilities and gains equal those of Python's xgboost", arguments: 0..<6)
  func probabilities(index: Int) throws {
    let set = try ReferenceSet(index)
    let fits = try Golden.read().boosting.filter { $0.set == index }
    #expect(fits.count == 3)
    for fit in fits {
      let boosting = GradientBoosting(
        rounds: fit.rounds, depth: fit.depth, learningRate: fit.eta, rowShare: fit.rows,
        leafWeight: fit.weight, penalty: fit.lambda)
      let model = try boosting.fit(set.train, labels: set.labels, seed: fit.seed)
      // Single precision: the last bit of a number below 1.
      #expect(difference(try model.scores(set.heldOut), fit.scores) < 1e-7, "seed \(fit.seed)")
      var expected = Array(repeating: 0.0, count: set.train.columnCount)
      for (column, share) in fit.importances { expected[try #require(Int(column))] = share }
      #expect(difference(model.importances, expected) < 1e-6, "seed \(fit.seed)")
    }
  }

  /// xgboost compares in single precision: a value that is rounded up to the threshold is not below it.
  @Test("Values within rounding of a threshold go where xgboost sends them")
  func threshold() throws {
    let matrix = try FeatureMatrix(names: ["a"], rows: (0..<20).map { [$0 < 10 ? 1 : 2] })
    let labels = (0..<20).map { $0 >= 10 }
    let model = try GradientBoosting(rounds: 1).fit(matrix, labels: labels, seed: 0)
    let threshold = Float(model.trees[0].values[0]).nextUp
    let rows = [Double(threshold).nextDown, Double(threshold), Double(threshold.nextDown)].map { [$0] }
    let scores = try model.scores(try FeatureMatrix(names: ["a"], rows: rows))
    #expect(scores[0] == scores[1] && scores[0] > 0.5 && scores[2] < 0.5)
  }

  @Test("A model whose trees split by columns that do not exist is refused")
  func damaged() throws {
    let set = try ReferenceSet(0)
    let model = try GradientBoosting(rounds: 3).fit(set.train, labels: set.labels, seed: 0)
    let one = [set.train.names[0]]
    let damaged = GradientBoosting.Model(names: one, trees: model.trees, importances: [])
    let matrix = try FeatureMatrix(names: one, rows: [[1]])
    #expect(throws: ClassifierError.self) { try damaged.scores(matrix) }
  }
}
