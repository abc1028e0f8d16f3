import Testing

@testable import Classifiers

@Suite("Calibration of scores")
struct CalibrationTests {
  @Test("Platt's curve is the optimum, and scikit-learn's as far as its search goes", arguments: 0..<12)
  func platt(index: Int) throws {
    let golden = try Golden.read().calibration[index]
    let curve = try PlattScaling(scores: golden.scores, labels: golden.labels)
    #expect(abs(curve.slope - golden.slope) <= 1e-8 * max(abs(golden.slope), 1e-3))
    #expect(difference([curve.intercept], [golden.intercept]) < 1e-8)
    #expect(difference(golden.asked.map(curve.probability), golden.sigmoid) < 1e-4)
  }

  @Test("The isotonic curve equals scikit-learn's", arguments: 0..<12)
  func isotonic(index: Int) throws {
    let golden = try Golden.read().calibration[index]
    let curve = try IsotonicRegression(scores: golden.scores, labels: golden.labels)
    #expect(difference(golden.asked.map(curve.probability), golden.isotonic) < 1e-12)
  }

  @Test("Scores that all are equal give the share of high grade")
  func flat() throws {
    let labels = [true, false, false, false]
    let platt = try PlattScaling(scores: [3, 3, 3, 3], labels: labels)
    // Platt's targets are 2/3 and 1/5.
    #expect(abs(platt.probability(3) - (2.0 / 3 + 3.0 / 5) / 4) < 1e-9)
    #expect(try IsotonicRegression(scores: [3, 3, 3, 3], labels: labels).probability(8) == 0.25)
    #expect(
      abs(try PlattScaling(scores: [0, 0, 0, 0], labels: labels).probability(0) - (2.0 / 3 + 3.0 / 5) / 4) < 1e-9)
  }

  @Test("One class, missing scores and other counts are refused")
  func refusals() {
    for (scores, labels) in [([1, 2], [true, true]), ([1, .nan], [true, false]), ([1], [true, false])]
      as [([Double], [Bool])]
    {
      #expect(throws: ClassifierError.self) { try PlattScaling(scores: scores, labels: labels) }
      #expect(throws: ClassifierError.self) { try IsotonicRegression(scores: scores, labels: labels) }
    }
  }
}
