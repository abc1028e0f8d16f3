/// The pixels of an axial slice in space: millimetres from the body's centre, x to the patient's left, y to the back.
struct PixelGrid: Sendable {
  /// Pixels per row and per column.
  static let side = 512
  /// The pixel's size in mm, the paper's.
  static let spacing: Float = 0.9765625
  /// The distance of slices and their thickness in mm, the paper's.
  static let sliceSpacing: Float = 2.5
  /// The place of the first pixel's centre.
  let origin: SIMD2<Float>

  /// - Parameter offset: where the body's centre lies, seen from the image's.
  init(offset: SIMD2<Float>) {
    origin = SIMD2(repeating: -Float(Self.side - 1) / 2 * Self.spacing) - offset
  }

  /// Pixels from millimetres.
  func pixel(_ point: SIMD2<Float>) -> SIMD2<Float> { (point - origin) / Self.spacing }

  /// The pixel rectangle that covers a rectangle in mm, within the image.
  func box(_ low: SIMD2<Float>, _ high: SIMD2<Float>) -> (columns: Range<Int>, rows: Range<Int>) {
    func range(_ low: Float, _ high: Float) -> Range<Int> {
      let first = max(0, min(Self.side, Int(low.rounded(.down))))
      return first..<max(first, min(Self.side, Int(high.rounded(.up)) + 1))
    }
    let (first, last) = (pixel(low), pixel(high))
    return (range(first.x, last.x), range(first.y, last.y))
  }
}

/// One slice in all four phases at once: tissues cover it in the order in which they are painted.
struct PhasedSlice {
  let grid: PixelGrid
  /// HU by row, one lane per phase.
  var pixels: [SIMD4<Float>]
  /// The slice's place in mm, up from the kidneys' middle.
  var z: Float = 0

  init(grid: PixelGrid, filledWith attenuation: SIMD4<Float>) {
    self.grid = grid
    pixels = .init(repeating: attenuation, count: PixelGrid.side * PixelGrid.side)
  }

  /// Paints a rectangle in mm: `shade` tells, for a point and its pixel's index, how much is covered (0...1) and by what HU.
  @inline(__always)
  mutating func paint(
    _ low: SIMD2<Float>, _ high: SIMD2<Float>, _ shade: (SIMD3<Float>, Int) -> (cover: Float, attenuation: SIMD4<Float>)
  ) {
    let (columns, rows) = grid.box(low, high)
    let (origin, z) = (grid.origin, z)
    pixels.withUnsafeMutableBufferPointer { pixels in
      for row in rows {
        let y = origin.y + Float(row) * PixelGrid.spacing
        for column in columns {
          let index = row * PixelGrid.side + column
          let (cover, attenuation) = shade(SIMD3(origin.x + Float(column) * PixelGrid.spacing, y, z), index)
          guard cover > 0 else { continue }
          let below = pixels[index]
          pixels[index] = below + (attenuation - below) * cover
        }
      }
    }
  }

  /// Paints a solid in one tissue, its edge blended over a pixel.
  ///
  /// `grown` adds so many mm on every side; `clip` tells how much of each pixel the solid may cover, 0...1.
  @inline(__always)
  mutating func paint(_ solid: some Solid, _ attenuation: SIMD4<Float>, grown: Float = 0, clip: [Float]? = nil) {
    paint(solid, grown: grown, clip: clip) { _ in attenuation }
  }

  /// Paints a solid whose HU vary from place to place.
  @inline(__always)
  mutating func paint(
    _ solid: some Solid, grown: Float = 0, clip: [Float]? = nil, _ attenuation: (SIMD3<Float>) -> SIMD4<Float>
  ) {
    let bounds = solid.bounds
    let reach = grown + 2
    guard z > bounds.low.z - reach, z < bounds.high.z + reach else { return }
    paint(
      SIMD2(bounds.low.x - reach, bounds.low.y - reach), SIMD2(bounds.high.x + reach, bounds.high.y + reach)
    ) { point, index in
      var cover = edge(solid.distance(point) - grown)
      guard cover > 0 else { return (0, .zero) }
      if let clip { cover *= clip[index] }
      return (cover, attenuation(point))
    }
  }
}

/// How much of a pixel lies inside, for a signed distance (negative inside) and the half-width of the edge, both in mm.
@inline(__always)
func edge(_ distance: Float, softness: Float = 0.7) -> Float {
  max(0, min(1, 0.5 - 0.5 * distance / softness))
}

extension PhasedSlice {
  /// Paints a tube in one tissue.
  mutating func paint(_ tube: Tube, _ attenuation: SIMD4<Float>, grown: Float = 0, clip: [Float]? = nil) {
    for rod in tube.rods { paint(rod, attenuation, grown: grown, clip: clip) }
  }
}
