import Foundation
import Testing

@testable import Radiomics

/// What Tests/Reference/radiomics_features.py writes.
struct FeatureFixture: Decodable {
  struct Lesion: Decodable {
    let name: String
    let size: [Int]
    let spacing: [Double]
    let mask: String
    let int16: String?
    let float64: String?
    let features: [String: [Double?]]

    func image() throws -> LesionImage {
      let values: [Double]
      if let float64 {
        values = try unpacked(float64)
      } else {
        let data = try #require(Data(base64Encoded: int16 ?? ""))
        values = data.withUnsafeBytes { bytes in
          stride(from: 0, to: bytes.count, by: 2).map {
            Double(Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int16.self)))
          }
        }
      }
      return try LesionImage(
        size: SIMD3(size), spacing: SIMD3(spacing), values: values, mask: mask.map { $0 == "1" })
    }
  }

  let names: [String: [String]]
  let lesions: [Lesion]

  static func read() throws -> FeatureFixture {
    let url = try #require(Bundle.module.url(forResource: "features", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(FeatureFixture.self, from: Data(contentsOf: url))
  }

  /// By feature, what pyradiomics found for a lesion in some settings; NaN where it found none.
  func expected(_ lesion: Lesion, _ settings: String) throws -> [String: Double] {
    let values = try #require(lesion.features[settings])
    let names = try #require(self.names[settings] ?? self.names["textures"])
    return Dictionary(uniqueKeysWithValues: zip(names, values.map { $0 ?? .nan }))
  }
}
