import Foundation
import Support
import Testing

@testable import Evaluation

@Suite struct PropertyTests {
  /// Patients with several alike slices each: scores share the patient's own shift.
  func clustered(patients: Int, slices: Int, signal: Double, _ generator: inout SplitMix64) -> Cases {
    func normal() -> Double {
      let u = max(Double.random(in: 0..<1, using: &generator), 1e-300)
      return (-2 * log(u)).squareRoot() * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
    }
    var (labels, scores, clusters) = ([Bool](), [Double](), [String]())
    for patient in 0..<patients {
      let isHigh = patient % 3 == 0
      let shift = normal() + (isHigh ? signal : 0)
      for _ in 0..<slices {
        labels.append(isHigh)
        scores.append(1 / (1 + exp(-shift - 0.3 * normal())))
        clusters.append("\(patient)")
      }
    }
    return Cases(labels: labels, scores: scores, clusters: clusters)
  }

  @Test func theBootstrapDependsOnItsSeedAlone() {
    var generator = SplitMix64(seed: 4)
    let cases = clustered(patients: 30, slices: 6, signal: 1, &generator)
    let first = AUCInterval.bootstrap(cases, samples: 500, seed: 7)
    #expect(first == AUCInterval.bootstrap(cases, samples: 500, seed: 7))
    #expect(first != AUCInterval.bootstrap(cases, samples: 500, seed: 8))
  }

  @Test func theBootstrapIsWiderWhereSlicesCountAsPatients() throws {
    var generator = SplitMix64(seed: 5)
    for _ in 0..<5 {
      let cases = clustered(patients: 36, slices: 12, signal: 1, &generator)
      let byPatient = try #require(AUCInterval.bootstrap(cases, samples: 500))
      let bySlice = try #require(
        AUCInterval.bootstrap(Cases(labels: cases.labels, scores: cases.scores), samples: 500))
      let obuchowski = 2 * 1.96 * (try #require(AUCInterval.variance(cases))).squareRoot()
      #expect(byPatient.width > 2 * bySlice.width)
      #expect(abs(obuchowski - byPatient.width) < 0.4 * obuchowski)
      let auc = try #require(ROCCurve(cases)?.auc)
      #expect(byPatient.contains(auc))
    }
  }

  /// 200 cohorts: between 90% and 99% of the nominal 95% intervals must hold the true AUC, those that take slices for
  /// patients far fewer.
  @Test func clusteredIntervalsCoverWhereNaiveOnesDoNot() throws {
    var generator = SplitMix64(seed: 6)
    // The difference of two scores is normal with mean 1 and variance 2 (1 + 0.09).
    let truth = 0.5 * erfc(-1 / (2 * (1 + 0.09)).squareRoot() / 2.0.squareRoot())
    var covered = (bootstrap: 0, naive: 0)
    for _ in 0..<200 {
      let cases = clustered(patients: 60, slices: 5, signal: 1, &generator)
      let bootstrap = try #require(AUCInterval.bootstrap(cases, samples: 400, seed: generator.next()))
      let naive = try #require(AUCInterval.deLong(cases))
      covered.bootstrap += bootstrap.contains(truth) ? 1 : 0
      covered.naive += naive.contains(truth) ? 1 : 0
    }
    #expect((180...198).contains(covered.bootstrap))
    #expect(covered.naive < 150)
  }

  @Test func clustersAreDrawnWhole() throws {
    // Each cluster has one positive above its one negative: whatever is drawn, no draw can lose half a cluster.
    let cases = Cases(
      labels: [true, false, true, false], scores: [0.9, 0.1, 0.4, 0.6], clusters: ["a", "a", "b", "b"])
    let bootstrap = try #require(ClusterBootstrap(cases))
    #expect(bootstrap.auc([2, 0]) == 1)
    #expect(bootstrap.auc([0, 2]) == 0)
    #expect(bootstrap.auc([1, 1]) == ROCCurve(cases)?.auc)
    #expect(Set(bootstrap.aucs(samples: 200, seed: 1)) == [0, 0.75, 1])
    var generator = SplitMix64(seed: 2)
    for _ in 0..<50 {
      let drawn = ClusterBootstrap.multiplicities(of: 7, using: &generator)
      #expect(drawn.reduce(0, +) == 7)
    }
  }

  @Test func aWeightedDrawEqualsTheRepeatedCases() throws {
    var generator = SplitMix64(seed: 9)
    let cases = clustered(patients: 9, slices: 3, signal: 0.5, &generator)
    let rounded = Cases(
      labels: cases.labels, scores: cases.scores.map { ($0 * 10).rounded() / 10 }, clusters: cases.clusters)
    let bootstrap = try #require(ClusterBootstrap(rounded))
    for _ in 0..<50 {
      let drawn = ClusterBootstrap.multiplicities(of: 9, using: &generator)
      let repeated = rounded.labels.indices.flatMap { index in
        Array(repeating: index, count: drawn[Int(rounded.clusters[index]) ?? 0])
      }
      let copies = Cases(labels: repeated.map { rounded.labels[$0] }, scores: repeated.map { rounded.scores[$0] })
      #expect(bootstrap.auc(drawn) == ROCCurve(copies)?.auc)
    }
  }

  @Test func theNormalQuantileIsTheTabulatedOne() {
    #expect(abs(Normal.quantile(0.975) - 1.959963984540054) < 1e-14)
  }

  @Test func theAreaIsUntouchedByARisingTransformAndMirroredByASwap() {
    var generator = SplitMix64(seed: 10)
    for _ in 0..<100 {
      let count = 2 + generator.below(30)
      let labels = [true, false] + (2..<count).map { _ in generator.below(2) == 1 }
      let scores = labels.map { _ in Double(generator.below(12)) / 12 }
      let auc = ROCCurve(Cases(labels: labels, scores: scores))?.auc
      #expect(ROCCurve(Cases(labels: labels, scores: scores.map { exp(3 * $0) }))?.auc == auc)
      #expect(agree(ROCCurve(Cases(labels: labels.map { !$0 }, scores: scores))?.auc, auc.map { 1 - $0 }))
    }
  }
}
