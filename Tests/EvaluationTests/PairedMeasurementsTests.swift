import Testing

@testable import Evaluation

@Suite struct PairedMeasurementsTests {
  /// Shrout and Fleiss 1979, table 2: six targets and the first two of its four judges; by hand from its two-way analysis of variance.
  private let first = [9.0, 6, 8, 7, 10, 6]
  private let second = [2.0, 1, 4, 1, 5, 2]

  @Test func intraclassCorrelationsAreThoseOfTheAnalysisOfVariance() throws {
    let pairs = try PairedMeasurements(first, second, clusters: first.indices.map(String.init))
    let grand = (first + second).reduce(0, +) / 12
    let rows = zip(first, second).map { ($0 + $1) / 2 }
    let (one, other) = (first.reduce(0, +) / 6, second.reduce(0, +) / 6)
    let meanSquareRows = 2 * rows.reduce(0) { $0 + ($1 - grand) * ($1 - grand) } / 5
    let meanSquareColumns = 6 * ((one - grand) * (one - grand) + (other - grand) * (other - grand))
    var squares = 0.0
    for index in first.indices {
      for (value, mean) in [(first[index], one), (second[index], other)] {
        let rest = value - rows[index] - mean + grand
        squares += rest * rest
      }
    }
    let error = squares / 5
    let icc31 = (meanSquareRows - error) / (meanSquareRows + error)
    let icc21 = (meanSquareRows - error) / (meanSquareRows + error + 2 * (meanSquareColumns - error) / 6)
    let (found31, found21) = (try pairs.value(.icc31), try pairs.value(.icc21))
    #expect(abs(found31 - icc31) < 1e-12 && abs(found21 - icc21) < 1e-12)
    #expect(icc31 > 0.6 && icc21 < 0.3)
  }

  @Test func limitsOfAgreementAreBiasAndDeviations() throws {
    let pairs = try PairedMeasurements(first, second, clusters: first.indices.map(String.init))
    let differences = zip(first, second).map { $1 - $0 }
    let mean = differences.reduce(0, +) / 6
    let deviation = (differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 5).squareRoot()
    #expect(abs(try pairs.value(.bias) - mean) < 1e-12)
    #expect(abs(try pairs.value(.lowerLimit) - (mean - 1.96 * deviation)) < 1e-12)
    #expect(abs(try pairs.value(.upperLimit) - (mean + 1.96 * deviation)) < 1e-12)
    let estimate = try pairs.estimate(.bias)
    let interval = try #require(estimate.interval)
    #expect(interval.contains(mean))
  }

  @Test func whatCannotBeStatedHasItsReason() throws {
    #expect(throws: NotEstimable.self) { try PairedMeasurements([1, 2], [1, 2], clusters: ["a", "b"]) }
    #expect(throws: NotEstimable.notFinite(1)) {
      try PairedMeasurements([1, 2, .nan], [1, 2, 3], clusters: ["a", "b", "c"])
    }
    #expect(throws: NotEstimable.differentCases) {
      try PairedMeasurements([1, 2, 3], [1, 2], clusters: ["a", "b", "c"])
    }
    let constant = try PairedMeasurements([1, 1, 1], [1, 1, 1], clusters: ["a", "b", "c"])
    #expect(throws: NotEstimable.self) { try constant.value(.icc21) }
    #expect(throws: NotEstimable.noCases) { try ClusteredMean.estimate([], clusters: []) }
    let mean = try ClusteredMean.estimate([1, 2, 6], clusters: ["a", "a", "b"])
    #expect(mean.value == 3)
    let kappa = try Agreement.kappa(["a", "b", "c", "c"], ["a", "b", "c", "a"])
    #expect(abs(kappa - 7.0 / 11) < 1e-12)
  }
}
