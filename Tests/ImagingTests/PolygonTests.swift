import Foundation
import Imaging
import TestSupport
import Testing

/// Golden values by Tests/Reference/annotation.py.
struct PolygonTests {
  struct Golden: Decodable {
    struct Case: Decodable {
      let vertices: [SIMD2<Double>]
      let area: Double
      let centroid: SIMD2<Double>
      let exact: Data
      let mdai: Data
    }

    let columns: Int
    let rows: Int
    let cases: [Case]
  }

  let golden: Golden

  init() throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/polygons.json", withExtension: nil))
    golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
  }

  private func bits(_ data: Data, count: Int) -> [Bool] {
    let all = [UInt8](data).flatMap { byte -> [Bool] in
      (0..<8).map { byte & (UInt8(0x80) >> UInt8($0)) != 0 }
    }
    return Array(all.prefix(count))
  }

  @Test func `area and centroid are those of exact arithmetic`() {
    #expect(golden.cases.count == 40)
    for one in golden.cases {
      let polygon = Polygon(vertices: one.vertices)
      #expect(abs(polygon.area - one.area) < 1e-9)
      #expect(abs(polygon.centroid.x - one.centroid.x) < 1e-9)
      #expect(abs(polygon.centroid.y - one.centroid.y) < 1e-9)
    }
  }

  @Test func `area and centroid keep their digits far from the origin`() {
    let far = SIMD2(1e6, -1e6)
    for one in golden.cases {
      let moved = Polygon(vertices: one.vertices.map { $0 + far })
      #expect(abs(moved.area - one.area) < 1e-6)
      #expect(abs(moved.centroid.x - far.x - one.centroid.x) < 1e-6)
    }
  }

  @Test func `exact pixels are those that the outline winds around`() {
    for one in golden.cases {
      let polygon = Polygon(vertices: one.vertices)
      let mask = polygon.mask(columns: golden.columns, rows: golden.rows)
      #expect(mask.values == bits(one.exact, count: golden.columns * golden.rows))
      #expect(
        mask.values
          == (0..<golden.rows).flatMap { row in
            (0..<golden.columns).map { polygon.contains(SIMD2(Double($0), Double(row))) }
          })
    }
  }

  @Test func `MD.ai pixels are those of OpenCV's fillPoly`() {
    for one in golden.cases {
      let mask = Polygon(vertices: one.vertices).mask(columns: golden.columns, rows: golden.rows, .mdai)
      #expect(mask.values == bits(one.mdai, count: golden.columns * golden.rows))
    }
  }

  @Test func `a pixel belongs to one of two polygons that share an edge`() {
    let left = Polygon(vertices: [[2, 2], [6, 2], [6, 9], [2, 9]])
    let right = Polygon(vertices: [[6, 2], [10, 2], [10, 9], [6, 9]])
    let masks = [left, right].map { $0.mask(columns: 12, rows: 12) }
    #expect(masks.map(\.count) == [28, 28])
    #expect(!zip(masks[0].values, masks[1].values).contains { $0 && $1 })
  }

  @Test func `what lies off the image is cut off`() {
    let polygon = Polygon(vertices: [[-20, -20], [100, -20], [100, 100], [-20, 100]])
    for rasterisation in Rasterisation.allCases {
      #expect(polygon.mask(columns: 9, rows: 7, rasterisation).count == 63)
    }
    #expect(Polygon(vertices: [[20, 1], [30, 1], [25, 8]]).mask(columns: 9, rows: 7, .mdai).count == 0)
  }

  @Test func `several polygons weigh by their areas`() {
    let small = Polygon(vertices: [[0, 0], [2, 0], [2, 2], [0, 2]])
    let large = Polygon(vertices: [[10, 10], [10, 14], [14, 14], [14, 10]])
    #expect(Polygon.centroid(of: [small]) == SIMD2(1, 1))
    let both = Polygon.centroid(of: [small, large])
    #expect(abs(both.x - (1 * 4 + 12 * 16) / 20) < 1e-12)
    #expect(both.x == both.y)
  }

  @Test func `edges that cross are found, edges that touch are not`() {
    #expect(golden.cases.allSatisfy { Polygon(vertices: $0.vertices).firstCrossing == nil })
    let crossing = Polygon(vertices: [[0, 0], [10, 10], [10, 0], [0, 10]]).firstCrossing
    #expect(crossing.map { [$0, $1] } == [0, 2])
    #expect(Polygon(vertices: [[0, 0], [8, 0], [4, 4], [8, 8], [0, 8], [4, 4]]).firstCrossing == nil)
  }

  @Test func `the diameter is the largest distance of all pairs of corners`() {
    func brute(_ points: [SIMD2<Double>]) -> Double {
      points.flatMap { first in points.map { (($0 - first) * ($0 - first)).sum().squareRoot() } }.max() ?? 0
    }
    var generator = SystemRandomNumberGenerator()
    for count in [0, 1, 2, 3, 5, 40, 300] {
      for isOnGrid in [false, true] {
        let points = (0..<count).map { _ in
          let point = SIMD2(Double.random(in: -9...40, using: &generator), .random(in: 0...3, using: &generator))
          return isOnGrid ? point.rounded(.down) : point
        }
        #expect(abs(Polygon(vertices: points).diameter - brute(points)) < 1e-12)
      }
    }
    // On a line, and all in one place.
    #expect(Polygon(vertices: [[0, 0], [1, 1], [3, 3], [2, 2]]).diameter == 18.0.squareRoot())
    #expect(Polygon(vertices: [[4, 4], [4, 4], [4, 4]]).diameter == 0)
  }
}
