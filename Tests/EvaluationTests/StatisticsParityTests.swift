import Testing

@testable import Evaluation

/// Against scikit-learn, statsmodels, scipy and R's pROC, on random and degenerate sets.
@Suite struct StatisticsParityTests {
  let reference: StatisticsReference

  init() throws { reference = try StatisticsReference.shared.get() }

  @Test func bothSidesDrewTheSameData() {
    #expect(reference.sets.count >= 200)
    for (index, data, expected) in reference.all {
      let scores = data.models.flatMap(\.scores).reduce(0, +)
      let clusters = data.models[0].clusters.compactMap(Double.init).reduce(0, +)
      #expect(agree([scores + Double(data.models[0].positives) + clusters / 1000], [expected.sum]), "set \(index)")
    }
  }

  @Test func areasOfClustersEqualThoseOfAllPairs() {
    for (index, data, expected) in reference.all {
      #expect(agree((try? AUCInterval.logit(data.models[0]))?.limits, expected.logit), "set \(index)")
      let paired = try? AUCComparison.paired(data.models[0], data.models[1])
      #expect(
        agree(paired.map { [$0.value, $0.standardError] + $0.interval.limits + [$0.pValue] }, expected.paired),
        "set \(index)")
      let overall = try? AUCComparison.overall(data.models)
      #expect(agree(overall.map { [$0.statistic, $0.pValue] }, expected.overall), "set \(index)")
    }
  }

  @Test func deLongsIntervalAndPairedTestEqualPROCs() {
    var compared = 0
    for (index, data, expected) in reference.all {
      guard let proc = expected.proc else { continue }
      // pROC knows no clusters.
      let models = data.models.map { Cases(labels: $0.labels, scores: $0.scores) }
      let interval = proc.interval.contains(nil) ? nil : proc.interval.compactMap { $0 }
      #expect(agree(AUCInterval.deLong(models[0])?.limits, interval), "set \(index)")
      guard let paired = try? AUCComparison.paired(models[0], models[1]), let statistic = proc.statistic, let p = proc.p
      else { continue }
      #expect(agree([paired.value / paired.standardError, paired.pValue], [statistic, p]), "set \(index)")
      compared += 1
    }
    #expect(compared >= 140)
  }

  /// Two draws of 2,000 differ in their limits by some 0.02 of the width (standard deviation), since each is an order statistic.
  @Test func theBootstrapsIntervalIsNearPROCs() throws {
    var distances: [Double] = []
    for (index, data, expected) in reference.all {
      guard let limits = expected.proc?.bootstrap else { continue }
      let cases = Cases(labels: data.models[0].labels, scores: data.models[0].scores)
      let interval = try #require(AUCInterval.bootstrap(cases))
      let width = limits[1] - limits[0]
      for (own, other) in zip(interval.limits, limits) {
        #expect(abs(own - other) <= 0.12 * width + 1e-9, "set \(index): \(interval.limits) and \(limits)")
        if width > 0 { distances.append((own - other) / width) }
      }
    }
    #expect(distances.count > 100)
    // Neither side is the wider one.
    #expect(abs(distances.reduce(0, +) / Double(distances.count)) < 0.01)
  }

  @Test func calibrationEqualsStatsmodelsAndScikitLearns() {
    for (index, data, expected) in reference.all {
      let cases = data.models[0]
      // One patient with all cases of a class has a fit and a sandwich, but no degrees of freedom for an interval.
      if !cases.isClustered || [true, false].allSatisfy({ cases.clusterCount(positive: $0) > 1 }) {
        #expect(
          agree((try? Calibration.intercept(cases))?.valueAndError(cases), expected.intercept), "set \(index)")
        #expect(agree((try? Calibration.slope(cases))?.valueAndError(cases), expected.slope), "set \(index)")
      } else {
        #expect((try? Calibration.intercept(cases)) == nil && (try? Calibration.slope(cases)) == nil)
      }
      #expect(
        agree((try? Recalibration.temperature(cases)).map { [$0.temperature] }, expected.temperature), "set \(index)")
      let platt = try? Recalibration.platt(cases)
      #expect(agree(platt.map { [$0.intercept, $0.slope] }, expected.platt), "set \(index)")
    }
  }

  @Test func brierScoreAndReliabilityEqualScikitLearns() throws {
    for (index, data, expected) in reference.all {
      let cases = data.models[0]
      let curve = try ReliabilityCurve(cases, binning: .quantiles(4))
      #expect(agree(curve.bins.map(\.predicted) + curve.bins.map(\.share), expected.reliability), "set \(index)")
      let brier = try BrierScore(cases, binning: .quantiles(4))
      #expect(
        agree(
          [brier.value, brier.reliability, brier.resolution, brier.uncertainty, curve.expectedCalibrationError],
          expected.brier), "set \(index)")
    }
  }

  @Test func decisionsEqualTheReference() throws {
    for (index, data, expected) in reference.all {
      let cases = data.models[0]
      #expect(
        agree((try? PrecisionRecallCurve(cases))?.averagePrecision, expected.average, within: 1e-9), "set \(index)")
      if let curve = try? DecisionCurve(cases, thresholds: [0.1, 0.35, 0.5, 0.8], samples: 1) {
        #expect(agree(curve.points.compactMap(\.model.value), expected.net), "set \(index)")
      } else {
        #expect(expected.average == nil, "set \(index)")
      }
      let independent = data.models.map { Cases(labels: $0.labels, scores: $0.scores) }
      let mcNemar = try PairedDecisions(independent[0], independent[1], thresholds: (0.5, 0.5)).mcNemar
      #expect(agree([mcNemar.exactPValue, mcNemar.midPValue], expected.mcnemar), "set \(index)")
    }
  }

  @Test func thresholdsEqualScikitLearns() throws {
    for (index, data, expected) in reference.all {
      guard let thresholds = expected.thresholds else { continue }
      let cases = data.models[0]
      #expect(try ThresholdRule.youden.threshold(for: cases) == thresholds[0], "set \(index)")
      #expect(try ThresholdRule.sensitivity(atLeast: 0.9).threshold(for: cases) == thresholds[1], "set \(index)")
      let specific = try ThresholdRule.specificity(atLeast: 0.8).threshold(for: cases)
      #expect(specific == thresholds[2] ?? cases.scores.max()?.nextUp, "set \(index)")
    }
  }

  @Test func predictiveValuesEqualTheRootsOfMOVER() throws {
    for (index, data, expected) in reference.all {
      guard let predictive = expected.predictive else { continue }
      let independent = Cases(labels: data.models[0].labels, scores: data.models[0].scores)
      let curve = try PredictiveValues.curve(independent, threshold: 0.5, prevalences: [0.1, 0.285, 0.9])
      let found: [Double?] = curve.flatMap { [$0.positive, $0.negative] }.flatMap { result -> [Double?] in
        guard case .success(let estimate) = result else { return [nil, nil, nil] }
        return [estimate.value, estimate.interval?.lower, estimate.interval?.upper]
      }
      #expect(zip(found, predictive).allSatisfy { agree($0, $1, within: 1e-9) }, "set \(index)")
      #expect(found.count == predictive.count)
    }
  }

  @Test func subgroupsEqualStatsmodels() throws {
    for (index, data, expected) in reference.all {
      let analysis = try SubgroupAnalysis(data.models[0], groups: data.groups)
      let found = try? analysis.heterogeneity()
      #expect(
        agree(found.map { [$0.test.statistic, $0.test.pValue, $0.iSquared] }, expected.heterogeneity), "set \(index)")
      let interaction = try? analysis.logisticInteraction()
      #expect(agree(interaction.map { [$0.statistic, $0.pValue] }, expected.interaction), "set \(index)")
    }
  }

  @Test func baselinesEqualStatsmodelsAndScikitLearns() {
    for (index, data, expected) in reference.all {
      let rows = zip(data.models[0].scores, data.models[1].scores).map { [$0, $1] }
      for (ridge, expected) in [(0, expected.plain), (2.0, expected.ridge)] {
        let baseline = try? LogisticBaseline(
          rows: rows, labels: data.models[0].labels, folds: rows.indices.map { $0 % 3 }, ridge: ridge)
        #expect(agree(baseline.map { Array($0.probabilities.prefix(3)) }, expected), "set \(index)")
      }
    }
  }

  @Test func correctionsAndDistributionsEqualStatsmodelsAndScipys() {
    for item in reference.holm { #expect(agree(HolmCorrection.adjusted(item.given), item.adjusted)) }
    for item in reference.mcnemar {
      let test = McNemarTest(firstOnly: item.first, secondOnly: item.second)
      #expect(agree([test.exactPValue, test.midPValue], [item.exact, item.mid]))
    }
    for item in reference.chiSquare {
      #expect(agree([ChiSquare.survival(item.statistic, degrees: item.degrees)], [item.p]))
    }
    for item in reference.student {
      #expect(agree([StudentT.quantile(item.p, degrees: Double(item.degrees))], [item.statistic]))
    }
  }

  @Test func plannedSizesEqualThoseOfTryingEach() throws {
    for item in reference.planned {
      let patients = try PlannedPrecision.patients(forAUC: item.auc, width: item.width, positiveShare: item.share)
      #expect([patients.positives, patients.negatives] == item.sizes)
      #expect(agree([try PlannedPrecision.widthOfAUC(item.auc, patients: patients)], [item.widthOfAUC]))
      let count = try PlannedPrecision.patients(forProportion: item.auc, width: item.width)
      #expect(count == item.count)
      #expect(agree([try PlannedPrecision.widthOfProportion(item.auc, patients: count)], [item.widthOfProportion]))
    }
  }
}
