import Foundation
import Testing

@testable import Evaluation

@Suite struct LevelMetricsTests {
  func json(_ metrics: LevelMetrics) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(metrics)) as? [String: Any])
  }

  @Test func everyKeyIsWrittenAndReadBack() throws {
    let metrics = LevelMetrics(
      Cases(labels: [true, true, false, false, false], scores: [0.9, 0.4, 0.6, 0.2, 0.1]), threshold: 0.5)
    let object = try json(metrics)
    let expected: Set = [
      "n", "positives", "clusters", "threshold", "auc", "aucInterval", "sensitivity", "sensitivityInterval",
      "specificity",
      "specificityInterval", "accuracy", "accuracyInterval", "truePositives", "falsePositives", "trueNegatives",
      "falseNegatives", "ppv", "npv", "f1", "balancedAccuracy", "mcc", "note",
    ]
    #expect(Set(object.keys) == expected)
    #expect(object["n"] as? Int == 5)
    #expect(object["truePositives"] as? Int == 1)
    #expect(agree(object["auc"] as? Double, 5.0 / 6))
    #expect(object["note"] is NSNull)
    #expect((object["aucInterval"] as? [String: Any])?["method"] as? String == "DeLong")
    #expect(try JSONDecoder().decode(LevelMetrics.self, from: JSONEncoder().encode(metrics)) == metrics)
  }

  @Test func oneClassIsNullWithAReason() throws {
    let negatives = LevelMetrics(Cases(labels: [false, false], scores: [0.2, 0.7]), threshold: 0.5)
    #expect(negatives.auc == nil && negatives.aucInterval == nil && negatives.sensitivity == nil)
    #expect(negatives.specificity == 0.5)
    #expect(negatives.note?.contains("no positive case") == true)
    #expect(try json(negatives)["auc"] is NSNull)
    let positives = LevelMetrics(Cases(labels: [true], scores: [0.7]), threshold: 0.5)
    #expect(positives.specificity == nil && positives.sensitivity == 1)
    #expect(positives.note?.contains("no negative case") == true)
    let none = LevelMetrics(Cases(labels: [], scores: []), threshold: 0.5)
    #expect(none.n == 0 && none.accuracy == nil && none.accuracyInterval == nil)
    #expect(none.note == "There are no cases.")
  }

  @Test func aProbabilityThatIsNoNumberIsLeftOutAndSaidSo() {
    let cases = Cases(labels: [true, false, true, false], scores: [.nan, 0.1, 0.8, .infinity])
    let metrics = LevelMetrics(cases, threshold: 0.5)
    #expect(metrics.n == 2 && metrics.auc == 1)
    #expect(metrics.note?.contains("2 cases are left out") == true)
    #expect(ROCCurve(cases) == nil)
    #expect(AUCInterval.bootstrap(cases) == nil)
  }

  @Test func aPerfectSeparationStillHasAnInterval() throws {
    let slices = Cases(
      labels: [true, true, true, false, false, false], scores: [0.9, 0.8, 0.9, 0.1, 0.2, 0.1],
      clusters: ["a", "a", "b", "c", "c", "d"])
    let metrics = LevelMetrics(slices, threshold: 0.5)
    let interval = try #require(metrics.aucInterval)
    #expect(metrics.auc == 1 && interval.upper == 1 && interval.lower < 0.6)
    #expect(interval == AUCInterval.newcombe(auc: 1, positives: 2, negatives: 2))
    // All right, over two patients: as wide as two right in two.
    #expect(metrics.sensitivityInterval?.lower == WilsonInterval.of(2, in: 2)?.lower)
  }

  @Test func levelsThatAreClusteredTakeTheClusteredIntervals() {
    let labels = (0..<40).map { $0 % 8 < 3 }
    let scores: [Double] = (0..<40).map { Double($0 * 7 % 40) / 40 + (labels[$0] ? 0.2 : 0) }
    let clustered = LevelMetrics(
      Cases(labels: labels, scores: scores, clusters: (0..<40).map { "\($0 % 8)" }), threshold: 0.5)
    #expect(clustered.clusters == 8)
    #expect(clustered.aucInterval?.method == "bootstrap over patients")
    #expect(clustered.accuracyInterval?.method.contains("effective sample size") == true)
    let independent = LevelMetrics(Cases(labels: labels, scores: scores), threshold: 0.5)
    #expect(independent.aucInterval?.method == "DeLong")
    #expect(
      independent.accuracyInterval == WilsonInterval.of(independent.truePositives + independent.trueNegatives, in: 40))
  }

  @Test func aPatientIsHighWhereAnyLesionIs() {
    let slices = Cases(labels: [false, false, true], scores: [0.2, 0.4, 0.9], clusters: ["p", "p", "p"])
    let patients = slices.grouped(by: slices.clusters, .mean)
    #expect(patients.labels == [true])
    #expect(agree(patients.scores[0], 0.5))
    #expect(Aggregation.maximum.combine([]) == nil)
    #expect(Aggregation.maximum.combine([0.1, .nan])?.isNaN == true)
  }
}
