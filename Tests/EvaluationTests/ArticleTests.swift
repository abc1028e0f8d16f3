import Evaluation
import Testing

@Suite struct ArticleTests {
  @Test func casesAndWhatFollowsFromThem() throws {
    let slices = Cases(
      labels: [true, true, true, false, false, false, true, false],
      scores: [0.9, 0.8, 0.4, 0.3, 0.5, 0.2, 0.7, 0.1],
      clusters: ["a", "a", "b", "c", "c", "d", "e", "f"])
    let curve = ROCCurve(slices)
    let interval = AUCInterval.standard(slices)
    let metrics = LevelMetrics(slices, threshold: 0.5)
    let sensitivity = metrics[.sensitivity]
    #expect(curve?.auc == 15.0 / 16 && interval?.contains(15.0 / 16) == true)
    #expect(sensitivity.value == 0.75 && metrics.clusters == 6)
  }
}
