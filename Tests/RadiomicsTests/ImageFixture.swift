import Foundation
import Testing

@testable import Radiomics

/// What Tests/Reference/radiomics_images.py writes.
struct ImageFixture: Decodable {
  struct Image: Decodable {
    let size: [Int]
    let spacing: [Double]?
    let values: String
    let mask: String

    func image(spacing given: [Double]? = nil) throws -> LesionImage {
      let spacing = try #require(spacing ?? given)
      return try LesionImage(
        size: SIMD3(size), spacing: SIMD3(spacing), values: unpacked(values), mask: mask.map { $0 == "1" })
    }
  }

  struct Filtered: Decodable {
    struct Response: Decodable {
      let name: String
      let values: String
    }
    let size: [Int]
    let spacing: [Double]
    let values: String
    let mask: String
    let responses: [String: [Response]]

    func image() throws -> LesionImage {
      try Image(size: size, spacing: spacing, values: values, mask: mask).image()
    }
  }

  struct Resampled: Decodable {
    let image: String
    let to: [Double]
    let interpolation: String
    let margin: Int
    let size: [Int]
    let spacing: [Double]
    let values: String
    let mask: String
  }

  struct Centred: Decodable {
    let image: String
    let to: [Double]
    let order: Int
    let size: [Int]
    let values: String
    let mask: String
  }

  struct Resegmented: Decodable {
    let image: String
    let mode: String
    let limits: [Double]
    let mask: String
  }

  struct Cropped: Decodable {
    let margin: Int
    let from: Image
    let size: [Int]
    let spacing: [Double]
    let values: String
    let mask: String
  }

  let filters: [String: Filtered]
  let resampled: [Resampled]
  let ibsi: [Centred]
  let convolutional: [String: String]
  let resegmented: [Resegmented]
  let cropped: [Cropped]

  static func read() throws -> ImageFixture {
    let url = try #require(Bundle.module.url(forResource: "images", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(ImageFixture.self, from: Data(contentsOf: url))
  }
}

/// Little-endian doubles in base64.
func unpacked(_ text: String) throws -> [Double] {
  let data = try #require(Data(base64Encoded: text))
  return data.withUnsafeBytes { bytes in
    stride(from: 0, to: bytes.count, by: 8).map {
      Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)))
    }
  }
}

/// The largest difference as a share of the expected values' range (or their magnitude, where they are all equal).
func largestDifference(_ found: [Double], _ expected: [Double], where mask: [Bool]? = nil) -> Double {
  guard found.count == expected.count else { return .infinity }
  var (low, high, difference) = (Double.infinity, -Double.infinity, 0.0)
  for index in found.indices where mask?[index] ?? true {
    low = min(low, expected[index])
    high = max(high, expected[index])
    let one = abs(found[index] - expected[index])
    difference = one.isFinite ? max(difference, one) : .infinity
  }
  let scale = high > low ? high - low : max(abs(high), 1)
  return difference / scale
}
