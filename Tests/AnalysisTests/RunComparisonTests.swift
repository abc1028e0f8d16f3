import Experiment
import Evaluation
import RunFixtures
import Study
import Testing
import Support

@testable import Analysis

/// Runs beside one another, against the room's own comparisons.
@Suite struct RunComparisonTests {
  @Test func differencesAreThoseOfTheSamePatients() throws {
    var fixture = try FixtureStudy()
    let runs = try fixture.pairOfRuns()
    let comparison = try RunComparison(runs, margin: 0.05)
    func patients(_ run: Run) throws -> [String: (label: Bool, score: Double)] {
      let rows = Dictionary(grouping: try PredictionTable.read(run.predictionsFile), by: \.patient)
      return rows.mapValues { rows in
        (rows.contains { $0.label == .high }, rows.reduce(0) { $0 + $1.probability } / Double(rows.count))
      }
    }
    let (first, second) = (try patients(runs[0]), try patients(runs[1]))
    let codes = first.keys.sorted()
    func cases(_ table: [String: (label: Bool, score: Double)]) -> Cases {
      Cases(labels: codes.map { table[$0]?.label ?? false }, scores: codes.map { table[$0]?.score ?? .nan })
    }
    let paired = try AUCComparison.paired(cases(second), cases(first))
    let area = try #require(comparison.differences.first { $0.test == "DeLong, paired" })
    #expect(area.later == 1 && area.earlier == 0 && area.measure == "AUC")
    #expect(abs(try #require(area.difference.value) - paired.value) < 1e-12)
    #expect(abs(try #require(area.pValue) - paired.pValue) < 1e-12 && area.adjustedPValue == area.pValue)
    #expect(area.verdict == .superior)
    let test = try McNemarTest(cases(second), cases(first), thresholds: (0.5, 0.5))
    let accuracy = try #require(comparison.differences.first { $0.measure == "accuracy" })
    #expect(accuracy.pValue == test.midPValue)
    #expect(comparison.haveSameFolds && comparison.patients.codes == codes)
    #expect(comparison.differences.count == 5)
  }

  @Test func onlyCommonPatientsOfOneClassAreCompared() throws {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 40)
    var fewer = predictions.filter { $0.patient != "case-40" }
    for index in fewer.indices where fewer[index].patient == "case-39" { fewer[index].label = .high }
    let comparison = try RunComparison([try fixture.run(predictions), try fixture.run(fewer)], margin: 0.1)
    #expect(comparison.patients.codes.count == 38 && !comparison.patients.codes.contains("case-39"))
    #expect(comparison.patients.sharedCount == 39 && comparison.patients.allCount == 40)
    // The runs agree on all that is left, so their difference has no width; that is a sentence.
    #expect(comparison.differences.first?.difference.note?.contains("does not vary") == true)
    #expect(comparison.differences.first?.verdict == nil)
  }

  @Test func runsThatDifferInTheirSeedsAreSummedUp() throws {
    var fixture = try FixtureStudy()
    var runs: [Run] = []
    for seed in 1...3 {
      let predictions = fixture.predictions(patients: 40)
      runs.append(try fixture.run(predictions) { $0.training?.seed = UInt64(seed) })
    }
    runs.append(try fixture.run(fixture.predictions(patients: 40), batchSize: 64))
    let comparison = try RunComparison(runs, margin: 0.05)
    #expect(comparison.seedGroups.map(\.runs) == [[0, 1, 2]])
    let values = try #require(comparison.seedGroups.first?.values.first { $0.metric.key == "auc" }?.values)
    #expect(try values == runs.prefix(3).map { try #require(RunContent($0).metrics.pooled.patient[.auc].value) })
    #expect(comparison.differences.count == 6 * 5)
    // Holm's correction never lowers a p-value.
    #expect(comparison.differences.allSatisfy { ($0.adjustedPValue ?? 1) >= ($0.pValue ?? 0) })
  }

  @Test func whatCannotBeComparedIsACleanError() throws {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 10)
    let run = try fixture.run(predictions)
    let others = fixture.predictions(patients: 10) { "other-\($0)" }
    let other = try fixture.run(others)
    for (runs, margin, phrase) in [
      ([run], 0.05, "two or more"), ([run, run], 0.05, "each once"), ([run, other], 0.05, "no patient"),
      ([run, other], 0, "margin"),
    ] {
      let error = #expect(throws: StudyError.self) { try RunComparison(runs, margin: margin) }
      #expect(error?.description.contains(phrase) == true, "\(phrase)")
    }
  }
}
