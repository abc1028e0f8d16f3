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
      "falseNegatives", "ppv", "npv", "f1", "balancedAccuracy", "mcc", "ppvInterval", "npvInterval", "f1Interval",
      "balancedAccuracyInterval", "mccInterval", "note",
    ]
    #expect(Set(object.keys) == expected)
    #expect(object["n"] as? Int == 5)
    #expect(object["truePositives"] as? Int == 1)
    #expect(metrics.n == 5 && metrics.positives == 2 && object["positives"] as? Int == 2)
    #expect(agree(object["auc"] as? Double, 5.0 / 6))
    #expect(object["note"] is NSNull)
    #expect((object["aucInterval"] as? [String: Any])?["method"] as? String == "DeLong, logit, t")
    #expect(try JSONDecoder().decode(LevelMetrics.self, from: JSONEncoder().encode(metrics)) == metrics)
  }

  @Test func oneClassIsNullWithAReason() throws {
    let negatives = LevelMetrics(Cases(labels: [false, false], scores: [0.2, 0.7]), threshold: 0.5)
    #expect(negatives[.auc].value == nil && negatives[.auc].interval == nil && negatives[.sensitivity].value == nil)
    #expect(negatives[.specificity].value == 0.5)
    #expect(negatives.note?.contains("no positive case") == true)
    #expect(try json(negatives)["auc"] is NSNull)
    let positives = LevelMetrics(Cases(labels: [true], scores: [0.7]), threshold: 0.5)
    #expect(positives[.specificity].value == nil && positives[.sensitivity].value == 1)
    #expect(positives.note?.contains("no negative case") == true)
    let none = LevelMetrics(Cases(labels: [], scores: []), threshold: 0.5)
    #expect(none.n == 0 && none[.accuracy].value == nil && none[.accuracy].interval == nil)
    #expect(none.note == "There are no cases.")
  }

  @Test func aProbabilityThatIsNoNumberIsLeftOutAndSaidSo() {
    let cases = Cases(labels: [true, false, true, false], scores: [.nan, 0.1, 0.8, .infinity])
    let metrics = LevelMetrics(cases, threshold: 0.5)
    #expect(metrics.n == 2 && metrics[.auc].value == 1)
    #expect(metrics.note?.contains("2 cases are excluded") == true)
    #expect(ROCCurve(cases) == nil)
    #expect(AUCInterval.bootstrap(cases) == nil)
  }

  @Test func aPerfectSeparationStillHasAnInterval() throws {
    let slices = Cases(
      labels: [true, true, true, false, false, false], scores: [0.9, 0.8, 0.9, 0.1, 0.2, 0.1],
      clusters: ["a", "a", "b", "c", "c", "d"])
    let metrics = LevelMetrics(slices, threshold: 0.5)
    let interval = try #require(metrics[.auc].interval)
    #expect(metrics[.auc].value == 1 && interval.upper == 1 && interval.lower < 0.6)
    #expect(interval == AUCInterval.newcombe(auc: 1, positives: 2, negatives: 2))
    // All right, over two patients: as wide as two right in two.
    #expect(metrics[.sensitivity].interval?.lower == WilsonInterval.of(2, in: 2)?.lower)
  }

  /// Neither DeLong's nor the bootstrap's interval has a width here.
  @Test func oneProbabilityForAllStillHasAnInterval() throws {
    let labels = (0..<40).map { $0 < 14 }
    let patients = Cases(labels: labels, scores: labels.map { _ in 0.3 })
    #expect(AUCInterval.deLong(patients)?.width == 0)
    let slices = Cases(
      labels: labels + labels, scores: (labels + labels).map { _ in 0.3 }, clusters: (0..<80).map { "\($0 % 40)" })
    #expect(AUCInterval.bootstrap(slices)?.width == 0)
    for cases in [patients, slices] {
      let metrics = LevelMetrics(cases, threshold: 0.5)
      let interval = try #require(metrics[.auc].interval)
      #expect(metrics[.auc].value == 0.5)
      #expect(interval == AUCInterval.newcombe(auc: 0.5, positives: 14, negatives: 26))
      #expect(interval.method == "Newcombe" && interval.width > 0.3 && interval.contains(0.5))
      #expect(metrics.note?.contains("same probability") == true)
    }
  }

  @Test func oneCaseOfAClassAndPatientsAllAlikeHaveNewcombesInterval() throws {
    let one = LevelMetrics(Cases(labels: [true, false, false, false], scores: [0.4, 0.1, 0.6, 0.3]), threshold: 0.5)
    #expect(one[.auc].interval == AUCInterval.newcombe(auc: 2.0 / 3, positives: 1, negatives: 3))
    #expect(one.note?.contains("Newcombe") == true)
    // Every patient has the same slices, so every draw of patients has the same AUC.
    let alike = Cases(
      labels: (0..<30).map { $0 % 3 == 0 }, scores: (0..<30).map { [0.5, 0.4, 0.6][$0 % 3] },
      clusters: (0..<30).map { "\($0 / 3)" })
    #expect(AUCInterval.bootstrap(alike)?.width == 0)
    #expect(AUCInterval.standard(alike) == AUCInterval.newcombe(auc: 0.5, positives: 10, negatives: 10))
    // One patient with every positive slice: the bootstrap cannot know how another such patient would do.
    let single = Cases(
      labels: [true, true, false, false, false, false], scores: [0.5, 0.7, 0.6, 0.2, 0.1, 0.4],
      clusters: ["a", "a", "b", "b", "c", "c"])
    #expect(AUCInterval.standard(single)?.method == "Newcombe")
  }

  @Test func everyMetricHasAKeyOfItsOwnAndComesBackFromJSON() throws {
    let keys = Metric.all.flatMap { [$0.key, "\($0.key)Interval"] }
    #expect(Set(keys).count == keys.count)
    let metrics = LevelMetrics(
      Cases(labels: [true, true, false, false, false], scores: [0.9, 0.4, 0.6, 0.2, 0.1]), threshold: 0.5)
    let object = try json(metrics)
    for metric in Metric.all {
      #expect(agree(try #require(object[metric.key] as? Double), metrics[metric].value), "\(metric.key)")
    }
    // A file from before a metric was added can still be read.
    let text = String(decoding: try JSONEncoder().encode(metrics), as: UTF8.self)
    let older = try #require(
      text.replacing(/"mcc":[-0-9.e]+,?/, with: "").replacing(",}", with: "}").data(using: .utf8))
    let read = try JSONDecoder().decode(LevelMetrics.self, from: older)
    let mcc = try #require(Metric.all.first { $0.key == "mcc" })
    #expect(read[mcc].value == nil && metrics[mcc].value != nil && read.confusion == metrics.confusion)
  }

  @Test func levelsThatAreClusteredTakeTheClusteredIntervals() {
    let labels = (0..<40).map { $0 % 8 < 3 }
    let scores: [Double] = (0..<40).map { Double($0 * 7 % 40) / 40 + (labels[$0] ? 0.2 : 0) }
    let clustered = LevelMetrics(
      Cases(labels: labels, scores: scores, clusters: (0..<40).map { "\($0 % 8)" }), threshold: 0.5)
    #expect(clustered.clusters == 8)
    #expect(clustered[.auc].interval?.method == "Obuchowski, logit, t")
    #expect(clustered[.accuracy].interval?.method.contains("effective sample size") == true)
    let independent = LevelMetrics(Cases(labels: labels, scores: scores), threshold: 0.5)
    #expect(independent[.auc].interval?.method == "DeLong, logit, t")
    #expect(
      independent[.accuracy].interval
        == WilsonInterval.of(independent.confusion.truePositives + independent.confusion.trueNegatives, in: 40))
  }

  @Test func aPatientIsHighWhereAnyLesionIs() {
    let slices = Cases(labels: [false, false, true], scores: [0.2, 0.4, 0.9], clusters: ["p", "p", "p"])
    let patients = slices.grouped(by: slices.clusters, Aggregate.mean)
    #expect(patients.labels == [true])
    #expect(agree(patients.scores[0], 0.5))
    for aggregate in [Aggregate.mean, Aggregate.maximum, Aggregate.noisyOr] {
      #expect(aggregate([0.1, .nan, 0.2]).isNaN)
    }
  }
}
