import Foundation
import Imaging
import Support
import Testing

/// Freehand outlines that cross themselves a little, and those that cross themselves too much.
struct SmallLoopsTests {
  /// A circle around (50, 50) whose end goes on past its start for `steps` corners, inside and outside by turns.
  private func overshot(radius: Double = 20, count: Int = 72, steps: Int, by offset: Double) -> Polygon {
    Polygon(
      vertices: (0..<count + steps).map { index in
        let angle = 2 * Double.pi * Double(index) / Double(count)
        let past = index < count ? 0 : (index - count).isMultiple(of: 2) ? -offset : offset
        return SIMD2(50 + (radius + past) * cos(angle), 50 + (radius + past) * sin(angle))
      })
  }

  @Test func theCaseOfAnEndThatCrossesItsStart() throws {
    var vertices = (0..<40).map { index -> SIMD2<Double> in
      let angle = Double.pi * Double(index) / 20
      return SIMD2(38.4 + 7.68 * cos(angle), 32 + 7.68 * sin(angle))
    }
    vertices += [SIMD2(45.57, 32.45), SIMD2(46.55, 32.72)]
    let polygon = Polygon(vertices: vertices)
    #expect(polygon.firstCrossing != nil)
    let untangled = try #require(polygon.withoutSmallLoops())
    #expect(untangled.outline.firstCrossing == nil && untangled.loops == 1 && untangled.areaShare < 0.002)
    let circle = Polygon(vertices: Array(vertices.prefix(40)))
    #expect(abs(untangled.outline.area - circle.area) < 0.01 * circle.area)
    let shift = untangled.outline.centroid - circle.centroid
    #expect((shift * shift).sum().squareRoot() < 0.1)
  }

  @Test(arguments: [(2, 0.03), (2, 0.3), (3, 0.1), (3, 0.2), (2, 0.5), (2, 1)])
  func anEndPastTheStartIsCutOff(steps: Int, offset: Double) throws {
    let polygon = overshot(steps: steps, by: offset)
    try #require(polygon.firstCrossing != nil)
    let untangled = try #require(polygon.withoutSmallLoops())
    #expect(untangled.outline.firstCrossing == nil)
    #expect(abs(untangled.outline.area / overshot(steps: 0, by: 0).area - 1) < 0.02)
    #expect(untangled.areaShare <= Polygon.largestLoopArea)
  }

  /// A loop on one side of a square of 20 pixels: `width` along the side, `height` beyond it.
  private func square(loopOf width: Double, _ height: Double) -> Polygon {
    Polygon(vertices: [
      [10, 10], [20 + width / 2, 10], [20 + width / 2, 10 - height], [20 - width / 2, 10 - height],
      [20 - width / 2, 10.001], [30, 10], [30, 30], [10, 30],
    ])
  }

  @Test func theLimitsAreThoseOfAreaAndLength() throws {
    // Just below and above one hundredth of 400 square pixels, and a tenth of the length of 80 pixels.
    #expect(square(loopOf: 1.9, 1.9).withoutSmallLoops() != nil)
    #expect(square(loopOf: 2.1, 2.1).withoutSmallLoops() == nil)
    #expect(square(loopOf: 0.2, 3.7).withoutSmallLoops() != nil)
    #expect(square(loopOf: 0.2, 4.2).withoutSmallLoops() == nil)
  }

  @Test(
    arguments: [
      [[0, 0], [10, 10], [10, 0], [0, 10]], [[10, 10], [30, 30], [30, 10], [10, 30]],
      // Five points of a star, two turns around the middle.
      [[50, 10], [73, 82], [12, 37], [88, 37], [27, 82]],
      // A large and a small half, of a twentieth.
      [[0, 0], [22, 22], [22, 18], [0, 20]],
      // Two turns of a spiral.
      [[0, 0], [20, 0], [20, 20], [1, 20], [1, -1], [21, -1], [21, 21], [0, 21]],
    ] as [[SIMD2<Double>]])
  func aBowTieStaysAsItIs(vertices: [SIMD2<Double>]) {
    let polygon = Polygon(vertices: vertices)
    #expect(polygon.firstCrossing != nil)
    #expect(polygon.withoutSmallLoops() == nil)
  }

  @Test func whatDoesNotCrossIsNoneOfIts() {
    #expect(Polygon(vertices: [[0, 0], [8, 0], [8, 8], [0, 8]]).withoutSmallLoops() == nil)
    #expect(Polygon(vertices: []).withoutSmallLoops() == nil)
  }

  /// Whatever is drawn, what comes back crosses itself nowhere and has lost no more than the limits say.
  @Test func randomOutlines() {
    var random = SplitMix64(seed: 7)
    var mended = 0
    for _ in 0..<400 {
      let count = Int.random(in: 12...40, using: &random)
      let noise = Double.random(in: 0...6, using: &random)
      let polygon = Polygon(
        vertices: (0..<count).map { index in
          let angle =
            2 * Double.pi * (Double(index) + noise * Double.random(in: -0.3...0.3, using: &random)) / Double(count)
          return SIMD2(50 + 30 * cos(angle), 50 + 30 * sin(angle))
            + SIMD2(Double.random(in: -1...1, using: &random), Double.random(in: -1...1, using: &random))
        })
      guard let untangled = polygon.withoutSmallLoops() else { continue }
      mended += 1
      #expect(untangled.outline.firstCrossing == nil)
      #expect(untangled.areaShare <= Polygon.largestLoopArea)
      #expect(untangled.outline.length <= polygon.length)
    }
    #expect(mended > 20)
  }
}
