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

  @Test("Trees that are no xgboost model are refused in words")
  func damaged() throws {
    let set = try ReferenceSet(0)
    let model = try GradientBoosting(rounds: 3).fit(set.train, labels: set.labels, seed: 0)
    for trees in [Data(), Data("no model".utf8), model.trees.prefix(model.trees.count / 2)] {
      let damaged = GradientBoosting.Model(names: model.names, trees: trees, importances: [])
      #expect(throws: ClassifierError.self) { try damaged.scores(set.heldOut) }
    }
  }
}
