import Foundation
import Support
import Testing

@testable import Classifiers

@Suite("Random forest")
struct RandomForestTests {
  /// Both forests draw differently, so they are compared as samples: one of ours with ten of scikit-learn's.
  @Test("Probabilities, importances and AUC are those of scikit-learn's forest on 24 data sets")
  func statistically() throws {
    var scores = Comparison()
    var importances = Comparison()
    var areas: [Double] = []
    for (index, golden) in try Golden.read().forest.enumerated() {
      let data = ReferenceData(seed: 900 + index, rows: 60, columns: golden.columns, kind: index % 2)
      let (train, heldOut) = (try data.matrix(0..<40), try data.matrix(40..<60))
      let model = try RandomForest(treeCount: 200, leafSize: golden.leaf)
        .fit(train, labels: Array(data.labels.prefix(40)), seed: UInt64(index))
      let found = try model.scores(heldOut)
      scores.add(found, golden.scores, deviations: golden.deviations)
      importances.add(model.importances, golden.importances, deviations: golden.importanceDeviations)
      areas.append(area(found, Array(data.labels.suffix(20))) - golden.auc)
    }
    #expect(scores.differences.count == 480)
    #expect(abs(scores.differences.reduce(0, +) / 480) < 0.005)
    #expect((0.8...1.25).contains(scores.ratio))
    #expect((0.7...1.4).contains(importances.ratio))
    #expect(abs(areas.reduce(0, +) / Double(areas.count)) < 0.01)
  }

  /// One forest's numbers beside the means of ten, and how far they differ in comparison with how far the ten do.
  private struct Comparison {
    var differences: [Double] = []
    private var expected = 0.0

    mutating func add(_ found: [Double], _ means: [Double], deviations: [Double]) {
      differences += zip(found, means).map { $0 - $1 }
      // The variance of one forest about the mean of ten is 1.1 times that of one.
      expected += deviations.reduce(0) { $0 + 1.1 * $1 * $1 }
    }

    /// 1 where both forests are the same but for their draws.
    var ratio: Double { differences.reduce(0) { $0 + $1 * $1 } / expected }
  }

  @Test("A tree without bootstrap fits its rows, and a leaf has the least number of rows")
  func tree() throws {
    let set = try ReferenceSet(0)
    let grower = TreeGrower(set.train, labels: set.labels, leafSize: 1, columnsTried: 6)
    var generator = SplitMix64(seed: 1, stream: 0)
    let tree = grower.grow(Array(repeating: 1, count: 40), using: &generator).0
    #expect((0..<40).allSatisfy { tree.value(Array(set.train.row($0))) == (set.labels[$0] ? 1 : 0) })

    let large = TreeGrower(set.train, labels: set.labels, leafSize: 7, columnsTried: 6)
      .grow(Array(repeating: 1, count: 40), using: &generator).0
    // Rows of one leaf have one share, and distinct leaves here have distinct shares or are counted together.
    let sizes = Dictionary(grouping: 0..<40) { large.value(Array(set.train.row($0))) }.mapValues(\.count)
    #expect(sizes.values.allSatisfy { $0 >= 7 } && sizes.count > 1)
  }

  @Test("A tree whose nodes do not form one is refused")
  func damaged() throws {
    for text in [
      #"{"columns": [], "values": [], "firstChildren": [], "secondChildren": []}"#,
      #"{"columns": [0], "values": [1], "firstChildren": [0], "secondChildren": [0]}"#,
      #"{"columns": [0, -1], "values": [1, 1], "firstChildren": [1, 0], "secondChildren": [2, 0]}"#,
    ] {
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(DecisionTree.self, from: Data(text.utf8)) }
    }
  }

  private func area(_ scores: [Double], _ labels: [Bool]) -> Double {
    let high = zip(scores, labels).filter(\.1).map(\.0)
    let low = zip(scores, labels).filter { !$0.1 }.map(\.0)
    let wins = high.reduce(0.0) { sum, score in
      sum + low.reduce(0) { $0 + (score > $1 ? 1 : score == $1 ? 0.5 : 0) }
    }
    return wins / Double(high.count * low.count)
  }
}
