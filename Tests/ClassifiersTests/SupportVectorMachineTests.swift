import Testing

@testable import Classifiers

@Suite("Support vector machine")
struct SupportVectorMachineTests {
  @Test("Decision values equal those of scikit-learn's SVC", arguments: 0..<6)
  func decisionValues(index: Int) throws {
    let set = try ReferenceSet(index)
    let (train, heldOut) = try set.standardised()
    let fits = try Golden.read().svm.filter { $0.set == index }
    #expect(fits.count == 18)
    for fit in fits {
      let machine = SupportVectorMachine(
        cost: fit.cost, gammaScale: fit.gammaScale, isBalanced: fit.balanced, tolerance: 1e-10)
      let model = try machine.fit(train, labels: set.labels, seed: 0)
      let comment: Comment = "cost \(fit.cost), gamma \(fit.gammaScale ?? 0), balanced \(fit.balanced)"
      #expect(difference(try model.scores(heldOut), fit.scores) < 1e-6, comment)
      #expect((model.weights == nil) == (fit.gammaScale != nil))
    }
  }

  @Test("High grade has the higher scores, whichever class comes first")
  func sign() throws {
    let rows = (0..<20).map { [Double($0)] }
    let matrix = try FeatureMatrix(names: ["a"], rows: rows)
    for labels in [(0..<20).map { $0 >= 10 }, (0..<20).map { $0 < 10 }] {
      for gamma in [nil, 1.0] {
        let model = try SupportVectorMachine(gammaScale: gamma).fit(matrix, labels: labels, seed: 0)
        let scores = try model.scores(matrix)
        #expect(zip(scores, labels).allSatisfy { ($0 > 0) == $1 })
      }
    }
  }

  @Test("What libsvm refuses is an error in its words")
  func refusal() throws {
    let set = try ReferenceSet(0)
    let machine = SupportVectorMachine(cost: -1)
    let error = #expect(throws: ClassifierError.self) { try machine.fit(set.train, labels: set.labels, seed: 0) }
    #expect(error?.description.contains("C <= 0") == true)
  }

  @Test("A search that libsvm gives up is an error")
  func unconverged() throws {
    let data = ReferenceData(seed: 3, rows: 16, columns: 5, kind: 3)
    let error = #expect(throws: ClassifierError.self) {
      try SupportVectorMachine(cost: 1e4).fit(try data.matrix(0..<16), labels: data.labels, seed: 0)
    }
    #expect(error?.description.contains("did not converge") == true)
  }
}
