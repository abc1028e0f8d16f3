import Testing

@testable import Classifiers

@Suite("Naive Bayes and nearest neighbours")
struct SimpleClassifierTests {
  @Test("Probabilities equal scikit-learn's", arguments: 0..<6)
  func probabilities(index: Int) throws {
    let set = try ReferenceSet(index)
    let (train, heldOut) = try set.standardised()
    let golden = try #require(try Golden.read().simple.first { $0.set == index })
    for (smoothing, expected) in golden.bayes {
      let model = try NaiveBayes(smoothing: try #require(Double(smoothing)))
        .fit(set.train, labels: set.labels, seed: 0)
      #expect(difference(try model.scores(set.heldOut), expected) < 1e-9)
    }
    for (count, expected) in golden.neighbours ?? [:] {
      let model = try NearestNeighbours(count: try #require(Int(count))).fit(train, labels: set.labels, seed: 0)
      #expect(difference(try model.scores(heldOut), expected) < 1e-9)
    }
  }

  @Test("Neighbours at one distance share the last places")
  func ties() throws {
    let matrix = try FeatureMatrix(names: ["a"], rows: [[0], [1], [-1], [1], [5]])
    let model = try NearestNeighbours(count: 2).fit(matrix, labels: [true, true, false, false, true], seed: 0)
    // The row at 0, and a third of each of the three at distance 1, of which one is high.
    let scores = try model.scores(try FeatureMatrix(names: ["a"], rows: [[0]]))
    #expect(difference(scores, [(1 + 1.0 / 3) / 2]) < 1e-15)
  }

  @Test("More neighbours than rows are refused")
  func tooMany() throws {
    let set = try ReferenceSet(0)
    #expect(throws: ClassifierError.self) {
      try NearestNeighbours(count: 41).fit(set.train, labels: set.labels, seed: 0)
    }
  }
}
