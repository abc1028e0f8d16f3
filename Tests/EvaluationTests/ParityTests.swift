import Testing

@testable import Evaluation

/// Against scikit-learn, scipy and numpy, on random and degenerate cases.
@Suite struct ParityTests {
  let reference: Reference

  init() throws { reference = try Reference.shared.get() }

  @Test func thereAreEnoughCasesOfEachKind() {
    #expect(reference.cases.count >= 200)
    #expect(reference.cases.count { $0.auc == nil } >= 4)
    #expect(reference.cases.count { Set($0.scores).count < $0.scores.count } >= 40)
  }

  @Test func confusionCountsAndRatesEqualScikitLearns() {
    for item in reference.cases {
      let matrix = ConfusionMatrix(item.cases, threshold: item.threshold)
      let counts = [matrix.truePositives, matrix.falsePositives, matrix.trueNegatives, matrix.falseNegatives]
      #expect(counts == item.counts, "\(item.name)")
      for (found, expected) in [
        (matrix.sensitivity, item.sensitivity), (matrix.specificity, item.specificity),
        (matrix.accuracy, item.accuracy),
        (matrix.positivePredictiveValue, item.ppv), (matrix.negativePredictiveValue, item.npv), (matrix.f1, item.f1),
        (matrix.balancedAccuracy, item.balancedAccuracy), (matrix.matthewsCorrelation, item.mcc),
      ] {
        #expect(agree(found, expected), "\(item.name)")
      }
    }
  }

  @Test func curvesAndAreasEqualScikitLearns() {
    for item in reference.cases {
      let curve = ROCCurve(item.cases)
      #expect(agree(curve?.auc, item.auc), "\(item.name)")
      let points = curve?.points ?? []
      #expect(points.count == item.fpr.count, "\(item.name)")
      for (point, (rates, threshold)) in zip(points, zip(zip(item.fpr, item.tpr), item.thresholds)) {
        #expect(agree(point.falsePositiveRate, rates.0) && agree(point.truePositiveRate, rates.1), "\(item.name)")
        #expect(point.threshold == threshold ?? .infinity, "\(item.name)")
      }
    }
  }

  @Test func deLongsAndObuchowskisVariancesEqualThoseOfAllPairs() {
    for item in reference.cases {
      #expect(agree(AUCInterval.deLong(item.cases), item.deLong), "\(item.name)")
      #expect(agree(AUCInterval.variance(item.cases), item.clusteredVariance), "\(item.name)")
    }
  }

  @Test func wilsonsIntervalEqualsScipys() {
    for item in reference.wilson {
      let interval = WilsonInterval.of(item.successes, in: item.trials, level: item.level)
      #expect(agree(interval, [item.lower, item.upper]), "\(item.successes) of \(item.trials)")
    }
  }

  @Test func wilsonsClusteredIntervalEqualsNumpys() {
    var compared = 0
    for item in reference.cases {
      guard let expected = item.clusteredWilson else { continue }
      let right = zip(item.labels, item.scores).map { ($0 == 1) == ($1 >= item.threshold) }
      #expect(agree(WilsonInterval.of(right, clusters: item.clusters), expected), "\(item.name)")
      compared += 1
    }
    #expect(compared >= 100)
  }

  @Test func newcombesIntervalEqualsARootFinders() {
    for item in reference.newcombe {
      let interval = AUCInterval.newcombe(auc: item.auc, positives: item.positives, negatives: item.negatives)
      #expect(agree(interval, [item.lower, item.upper], within: 1e-9), "\(item.auc)")
    }
  }

  @Test func aggregatesEqualNumpys() {
    for item in reference.grouped {
      let cases = Cases(labels: item.scores.map { $0 > 0.5 }, scores: item.scores, clusters: item.groups)
      for (aggregate, expected) in [
        (Aggregate.mean, item.mean), (Aggregate.maximum, item.maximum), (Aggregate.noisyOr, item.noisyOr),
      ] {
        let grouped = cases.grouped(by: item.groups, aggregate)
        #expect(grouped.count == expected.count)
        #expect(zip(grouped.scores, expected).allSatisfy { agree($0, $1) })
      }
    }
  }
}
