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
    let decisions = try PairedDecisions(cases(second), cases(first), thresholds: (0.5, 0.5))
    let accuracy = try #require(comparison.differences.first { $0.measure == "accuracy" })
    #expect(accuracy.pValue == decisions.mcNemar.exactPValue)
    #expect(accuracy.difference.interval == decisions.interval())
    #expect(accuracy.noWorsePValue == decisions.noWorsePValue(margin: 0.05))
    #expect(comparison.haveSameFolds && comparison.patients.codes == codes)
    #expect(comparison.differences.count == 4)
  }

  /// Eleven patients, and one of them alone is called otherwise: nothing is shown by that, either way.
  @Test(arguments: [5, 6, 8, 11, 20, 40], [true, false])
  func onePatientDecidesNothing(patients: Int, isLaterRight: Bool) throws {
    var fixture = try FixtureStudy()
    func predictions(_ isRight: Bool) -> [Prediction] {
      (0..<patients).map { patient in
        // Every third is wrong in both runs, the first in one of them.
        let isHigh = patient % 2 == 0
        let isCalledRight = patient == 0 ? isRight : patient % 3 > 0
        return Prediction(
          patient: FixtureStudy.code(patient), lesion: "L1", slice: "1.2.\(patient)", fold: patient % 5,
          label: isHigh ? .high : .low,
          probability: (isHigh == isCalledRight ? 0.55 : 0.45) + Double(patient) / 1000)
      }
    }
    let runs = [try fixture.run(predictions(!isLaterRight)), try fixture.run(predictions(isLaterRight))]
    for difference in try RunComparison(runs, margin: 0.05).differences where difference.measure != "AUC" {
      if difference.measure == "specificity" {
        #expect(difference.difference.value == 0)
      } else {
        #expect((difference.difference.value ?? 0 > 0) == isLaterRight)
      }
      // With 40 patients one more that is right is no loss of 0.05; with fewer it may be.
      if difference.verdict != .inconclusive {
        #expect(patients == 40 && isLaterRight && difference.verdict == .nonInferior)
      }
      #expect((difference.noWorsePValue ?? 1 < 0.025) == (difference.verdict == .nonInferior))
      #expect(difference.pValue == 1)
    }
  }

  /// Interval and test must agree on a difference: an interval beside 0 whose p-value is above 0.05 shows none.
  @Test func verdictsAgreeWithTheTest() {
    func verdict(_ lower: Double, _ upper: Double, _ pValue: Double?) -> Verdict {
      Verdict(Interval(lower: lower, upper: upper, level: 0.95, method: ""), pValue: pValue, margin: 0.05)
    }
    #expect(verdict(0.01, 0.3, 0.02) == .superior && verdict(0.01, 0.3, 0.06) == .nonInferior)
    #expect(verdict(-0.04, 0.3, 0.2) == .nonInferior && verdict(-0.04, -0.01, 0.01) == .nonInferior)
    #expect(verdict(-0.3, -0.06, 0.01) == .inferior && verdict(-0.51, -0.026, 0.07) == .inconclusive)
    #expect(verdict(-0.06, 0.3, 0.2) == .inconclusive && verdict(-0.06, 0.3, nil) == .inconclusive)
    #expect(verdict(0.01, 0.3, nil) == .nonInferior && verdict(-0.3, -0.06, nil) == .inconclusive)
  }

  /// Two runs of eleven real patients that differ in one call: a whole patient of five is no proof of being no worse.
  @Test func theCaseOfElevenPatientsIsInconclusive() throws {
    let patients: [(isHigh: Bool, fold: Int, first: Double, second: Double)] = [
      (false, 0, 0.521, 0.551),
      (true, 0, 0.466, 0.482),
      (true, 0, 0.519, 0.517),
      (false, 1, 0.54, 0.576),
      (true, 1, 0.531, 0.557),
      (false, 2, 0.544, 0.563),
      (true, 2, 0.531, 0.577),
      (false, 3, 0.579, 0.609),
      (true, 3, 0.492, 0.531),
      (false, 4, 0.579, 0.549),
      (true, 4, 0.611, 0.616),
    ]
    var fixture = try FixtureStudy()
    let runs = try [true, false].map { isFirst in
      try fixture.run(
        patients.enumerated().map { place, patient in
          Prediction(
            patient: FixtureStudy.code(place), lesion: "1", slice: "1.2.\(place)", fold: patient.fold,
            label: patient.isHigh ? .high : .low, probability: isFirst ? patient.first : patient.second)
        }, epochs: 0)
    }
    let differences = try RunComparison(runs, margin: 0.05).differences
    for measure in ["accuracy", "sensitivity"] {
      let found = try #require(differences.first { $0.measure == measure })
      #expect(found.verdict == .inconclusive && found.difference.interval?.lower ?? 0 < -0.07, "\(measure)")
    }
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
    #expect(comparison.differences.count == 6 * 4)
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
