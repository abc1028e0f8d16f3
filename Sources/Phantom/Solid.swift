import Foundation

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
