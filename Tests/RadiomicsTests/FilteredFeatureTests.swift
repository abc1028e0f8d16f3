import Foundation
import Testing

@testable import Radiomics

/// Whole runs equal those of pyradiomics' extractor: crop, resampling, resegmentation, filters and features together.
@Suite("Features of filtered images as pyradiomics computes them")
struct FilteredFeatureTests {
  /// What Tests/Reference/radiomics_filtered.py writes.
  private struct Fixture: Decodable {
    struct Run: Decodable {
      let lesion: String
      let run: String
      let names: String
      let values: String
    }
    let lesions: [String: ImageFixture.Image]
    let runs: [Run]
  }

  private static let usual: [any ImageFilter] = [
    OriginalImage(), LaplacianOfGaussian(sigmas: [1, 2, 3, 4, 5]), StationaryWavelet(),
  ]

  private static func settings(_ run: String, isWhole: Bool) throws -> RadiomicsSettings {
    switch run {
    case "usual": return RadiomicsSettings(images: usual)
    case "others":
      return RadiomicsSettings(
        discretisation: .count(24),
        images: [
          SquareImage(), SquareRootImage(), LogarithmImage(), ExponentialImage(), GradientImage(),
          LocalBinaryPattern2D(), LocalBinaryPattern3D(),
        ])
    case "resampled":
      var resampling = Resampling.pyradiomics(spacing: [1, 1, 2])
      if isWhole { resampling.rounding = .towardsZero }
      return RadiomicsSettings(
        resampling: resampling, resegmentation: Resegmentation(lowest: -60, highest: 90), images: usual)
    case "slices":
      return RadiomicsSettings(aggregation: .planes, images: [StationaryWavelet(bySlice: true), GradientImage()])
    default: throw RadiomicsError("there is no run \(run)")
    }
  }

  @Test("Every feature of every image is within 1e-6", arguments: ["usual", "others", "resampled", "slices"])
  func parity(_ name: String) throws {
    let url = try #require(Bundle.module.url(forResource: "filtered", withExtension: "json", subdirectory: "Fixtures"))
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    var compared = 0
    for run in fixture.runs where run.run == name {
      let lesion = try #require(fixture.lesions[run.lesion]).image()
      let isWhole = lesion.values.allSatisfy { $0 == $0.rounded() }
      let features = try RadiomicsExtractor(Self.settings(name, isWhole: isWhole)).features(of: lesion)
      let found = Dictionary(
        uniqueKeysWithValues: features.map { ("\($0.image)_\($0.family)_\($0.feature)", $0.value) })
      for (key, value) in zip(run.names.split(separator: ",").map(String.init), try unpacked(run.values)) {
        let own = try #require(found[key], "\(key)")
        // A ratio of variances that are 0 but for rounding, as in PyradiomicsParityTests.
        let limit = max(1e-6 * abs(value), key.contains("glcm_MCC") || key.contains("glcm_Imc") ? 2e-7 : 1e-12)
        #expect(
          value.isNaN ? own.isNaN : abs(own - value) <= limit, "\(run.lesion) \(key): \(own), expected \(value)")
        compared += 1
      }
      // No more than pyradiomics computes, which leaves out images that are too small for its filter.
      #expect(found.values.filter { !$0.isNaN }.count <= run.names.split(separator: ",").count)
    }
    let counts = ["usual": 1316, "others": 851, "resampled": 1316, "slices": 479]
    #expect(compared == fixture.lesions.count * (counts[name] ?? 0))
  }
}
