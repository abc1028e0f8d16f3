import Foundation
import Testing

@testable import Radiomics

/// Every feature equals pyradiomics 3.0.1's, in lesions of every kind.
@Suite("Features as pyradiomics computes them")
struct PyradiomicsParityTests {
  private static let textures = ["firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"]
  private static let settings: [String: RadiomicsSettings] = [
    "width": RadiomicsSettings(families: textures),
    "count": RadiomicsSettings(discretisation: .count(16), families: textures),
    "planes": RadiomicsSettings(aggregation: .planes, families: textures),
    "shape": RadiomicsSettings(families: ["shape"]),
    "shape2D": RadiomicsSettings(families: ["shape2D"]),
  ]

  /// What neither of two correct programs can tell from rounding: a root of a difference of equal numbers, and ratios
  /// of variances that are 0 but for rounding.
  private static let roundedToZero: Set = ["glcm_MCC", "glcm_Imc2", "glcm_Imc1", "shape_Flatness", "shape_Elongation"]

  @Test(arguments: settings.keys.sorted())
  func everyFeatureOfEveryLesion(_ key: String) throws {
    let fixture = try FeatureFixture.read()
    let extractor = try RadiomicsExtractor(try #require(Self.settings[key]))
    var compared = 0
    var lesions = 0
    for lesion in fixture.lesions where lesion.features[key] != nil {
      let expected = try fixture.expected(lesion, key)
      let found = try extractor.features(of: lesion.image())
      #expect(Set(found.map { "\($0.family)_\($0.feature)" }) == Set(expected.keys))
      for feature in found {
        let name = "\(feature.family)_\(feature.feature)"
        let value = try #require(expected[name])
        compared += 1
        // pyradiomics has no matrices of one voxel.
        if lesion.name == "one voxel", value.isNaN { continue }
        let limit = max(1e-6 * abs(value), Self.roundedToZero.contains(name) ? 2e-7 : 1e-12)
        #expect(
          value.isNaN ? feature.value.isNaN : abs(feature.value - value) <= limit,
          "\(lesion.name), \(key): \(name) is \(feature.value), expected \(value)")
      }
      lesions += 1
    }
    #expect(lesions >= (key == "shape2D" ? 4 : 56) && compared == lesions * extractor.definitions.count)
  }

  @Test func everyFeatureHasAReference() throws {
    let known = Set(try FeatureFixture.read().names.values.flatMap { $0 }).union(IBSIFeatureTests.tags.values)
    for family in FeatureFamilies.all {
      for feature in family.features { #expect(known.contains("\(family.name)_\(feature.name)")) }
    }
  }

  @Test func theUsualSetHas1316Features() throws {
    let definitions = try RadiomicsExtractor(.usual).definitions
    #expect(definitions.count == 1316)
    #expect(Set(definitions.map { "\($0.image)_\($0.family)_\($0.feature.name)" }).count == 1316)
    #expect(definitions.filter { $0.image == "original" }.count == 107)
  }
}
