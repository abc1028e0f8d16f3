import Foundation

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
struct Canvas {
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

/// A body given by its signed distance.
protocol Solid {
  /// About the distance to the surface in mm, negative inside; exact on the surface.
  func distance(_ point: SIMD3<Float>) -> Float
  /// A box that holds the solid.
  var bounds: (low: SIMD3<Float>, high: SIMD3<Float>) { get }
}

/// An ellipsoid, turned in the axial plane and leaning.
struct Ellipsoid: Solid {
  var centre: SIMD3<Float>
  /// Half axes in mm.
  let axes: SIMD3<Float>
  /// How far the centre moves in the plane per mm upwards.
  let lean: SIMD2<Float>
  private let cosine: Float
  private let sine: Float

  /// Makes an ellipsoid; `turn` is in radians.
  init(_ centre: SIMD3<Float>, axes: SIMD3<Float>, turn: Float = 0, lean: SIMD2<Float> = .zero) {
    self.centre = centre
    self.axes = axes
    self.lean = lean
    (cosine, sine) = (cos(turn), sin(turn))
  }

  /// A point in the ellipsoid's own axes.
  @inline(__always)
  func local(_ point: SIMD3<Float>) -> SIMD3<Float> {
    let p = point - centre
    let x = p.x - lean.x * p.z
    let y = p.y - lean.y * p.z
    return SIMD3(cosine * x + sine * y, cosine * y - sine * x, p.z)
  }

  /// The point with these coordinates in the ellipsoid's own axes.
  func global(_ local: SIMD3<Float>) -> SIMD3<Float> {
    let x = cosine * local.x - sine * local.y + lean.x * local.z
    let y = sine * local.x + cosine * local.y + lean.y * local.z
    return centre + SIMD3(x, y, local.z)
  }

  @inline(__always)
  func distance(_ point: SIMD3<Float>) -> Float { Self.distance(local(point), axes) }

  /// The signed distance for a point in the ellipsoid's own axes.
  @inline(__always)
  static func distance(_ local: SIMD3<Float>, _ axes: SIMD3<Float>) -> Float {
    let scaled = local / axes
    let steep = scaled / axes
    let length = (scaled * scaled).sum().squareRoot()
    let gradient = (steep * steep).sum().squareRoot()
    return gradient > 1e-6 ? length * (length - 1) / gradient : -axes.min()
  }

  var bounds: (low: SIMD3<Float>, high: SIMD3<Float>) {
    let x = (axes.x * axes.x * cosine * cosine + axes.y * axes.y * sine * sine).squareRoot()
    let y = (axes.x * axes.x * sine * sine + axes.y * axes.y * cosine * cosine).squareRoot()
    let reach = SIMD3(x + abs(lean.x) * axes.z, y + abs(lean.y) * axes.z, axes.z)
    return (centre - reach, centre + reach)
  }
}

/// A round rod with round ends.
struct Rod: Solid {
  let start: SIMD3<Float>
  let end: SIMD3<Float>
  let radius: Float

  @inline(__always)
  func distance(_ point: SIMD3<Float>) -> Float {
    let along = end - start
    let offset = point - start
    let place = max(0, min(1, (offset * along).sum() / max(1e-6, (along * along).sum())))
    let gap = offset - along * place
    return (gap * gap).sum().squareRoot() - radius
  }

  var bounds: (low: SIMD3<Float>, high: SIMD3<Float>) {
    (pointwiseMin(start, end) - radius, pointwiseMax(start, end) + radius)
  }
}

/// A bent tube: rods from point to point.
struct Tube {
  let rods: [Rod]

  init(_ path: [SIMD3<Float>], radius: Float) {
    rods = zip(path, path.dropFirst()).map { Rod(start: $0, end: $1, radius: radius) }
  }
}

extension Canvas {
  /// Paints a tube in one tissue.
  mutating func paint(_ tube: Tube, _ attenuation: SIMD4<Float>, grown: Float = 0, clip: [Float]? = nil) {
    for rod in tube.rods { paint(rod, attenuation, grown: grown, clip: clip) }
  }
}
