import BrowserSupport
import Foundation
import Imaging
import Support
import Testing

/// The page's own geometry, in the browser, against Swift's.
@Suite(.enabled(if: WebDriver.isInstalled, "\(WebDriver.missing)"))
struct PageGeometryTests {
  /// What `polygon.js` makes of an outline.
  private struct Found: Decodable {
    let area: Double
    let centroid: [Double]
    let crosses: Bool
    let diameter: Double
    let runs: [[Int]]
    /// Whether the mask's outlines rasterise to the mask again and are simple.
    let returns: Bool
    /// What is left when loops are cut off.
    let untangled: [[Double]]
  }

  private static let columns = 40
  private static let rows = 30

  /// Outlines of 3 to 24 corners, half of them on whole pixels or half ones, where ties are decided.
  private static let outlines: [[[Double]]] = {
    var random = SplitMix64(seed: 14)
    return (0..<200).map { number in
      (0..<Int.random(in: 3...24, using: &random)).map { _ in
        let point = [Double.random(in: 0...39, using: &random), Double.random(in: 0...29, using: &random)]
        return number.isMultiple(of: 2) ? point : point.map { ($0 * 2).rounded() / 2 }
      }
    }
  }()

  /// Two or three outlines of one lesion, which may cross or lie within one another, are the tumour that ROIs have.
  @Test func severalOutlinesAreTheTumourOfROIs() async throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources/AnnotationServer/Page/polygon.js")
    var random = SplitMix64(seed: 15)
    let groups = (0..<120).map { _ in
      (0..<Int.random(in: 2...3, using: &random)).map { _ -> [[Double]] in
        let centre = SIMD2(Double.random(in: 14...26, using: &random), Double.random(in: 11...19, using: &random))
        let size = SIMD2(Double.random(in: 2...12, using: &random), Double.random(in: 2...10, using: &random))
        return (0..<9).map { corner in
          let angle = 2 * Double.pi * Double(corner) / 9
          return [centre.x + size.x * cos(angle), centre.y + size.y * sin(angle)]
        }
      }
    }
    let browser = try await WebDriver().open(options: ["--allow-file-access-from-files"])
    try await browser.open(page.absoluteString)
    let json = String(decoding: try JSONEncoder().encode(groups), as: UTF8.self)
    struct Group: Decodable {
      let mask: [Int]
      let overlaps: Bool
      let count: Int
    }
    let found: [Group] = try await browser.value(
      """
      import("\(page.absoluteString)").then((g) => \(json).map((outlines) => {
        const image = { columns: \(Self.columns), rows: \(Self.rows), values: new Int16Array(\(Self.columns * Self.rows)),
          slope: 1, intercept: 0 };
        return { mask: [...g.mask(outlines, \(Self.columns), \(Self.rows))], overlaps: g.overlap(outlines),
          count: g.hounsfieldInside(outlines, image).count };
      }))
      """)
    try #require(found.count == groups.count)
    for (outlines, result) in zip(groups, found) {
      let region = PolygonRegion(outlines.map { Polygon(vertices: $0.map { SIMD2($0[0], $0[1]) }) })
      let tumour = region.unionMask(columns: Self.columns, rows: Self.rows)
      #expect(result.mask == tumour.values.map { $0 ? 1 : 0 })
      #expect(result.count == tumour.count)
    }
    let overlapping = found.count { $0.overlaps }
    #expect(overlapping > 30 && overlapping < groups.count, "both kinds of group must occur")
  }

  @Test func polygonsAreThoseOfImaging() async throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources/AnnotationServer/Page/polygon.js")
    let driver = try await WebDriver()
    let browser = try await driver.open(options: ["--allow-file-access-from-files"])
    try await browser.open(page.absoluteString)
    let json = String(decoding: try JSONEncoder().encode(Self.outlines), as: UTF8.self)
    let found: [Found] = try await browser.value(
      """
      import("\(page.absoluteString)").then((g) => \(json).map((outline) => {
        const runs = [], pixels = g.mask([outline], \(Self.columns), \(Self.rows));
        g.forEachRun([outline], \(Self.columns), \(Self.rows), (...run) => runs.push(run));
        const traced = g.outlinesOfMask(pixels, \(Self.columns), \(Self.rows));
        const again = g.mask(traced, \(Self.columns), \(Self.rows));
        return {
          area: Math.abs(g.signedArea(outline)), centroid: g.centroid(outline), crosses: g.selfCrossing(outline) !== null,
          diameter: g.diameters([outline], 1, 1).length, runs, untangled: g.withoutLoops(outline),
          returns: pixels.every((value, i) => value === again[i])
            && traced.every((loop) => g.selfCrossing(loop, { touching: true }) === null),
        };
      }))
      """)
    try #require(found.count == Self.outlines.count)
    var crossing = 0
    for (outline, result) in zip(Self.outlines, found) {
      let polygon = Polygon(vertices: outline.map { SIMD2($0[0], $0[1]) })
      #expect(abs(result.area - polygon.area) < 1e-9)
      if polygon.area > 1 {
        let centroid = polygon.centroid
        #expect(abs(result.centroid[0] - centroid.x) < 1e-6 && abs(result.centroid[1] - centroid.y) < 1e-6)
      }
      #expect(abs(result.diameter - polygon.diameter) < 1e-9)
      #expect(result.crosses == (polygon.firstCrossing != nil))
      crossing += result.crosses ? 1 : 0
      var inside = Array(repeating: false, count: Self.columns * Self.rows)
      for run in result.runs { for column in run[1]...run[2] { inside[run[0] * Self.columns + column] = true } }
      #expect(inside == polygon.mask(columns: Self.columns, rows: Self.rows).values)
      #expect(result.returns)
      #expect(Polygon(vertices: result.untangled.map { SIMD2($0[0], $0[1]) }).firstCrossing == nil)
    }
    #expect(crossing > 50 && crossing < 200, "both kinds of outline must occur")
  }
}
