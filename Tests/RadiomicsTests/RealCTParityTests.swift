import Foundation
import TestSupport
import Testing

@testable import Radiomics

/// The usual 1,316 features equal pyradiomics 3.0.1's on real CT: tissue, bone, air, their borders, and the image's border.
@Suite("Features of real CT", .enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
struct RealCTParityTests {
  /// What Tests/Reference/radiomics_ct.py writes.
  private struct Fixture: Decodable {
    struct Lesion: Decodable {
      let name: String
      let centre: [Double]
      let radii: [Double]
      let values: String
    }
    let names: String
    let lesions: [Lesion]
  }

  @Test func everyFeatureIsPyradiomics() throws {
    let url = try #require(Bundle.module.url(forResource: "ct", withExtension: "json", subdirectory: "Fixtures"))
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    let names = fixture.names.split(separator: ",").map(String.init)
    var image = try CTPhantom(try #require(SharedData.root).appendingPathComponent("ibsi/1/ct-phantom")).image
    let extractor = try RadiomicsExtractor(.usual)
    for lesion in fixture.lesions {
      let (centre, radii) = (SIMD3<Double>(lesion.centre), SIMD3<Double>(lesion.radii))
      image.mask = Array(repeating: false, count: image.values.count)
      let first = pointwiseMax(SIMD3<Int>(centre - radii), .zero)
      let last = pointwiseMin(SIMD3<Int>(centre + radii), image.size &- 1)
      for z in first.z...last.z {
        for y in first.y...last.y {
          for x in first.x...last.x {
            let off = (SIMD3(Double(x), Double(y), Double(z)) - centre) / radii
            image.mask[image.index(x, y, z)] = off.x * off.x + off.y * off.y + off.z * off.z <= 1
          }
        }
      }
      let features = try extractor.features(of: image)
      let found = Dictionary(uniqueKeysWithValues: features.map { ($0.name, $0.value) })
      #expect(found.count == 1316 && names.count == 1316)
      for (name, value) in zip(names, try unpacked(lesion.values)) {
        let own = try #require(found[name], "\(name)")
        #expect(
          value.isNaN ? own.isNaN : abs(own - value) <= max(1e-6 * abs(value), 1e-12),
          "\(lesion.name): \(name) is \(own), expected \(value)")
      }
    }
    #expect(fixture.lesions.count == 7)
  }
}
