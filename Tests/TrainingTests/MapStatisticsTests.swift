import Study
import Testing

@testable import Experiment
@testable import Training

@Suite struct MapStatisticsTests {
  @Test func energyIsTheShareOfTheSum() throws {
    #expect(MapStatistics.energyInside([1, 2, 3, 4], [0, 1, 0, 0.5]) == 0.4)
    #expect(MapStatistics.energyInside([1, 2], [1, 1]) == 1)
    #expect(MapStatistics.energyInside([1, 0], [0, 1]) == 0)
  }

  @Test func aMapOfZerosHasNoShareAndNeitherHasASliceWithoutContour() {
    #expect(MapStatistics.energyInside([0, 0], [1, 0]) == nil)
    #expect(MapStatistics.energyInside([1, 2], [0, 0]) == nil)
    #expect(MapStatistics.energyInside([.nan, 2], [1, 0]) == nil)
    #expect(MapStatistics.energyInside([.infinity, 2], [1, 0]) == nil)
  }

  /// Against scipy 1.17.1's `spearmanr`.
  @Test func rankCorrelationsAgree() throws {
    let pairs: [([Float], [Float], Double)] = [
      ([1, 2, 2, 3, 5], [2, 1, 4, 4, 6], 0.7631578947368421),
      ([0, 0, 0, 0.5, 0.25, 1], [3, 1, 2, 0, 5, 4], 0.21251185925162072),
      ([1, 2, 3, 4], [4, 3, 2, 1], -1), ([1, 2, 3], [10, 20, 21], 1),
    ]
    for (first, second, expected) in pairs {
      let found = try #require(MapStatistics.rankCorrelation(first, second))
      #expect(abs(found - expected) < 1e-12)
    }
    #expect(MapStatistics.rankCorrelation([0, 0, 0], [1, 2, 3]) == nil)
    #expect(MapStatistics.rankCorrelation([1, .nan, 0], [1, 2, 3]) == nil)
    #expect(MapStatistics.rankCorrelation([], []) == nil)
  }

  @Test func summariesOfNoneOneAndMany() throws {
    #expect(MapStatistics.summary([]) == (nil, nil))
    #expect(MapStatistics.summary([0.25]) == (0.25, nil))
    let (mean, deviation) = MapStatistics.summary([1, 2, 3, 4])
    #expect(mean == 2.5)
    #expect(abs(try #require(deviation) - 1.2909944487358056) < 1e-12)
  }
}

@Suite struct GalleryTests {
  private func prediction(_ patient: String, _ label: GradeClass, _ probability: Double) -> Prediction {
    Prediction(patient: patient, lesion: "1", slice: "\(probability)", fold: 0, label: label, probability: probability)
  }

  @Test func theSurestAndTheLeastSureOnePerPatient() {
    let predictions = [
      prediction("a", .high, 0.9), prediction("a", .high, 0.95), prediction("b", .low, 0.2),
      prediction("c", .low, 0.99),
      prediction("d", .high, 0.45), prediction("d", .high, 0.1), prediction("e", .low, .nan),
    ]
    let gallery = Gallery(predictions, count: 2) { _ in 0.5 }
    func indices(_ group: Run.Explanations.Example.Group) -> [Int] {
      gallery.choices.filter { $0.group == group }.map(\.index)
    }
    #expect(indices(.surestRight) == [1, 2])
    #expect(indices(.surestWrong) == [3, 5])
    #expect(indices(.leastSure) == [4, 2])
    #expect(Gallery(predictions, count: 0, threshold: { _ in 0.5 }).choices.isEmpty)
    #expect(Gallery([], count: 3, threshold: { _ in 0.5 }).choices.isEmpty)
  }
}
