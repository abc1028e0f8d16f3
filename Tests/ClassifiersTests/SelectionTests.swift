import Foundation
import Testing

@testable import Classifiers

/// Every filter and selection against a trusted implementation: Tests/Reference/selection.py.
struct SelectionTests {
  struct Golden: Decodable {
    struct Case: Decodable {
      let rows: [[Double]]
      let labels: [Bool]
      let folds: [Int]
      let univariate, mrmr, forward: [Int]
      let reliefF, lasso: [Double]
      let recursiveElimination, correlation: [String: [Int]]

      func training() throws -> TrainingRows {
        try TrainingRows(
          FeatureMatrix(names: rows[0].indices.map { "\($0)" }, rows: rows), labels: labels,
          patients: rows.indices.map { "P\($0)" })
      }

      /// The same rows standardised, as a pipeline's selections see them.
      func standardised() throws -> TrainingRows {
        let training = try training()
        return training.with(try Scaling(method: .standard).fit(training).applied(to: training.matrix))
      }

      var innerFolds: InnerFolds {
        InnerFolds(
          heldOut: (0...(folds.max() ?? 0)).map { fold in folds.indices.filter { folds[$0] == fold } },
          rowCount: folds.count)
      }
    }
    struct Agreement: Decodable { let first, second: [Double], icc: Double }
    struct Imputed: Decodable {
      let rows, new: [[Double?]]
      let imputed, standard, robust: [[Double]]
    }

    let cases: [Case]
    let agreement: [Agreement]
    let imputation: Imputed

    static func read() throws -> Golden {
      let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/selection.json")
      return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    }
  }

  let golden: Golden

  init() throws { golden = try Golden.read() }

  @Test func `Univariate selection orders features as SciPy's Mann-Whitney test does`() throws {
    for item in golden.cases {
      #expect(UnivariateSelector().choose(8, from: try item.training(), seed: 0) == item.univariate)
    }
  }

  @Test func `mRMR chooses what mrmr_selection chooses, in its order`() throws {
    for item in golden.cases {
      #expect(MRMRSelector().choose(8, from: try item.standardised(), seed: 0) == item.mrmr)
    }
  }

  @Test func `ReliefF's scores equal skrebate's`() throws {
    for item in golden.cases {
      let scores = ReliefFSelector().scores(try item.standardised())
      #expect(zip(scores, item.reliefF).allSatisfy { abs($0 - $1) < 1e-10 })
      #expect(scores.count == item.reliefF.count)
    }
  }

  @Test func `Recursive elimination leaves what scikit-learn's RFE leaves`() throws {
    for item in golden.cases {
      for (count, expected) in item.recursiveElimination {
        let training = try item.standardised()
        let elimination = RecursiveElimination(classifier: SupportVectorMachine(cost: 1, isBalanced: true))
        let found = try elimination.choose(Int(count), from: training, seed: 0)
        #expect(found.sorted() == expected)
      }
    }
  }

  @Test func `Forward selection adds what scikit-learn's SequentialFeatureSelector adds`() throws {
    for item in golden.cases where !item.forward.isEmpty {
      let found = try ForwardSelector(classifier: NaiveBayes()).choose(
        4, from: try item.standardised(), item.innerFolds, seed: 0)
      #expect(found == item.forward)
    }
  }

  @Test func `The LASSO's coefficients at the cross-validated penalty equal cv.glmnet's`() throws {
    for item in golden.cases {
      let found = try LassoSelector(tolerance: 1e-12).coefficients(try item.training(), item.innerFolds)
      // Ours are on standardised columns, and as exact as the search's tolerance.
      let scales = StandardisedColumns(try item.training().matrix).scales
      let rescaled = zip(found, scales).map { $1 > 0 ? $0 / $1 : 0 }
      #expect(zip(rescaled, item.lasso).map { abs($0 - $1) }.max() ?? 1 < 5e-5)
      #expect(found.map { $0 != 0 } == item.lasso.map { $0 != 0 })
    }
  }

  @Test func `The correlation filter keeps what caret's rule keeps`() throws {
    for item in golden.cases {
      for (limit, expected) in item.correlation {
        let step = try CorrelationFilter(limit: try #require(Double(limit))).fit(try item.training())
        #expect(step == .columns(expected.map { "\($0)" }))
      }
    }
  }

  @Test func `ICC(2,1) equals pingouin's`() throws {
    for item in golden.agreement {
      let found = try #require(intraclassCorrelation(Array(zip(item.first, item.second))))
      #expect(abs(found - item.icc) < 1e-9)
    }
  }

  @Test func `Imputation and both scalings equal scikit-learn's, with one indicator for each pattern`() throws {
    let item = golden.imputation
    func table(_ rows: [[Double?]]) throws -> FeatureMatrix {
      try FeatureMatrix(names: ["a", "b", "c", "d"], rows: rows.map { $0.map { $0 ?? .nan } })
    }
    let matrix = try table(item.rows)
    let labels = matrix.rowCount
    let training = try TrainingRows(
      matrix, labels: (0..<labels).map { $0 % 2 == 0 }, patients: (0..<labels).map { "P\($0)" })
    let step = try Imputation().fit(training)
    let imputed = try step.applied(to: try table(item.new))
    #expect(imputed.names == ["a", "b", "c", "d", "a missing", "c missing"])
    #expect((0..<2).map { Array(imputed.row($0).prefix(4)) } == item.imputed)
    #expect((0..<2).map { Array(imputed.row($0).suffix(2)) } == [[1, 0], [0, 1]])
    for (method, expected) in [(Scaling.Method.standard, item.standard), (.robust, item.robust)] {
      let rows = training.with(try step.applied(to: matrix))
      let scaled = try Scaling(method: method).fit(rows).applied(to: imputed)
      for row in 0..<2 {
        #expect(zip(scaled.row(row), expected[row]).allSatisfy { abs($0 - $1) < 1e-12 })
      }
    }
  }
}
