import Foundation
import Testing

@testable import Classifiers

@Suite("Penalised logistic regression")
struct PenalisedRegressionTests {
  @Test("Coefficients equal glmnet's for the LASSO, the elastic net and ridge", arguments: 0..<6)
  func glmnet(index: Int) throws {
    let set = try ReferenceSet(index)
    let fits = try Golden.read().glmnet.filter { $0.set == index }
    #expect(fits.count > 10)
    for (mixing, fits) in Dictionary(grouping: fits, by: \.mixing) {
      let greatest = ElasticNet.greatestPenalty(set.train, labels: set.labels, mixing: mixing)
      let expected = fits[0].greatest
      #expect(abs(greatest - expected) < 1e-10 * expected)
      let models = try ElasticNet(mixing: mixing, share: 1, tolerance: 1e-20)
        .path(set.train, labels: set.labels, shares: fits.map(\.share))
      for (model, fit) in zip(models, fits) {
        var coefficients = model.coefficients
        var expected = Array(repeating: 0.0, count: coefficients.count)
        for (column, coefficient) in zip(fit.columns, fit.coefficients) { expected[column] = coefficient }
        // Two equal columns have one coefficient between them, however it is shared.
        if index == 2 {
          for list in [0, 4] where list == 4 {
            (coefficients[0], coefficients[4]) = (coefficients[0] + coefficients[4], 0)
            (expected[0], expected[4]) = (expected[0] + expected[4], 0)
          }
        }
        let comment: Comment = "mixing \(mixing), share \(fit.share)"
        #expect(difference(coefficients, expected) < 1e-6, comment)
        #expect(abs(model.intercept - fit.intercept) < 1e-6, comment)
      }
    }
  }

  /// The Karush-Kuhn-Tucker conditions, which only the solution fulfils, without another implementation.
  @Test("The solution is optimal at every penalty of a path, and a single fit finds the same", arguments: [0, 0.3, 1])
  func optimal(mixing: Double) throws {
    for seed in 0..<6 {
      let data = ReferenceData(seed: 40 + seed, rows: 30, columns: 20, kind: seed % 2)
      let (matrix, labels) = (try data.matrix(0..<30), data.labels)
      let columns = StandardisedColumns(matrix)
      let net = ElasticNet(mixing: mixing, share: 0.02, tolerance: 1e-18)
      let models = try net.path(matrix, labels: labels, shares: [0.6, 0.2, 0.02])
      for model in models {
        let probabilities = try model.scores(matrix)
        let residuals = zip(labels, probabilities).map { ($0 ? 1 : 0) - $1 }
        #expect(abs(residuals.reduce(0, +)) < 1e-6)
        for column in 0..<20 {
          let values = columns.values[column * 30..<(column + 1) * 30]
          let pull = zip(values, residuals).reduce(0) { $0 + $1.0 * $1.1 } / 30
          let coefficient = model.coefficients[column]
          let rest = pull - model.penalty * (1 - mixing) * coefficient
          if coefficient == 0 {
            #expect(abs(rest) <= model.penalty * mixing + 1e-7)
          } else {
            #expect(abs(rest - (coefficient > 0 ? 1 : -1) * model.penalty * mixing) < 1e-7)
          }
        }
      }
      let single = try net.fit(matrix, labels: labels, seed: 0)
      #expect(difference(single.coefficients, models[2].coefficients) < 1e-6)
    }
  }

  @Test("With more columns than rows, both ways to solve the ridge find the same")
  func dual() throws {
    for seed in 0..<4 {
      let data = ReferenceData(seed: 70 + seed, rows: 20, columns: 30, kind: seed % 2)
      let columns = StandardisedColumns(try data.matrix(0..<20))
      var descent = CoordinateDescent(columns, labels: data.labels, mixing: 0, tolerance: 1e-22)
      var dual = DualRidge(columns, labels: data.labels, tolerance: 1e-22)
      for penalty in [10, 0.1] {
        try descent.solve(penalty: penalty)
        try dual.solve(penalty: penalty)
        #expect(difference(dual.coefficients, descent.coefficients) < 1e-8)
        #expect(abs(dual.intercept - descent.intercept) < 1e-8)
      }
    }
  }

  @Test("At the greatest penalty of the LASSO no column is chosen, and just below it one is")
  func greatest() throws {
    let set = try ReferenceSet(1)
    let models = try ElasticNet(mixing: 1, share: 1).path(set.train, labels: set.labels, shares: [1.000001, 0.999])
    #expect(models.map { $0.coefficients.count { $0 != 0 } } == [0, 1])
    let probabilities = try models[0].scores(set.heldOut)
    #expect(probabilities.allSatisfy { abs($0 - 21.0 / 60) < 1e-12 })
  }
}
