@testable import Annotation
import Support
import Testing

/// Outlines give back the mask that they were traced from.
struct MaskOutlinesTests {
  private func mask(_ rows: [String]) -> PixelMask {
    PixelMask(columns: rows[0].count, rows: rows.count, values: rows.joined().map { $0 == "#" })
  }

  /// How often each pixel is inside, over all outlines.
  private func coverage(_ polygons: [Polygon], _ mask: PixelMask) -> [Int] {
    polygons.reduce(into: Array(repeating: 0, count: mask.values.count)) { counts, polygon in
      let inside = polygon.mask(columns: mask.columns, rows: mask.rows)
      for index in counts.indices where inside.values[index] { counts[index] += 1 }
    }
  }

  private func check(_ mask: PixelMask, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let polygons = mask.outlines()
    #expect(coverage(polygons, mask) == mask.values.map { $0 ? 1 : 0 }, sourceLocation: sourceLocation)
    #expect(polygons.reduce(0) { $0 + $1.area } == Double(mask.count), sourceLocation: sourceLocation)
    for polygon in polygons { try polygon.validate(columns: mask.columns, rows: mask.rows) }
  }

  @Test func `a rectangle has four corners, half a pixel outside of its pixels' centres`() {
    let outlines = mask([".....", ".###.", ".###.", "....."]).outlines()
    #expect(outlines.count == 1)
    #expect(Set(outlines[0].vertices) == [[0.5, 0.5], [3.5, 0.5], [3.5, 2.5], [0.5, 2.5]])
    #expect(outlines[0].vertices.count == 4)
  }

  @Test func `parts, corner contacts and the image's border`() throws {
    let parts = mask(["#..##", ".#...", "..#.#", "#####"])
    #expect(parts.outlines().count == 4)
    try check(parts)
    try check(mask(["###", "###"]))
    #expect(mask(["...", "..."]).outlines().isEmpty)
  }

  @Test func `an area with a hole is cut below the hole's first row`() throws {
    let ring = mask([".#####.", ".#...#.", ".#.#.#.", ".#...#.", ".#####."])
    try check(ring)
    // The ring's upper part, its lower part, and the pixel within.
    #expect(ring.outlines().count == 3)
    let touching = mask(["####", "#.##", "##.#", "####"])
    try check(touching)
  }

  @Test func `random masks with holes and specks`() throws {
    var generator = DeterministicGenerator(seed: 7)
    for _ in 0..<400 {
      let (columns, rows) = (Int.random(in: 1...24, using: &generator), Int.random(in: 1...18, using: &generator))
      let density = Int.random(in: 1...9, using: &generator)
      let values = (0..<columns * rows).map { _ in Int.random(in: 0..<10, using: &generator) < density }
      try check(PixelMask(columns: columns, rows: rows, values: values))
    }
  }

  @Test func `round masks of a tumour's size, with holes`() throws {
    var generator = DeterministicGenerator(seed: 8)
    for _ in 0..<20 {
      var discs: [(x: Int, y: Int, radius: Int, isHole: Bool)] = []
      for index in 0..<12 {
        discs.append(
          (
            Int.random(in: 0..<160, using: &generator), Int.random(in: 0..<120, using: &generator),
            Int.random(in: 2..<40, using: &generator), index % 3 == 2
          ))
      }
      var values = Array(repeating: false, count: 160 * 120)
      for disc in discs {
        for index in values.indices {
          let (x, y) = (index % 160 - disc.x, index / 160 - disc.y)
          if x * x + y * y <= disc.radius * disc.radius { values[index] = !disc.isHole }
        }
      }
      try check(PixelMask(columns: 160, rows: 120, values: values))
    }
  }
}
