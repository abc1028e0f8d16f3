import Foundation
@testable import Imaging
import Support
import Testing

/// Outlines between two slices, beside ITK's (`Tests/Reference/interpolation.py`) and by their properties.
struct ShapeInterpolationTests {
  private struct Golden: Decodable {
    struct Case: Decodable {
      let lower: [[SIMD2<Double>]]
      let upper: [[SIMD2<Double>]]
      /// For each slice between them the ranges of pixels inside, row by row.
      let between: [[[Int]]]
    }
    let columns: Int
    let rows: Int
    let cases: [String: Case]
  }

  private func region(_ outlines: [[SIMD2<Double>]]) -> PolygonRegion {
    PolygonRegion(outlines.map { Polygon(vertices: $0) })
  }

  private func dice(_ first: [Bool], _ second: [Bool]) -> Double {
    let both = zip(first, second).count { $0 && $1 }
    return 2 * Double(both) / Double(first.count { $0 } + second.count { $0 })
  }

  private func circle(_ centre: SIMD2<Double>, _ radius: Double, count: Int = 60) -> [SIMD2<Double>] {
    (0..<count).map { index in
      let angle = 2 * Double.pi * Double(index) / Double(count)
      return centre + SIMD2(cos(angle), sin(angle)) * radius
    }
  }

  @Test func `the slices between are near those of ITK`() throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/interpolation", withExtension: "json"))
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    #expect(golden.cases.count == 5)
    var values: [Double] = []
    for (name, one) in golden.cases {
      let (lower, upper) = (region(one.lower), region(one.upper))
      for (index, ranges) in one.between.enumerated() {
        var expected = [Bool](repeating: false, count: golden.columns * golden.rows)
        for range in ranges { for pixel in range[0]..<range[1] { expected[pixel] = true } }
        let share = Double(index + 1) / Double(one.between.count + 1)
        let found = PolygonRegion(ShapeInterpolation.outlines(between: lower, upper, at: share))
        let value = dice(found.mask(columns: golden.columns, rows: golden.rows).values, expected)
        // The methods differ: ours grows evenly between the slices, ITK's by steps of dilation.
        #expect(value > 0.87, "\(name), \(share): Dice \(value)")
        values.append(value)
      }
    }
    #expect(values.reduce(0, +) / Double(values.count) > 0.93)
  }

  @Test func `at the ends the shapes themselves come back`() {
    let lower = region([circle([30, 30], 14), circle([31, 29], 5)])
    let upper = region([circle([40, 33], 18)])
    for (share, region) in [(0.0, lower), (1.0, upper)] {
      let found = PolygonRegion(ShapeInterpolation.outlines(between: lower, upper, at: share))
      #expect(dice(found.mask(columns: 64, rows: 64).values, region.mask(columns: 64, rows: 64).values) > 0.99)
      #expect(abs(found.area - region.area) < 0.01 * region.area)
    }
  }

  @Test func `between two circles lies the circle of the mean radius, also where they do not overlap`() throws {
    for centre in [SIMD2(20.0, 20), [55, 70]] {
      let found = ShapeInterpolation.outlines(
        between: region([circle([20, 20], 6)]), region([circle(centre, 12)]), at: 0.5)
      #expect(found.count == 1)
      let expected = (SIMD2(20.0, 20) + centre) / 2
      let outline = try #require(found.first)
      #expect(((outline.centroid - expected) * (outline.centroid - expected)).sum() < 0.01)
      #expect(abs(outline.area - Double.pi * 81) < 0.03 * Double.pi * 81)
    }
  }

  @Test func `a hole stays a hole`() {
    let found = ShapeInterpolation.outlines(
      between: region([circle([30, 30], 15), circle([30, 30], 5)]),
      region([circle([34, 30], 19), circle([34, 30], 7)]), at: 0.5)
    #expect(found.count == 2)
    let region = PolygonRegion(found)
    #expect(!region.contains([32, 30]) && region.contains([42, 30]))
    #expect(abs(region.area - Double.pi * (17 * 17 - 36)) < 0.03 * region.area)
  }

  @Test func `any two shapes give valid outlines that do not vanish`() {
    var random = SplitMix64(seed: 7)
    func shape() -> [[SIMD2<Double>]] {
      (0...random.below(2)).map { part in
        let centre = SIMD2(20 + 70 * Double(part) + 10 * random.unit(), 20 + 60 * random.unit())
        return (0..<12).map { index in
          let angle = 2 * Double.pi * Double(index) / 12
          return centre + SIMD2(cos(angle), sin(angle)) * (2 + 14 * random.unit())
        }
      }
    }
    for _ in 0..<12 {
      let (lower, upper) = (region(shape()), region(shape()))
      let share = random.unit()
      let spacing = PixelSpacing(row: 0.5 + random.unit(), column: 0.5 + random.unit())
      let found = ShapeInterpolation.outlines(between: lower, upper, at: share, spacing: spacing)
      #expect(PolygonRegion(found).area > 0.5)
      for outline in found { #expect(outline.firstCrossing == nil && outline.vertices.count >= 3) }
      // The other way round it is the same.
      let back = ShapeInterpolation.outlines(between: upper, lower, at: 1 - share, spacing: spacing)
      #expect(abs(PolygonRegion(back).area - PolygonRegion(found).area) < 1e-3 * PolygonRegion(found).area)
    }
  }

  @Test func `holes are left out, and outlines that overlap are one area`() {
    func square(_ x: Double, _ side: Double) -> [SIMD2<Double>] {
      [[x, x], [x + side, x], [x + side, x + side], [x, x + side]]
    }
    let ring = region([square(14.5, 4), square(9.5, 20), square(15.5, 2)])
    #expect(ring.holes == [0] && ring.area == 400 - 16 + 4)
    #expect(ring.unionMask(columns: 40, rows: 40) == ring.mask(columns: 40, rows: 40))
    #expect(ring.unionMask(columns: 40, rows: 40).count == 388)
    #expect(ring.unionContains([16, 16]) && !ring.unionContains([15, 15]) && ring.unionContains([12, 12]))
    let overlap = region([square(9.5, 10), square(14.5, 10)])
    #expect(overlap.holes.isEmpty && overlap.unionMask(columns: 40, rows: 40).count == 175)
    #expect(overlap.mask(columns: 40, rows: 40).count == 150 && overlap.unionContains([16, 16]))
    // The centre of a disc with a hole on its right lies on its left.
    let bitten = region([square(10, 20), [[24, 18], [28, 18], [28, 22], [24, 22]]])
    #expect(abs((bitten.centroid?.x ?? 0) - (400 * 20 - 16 * 26) / 384.0) < 1e-9)
  }

  @Test func `regions without area give nothing`() {
    let disc = region([circle([20, 20], 6)])
    #expect(ShapeInterpolation.outlines(between: disc, region([]), at: 0.5).isEmpty)
    #expect(ShapeInterpolation.outlines(between: region([[[1, 1], [2, 2], [3, 3]]]), disc, at: 0.5).isEmpty)
  }
}
