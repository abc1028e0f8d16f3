import Foundation
import Support
import Testing

@testable import Evaluation

/// Virtual readers whose wobble, and so the truth, is known: intervals hold it about as often as they say.
///
/// 40 patients have one to three lesions, which are more alike within a patient than between patients. Of 100 cohorts, 86 to 99 intervals
/// must hold the truth: 95, less what percentiles over so few patients cost, and three standard deviations of chance.
struct VirtualReadersTests {
  private static let cohorts = 100
  private static let bounds = 86...99

  /// Two readers' measurements: patients differ with variance 9, a patient's lesions with 7, each reading with 4, and the second reader
  /// measures 1 more.
  private static func measurements(
    _ generator: inout SplitMix64
  ) -> (first: [Double], second: [Double], clusters: [String]) {
    var (first, second, clusters): ([Double], [Double], [String]) = ([], [], [])
    for patient in 0..<40 {
      let mean = 30 + 3 * generator.normal()
      for _ in 0...patient % 3 {
        let truth = mean + 7.0.squareRoot() * generator.normal()
        first.append(truth + 2 * generator.normal())
        second.append(truth + 1 + 2 * generator.normal())
        clusters.append("\(patient)")
      }
    }
    return (first, second, clusters)
  }

  @Test func intervalsOfSeveralLesionsHoldTheTruth() throws {
    var generator = SplitMix64(seed: 21)
    let deviation = 8.0.squareRoot()
    let truths: [(Agreement.Limit, Double)] = [
      (.bias, 1), (.lower, 1 - 1.96 * deviation), (.upper, 1 + 1.96 * deviation),
    ]
    // The readers' variance is that of two values 1 apart.
    let correlations: [(IntraclassCorrelation.Form, Double)] = [(.agreement, 16 / 20.5), (.consistency, 16.0 / 20)]
    var held: [String: Int] = [:]
    for _ in 0..<Self.cohorts {
      let found = Self.measurements(&generator)
      for (limit, truth) in truths {
        let estimate = try Agreement.limit(limit, found.first, found.second, clusters: found.clusters, samples: 100)
        if estimate.interval?.contains(truth) == true { held["\(limit)", default: 0] += 1 }
      }
      let table = zip(found.first, found.second).map { [$0, $1] }
      for (form, truth) in correlations {
        let estimate = try Agreement.correlation(form, table, clusters: found.clusters, samples: 100)
        if estimate.interval?.contains(truth) == true { held["\(form)", default: 0] += 1 }
      }
    }
    for name in ["bias", "lower", "upper", "agreement", "consistency"] {
      let count = held[name] ?? 0
      #expect(Self.bounds.contains(count), "\(name): \(count) of \(Self.cohorts)")
    }
  }

  /// Two readers of one disc, each with its own radius and centre; a patient's lesions have one size and one wobble.
  private static func dice(_ generator: inout SplitMix64, patients: Int) throws -> (
    values: [Double], clusters: [String]
  ) {
    var (values, clusters): ([Double], [String]) = ([], [])
    for patient in 0..<patients {
      let (radius, wobble) = (4 + 2 * generator.unit(), 0.3 + 0.5 * generator.unit())
      for _ in 0...patient % 3 {
        let masks = (0..<2).map { _ -> [Bool] in
          let (x, y) = (9 + wobble * generator.normal(), 9 + wobble * generator.normal())
          let edge = radius + wobble * generator.normal()
          var mask = [Bool](repeating: false, count: 18 * 18)
          for row in 0..<18 {
            for column in 0..<18 {
              let (across, down) = (Double(column) - x, Double(row) - y)
              mask[18 * row + column] = across * across + down * down < edge * edge
            }
          }
          return mask
        }
        values.append(try MaskOverlap(masks[0], masks[1]).dice)
        clusters.append("\(patient)")
      }
    }
    return (values, clusters)
  }

  @Test func intervalsOfTheMeanDiceHoldTheTruth() throws {
    var generator = SplitMix64(seed: 22)
    // A cohort's mean varies by about 0.008; by fifty times as many patients by a seventh of it.
    let truth = try Agreement.mean(Self.dice(&generator, patients: 2000).values)
    #expect(truth > 0.8 && truth < 0.95)
    var held = 0
    for _ in 0..<Self.cohorts {
      let found = try Self.dice(&generator, patients: 40)
      let estimate = try Agreement.mean(found.values, clusters: found.clusters, samples: 100)
      if estimate.interval?.contains(truth) == true { held += 1 }
    }
    #expect(Self.bounds.contains(held), "\(held) of \(Self.cohorts)")
  }

  @Test func oneLesionForEachPatientHasTheTextbooksIntervals() throws {
    var generator = SplitMix64(seed: 23)
    let found = Self.measurements(&generator)
    let own = found.first.indices.map(String.init)
    let limits = try BlandAltman(found.first, found.second)
    #expect(try Agreement.limit(.bias, found.first, found.second, clusters: own) == limits.bias)
    #expect(try Agreement.limit(.upper, found.first, found.second, clusters: own) == limits.upper)
    let table = zip(found.first, found.second).map { [$0, $1] }
    let textbook = try IntraclassCorrelation(table)
    #expect(try Agreement.correlation(.agreement, table, clusters: own).interval == textbook.interval(.agreement))
    // With several lesions of a patient the value is the same, and the interval is over patients.
    let clustered = try Agreement.correlation(.agreement, table, clusters: found.clusters)
    #expect(clustered.value == textbook.value(.agreement))
    #expect(clustered.interval?.method == "bootstrap over patients")
    let bias = try Agreement.limit(.bias, found.first, found.second, clusters: found.clusters)
    #expect(bias.value == limits.bias.value && bias.interval?.method == "bootstrap over patients")
  }

  @Test func whatCannotBeStatedHasItsReason() throws {
    #expect(throws: NotEstimable.noCases) { try Agreement.mean([], clusters: []) }
    #expect(throws: NotEstimable.notFinite(1)) { try Agreement.mean([1, .nan], clusters: ["a", "b"]) }
    #expect(throws: NotEstimable.differentCases) { try Agreement.mean([1], clusters: ["a", "b"]) }
    #expect(throws: NotEstimable.differentCases) { try Agreement.limit(.bias, [1, 2], [1, 2], clusters: ["a"]) }
    #expect(throws: NotEstimable.differentCases) { try Agreement.correlation(.agreement, [[1, 2]], clusters: []) }
    #expect(try Agreement.mean([1, 2, 6], clusters: ["a", "a", "b"]).value == 3)
  }
}

extension SplitMix64 {
  /// A standard normal variate.
  fileprivate mutating func normal() -> Double { (-2 * log(1 - unit())).squareRoot() * cos(2 * Double.pi * unit()) }
}
