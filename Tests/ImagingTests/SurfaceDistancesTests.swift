import Foundation
import Support
import Testing

@testable import Imaging

/// Against MedPy, scipy and surface-distance (`Tests/Reference/agreement.py`), and against the definition.
struct SurfaceDistancesTests {
  struct Case: Decodable {
    let size: [Int]
    let spacing: [Double]
    let first, second: String
    let pooled, greater, mean, hausdorff, byArea: Double?
    let meansByArea: [Double]?

    func mask(_ hexadecimal: String) -> [Bool] {
      let digits = Array(hexadecimal)
      return (0..<size.reduce(1, *)).map { place in
        let byte = UInt8(String(digits[place / 8 * 2...place / 8 * 2 + 1]), radix: 16) ?? 0
        return byte >> UInt8(place % 8) & 1 == 1
      }
    }
  }

  @Test func `distances equal those of MedPy, scipy and surface-distance`() throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/surfaces", withExtension: "json"))
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
    #expect(cases.count >= 100)
    for (index, expected) in cases.enumerated() {
      let found = SurfaceDistances(
        expected.mask(expected.first), expected.mask(expected.second),
        size: SIMD3(expected.size[0], expected.size[1], expected.size[2]),
        spacing: SIMD3(expected.spacing[0], expected.spacing[1], expected.spacing[2]))
      let values = found.map { found in
        SurfaceDistances.Definition.allCases.map(found.hausdorff95)
          + [found.mean, found.hausdorff, found.meansByArea.firstToSecond, found.meansByArea.secondToFirst]
      }
      let expectedValues = [
        expected.pooled, expected.greater, expected.byArea, expected.mean, expected.hausdorff,
        expected.meansByArea?[0], expected.meansByArea?[1],
      ]
      for (place, value) in expectedValues.enumerated() {
        guard let value, let own = values?[place] else {
          #expect(value == nil && values == nil, "case \(index)")
          continue
        }
        #expect(abs(own - value) < 1e-9, "case \(index), \(place): \(own), expected \(value)")
      }
    }
    #expect(cases.count { $0.pooled != nil && $0.byArea != nil && $0.meansByArea?.count == 2 } >= 100)
  }

  @Test func `the distance transform is exact`() {
    var generator = DeterministicGenerator(seed: 3)
    for _ in 0..<60 {
      let size = SIMD3((0..<3).map { _ in Int.random(in: 1...7, using: &generator) })
      let spacing = SIMD3((0..<3).map { _ in Double.random(in: 0.3...4, using: &generator) })
      let targets = (0..<size.x * size.y * size.z).map { _ in Int.random(in: 0..<6, using: &generator) == 0 }
      let found = SquaredDistances.to(targets, size: size, spacing: spacing)
      func place(_ index: Int) -> SIMD3<Double> {
        SIMD3(Double(index % size.x), Double(index / size.x % size.y), Double(index / (size.x * size.y))) * spacing
      }
      for index in targets.indices {
        let least = targets.indices.filter { targets[$0] }.map { target in
          let offset = place(index) - place(target)
          return offset.dot(offset)
        }.min()
        if let least { #expect(abs(found[index] - least) < 1e-9) } else { #expect(found[index] == .infinity) }
      }
    }
  }

  @Test func `an empty mask or an impossible grid has no distances`() {
    let (full, empty) = ([true, true], [false, false])
    let (size, spacing) = (SIMD3(2, 1, 1), SIMD3(1.0, 1, 1))
    #expect(SurfaceDistances(full, full, size: size, spacing: spacing)?.mean == 0)
    #expect(SurfaceDistances(full, empty, size: size, spacing: spacing) == nil)
    #expect(SurfaceDistances(full, [true], size: size, spacing: spacing) == nil)
    #expect(SurfaceDistances(full, full, size: SIMD3(Int.max, 2, 1), spacing: spacing) == nil)
    #expect(SurfaceDistances(full, full, size: size, spacing: SIMD3(0, 1, 1)) == nil)
    #expect(SurfaceDistances(full, full, size: size, spacing: SIMD3(.nan, 1, 1)) == nil)
  }

  @Test func `an outline within another is a hole, and one within that is not`() {
    func square(_ low: Double, _ high: Double) -> Polygon {
      Polygon(vertices: [[low, low], [high, low], [high, high], [low, high]])
    }
    let mask = PixelMask([square(0.5, 8.5), square(2.5, 6.5), square(3.5, 5.5)], columns: 10, rows: 9)
    #expect(mask.count == 64 - 16 + 4)
    #expect(mask[1, 1] && !mask[3, 3] && mask[4, 4] && !mask[0, 0])
    #expect(PixelMask([], columns: 3, rows: 2).count == 0)
  }
}
