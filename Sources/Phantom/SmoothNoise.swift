import Support

/// A smooth random field in space, of zero mean and about unit variance.
///
/// Values on a cubic lattice, interpolated; what Perlin calls value noise (SIGGRAPH 1985).
struct SmoothNoise: Sendable {
  private static let side = 32
  /// An orthonormal frame, two thirds and one third along each axis.
  private static let axes = (
    SIMD3<Float>(2 / 3, 2 / 3, 1 / 3), SIMD3<Float>(-2 / 3, 1 / 3, 2 / 3), SIMD3<Float>(1 / 3, -2 / 3, 2 / 3)
  )
  private let lattice: [Float]

  init(_ generator: inout DeterministicGenerator) {
    // Interpolation averages neighbours, which costs about this much of the amplitude.
    let gain: Float = 1.7
    lattice = (0..<Self.side * Self.side * Self.side).map { _ in gain * max(-2.5, min(2.5, generator.normal())) }
  }

  /// The field at `place`, which counts in lattice constants: its correlation length is about one.
  @inline(__always)
  func callAsFunction(_ place: SIMD3<Float>) -> Float {
    // Turned, so that no lattice line runs along a row or column of pixels.
    let point = place.x * Self.axes.0 + place.y * Self.axes.1 + place.z * Self.axes.2
    let floor = point.rounded(.down)
    let offset = point - floor
    let weight = offset * offset * (3 - 2 * offset)
    let mask = Self.side - 1
    let x0 = Int(floor.x) & mask
    let x1 = (x0 + 1) & mask
    let y0 = (Int(floor.y) & mask) * Self.side
    let y1 = (y0 + Self.side) & (Self.side * Self.side - 1)
    let z0 = (Int(floor.z) & mask) * Self.side * Self.side
    let z1 = (z0 + Self.side * Self.side) & (Self.side * Self.side * Self.side - 1)
    return lattice.withUnsafeBufferPointer { lattice in
      let near = SIMD4(lattice[x0 + y0 + z0], lattice[x0 + y1 + z0], lattice[x0 + y0 + z1], lattice[x0 + y1 + z1])
      let far = SIMD4(lattice[x1 + y0 + z0], lattice[x1 + y1 + z0], lattice[x1 + y0 + z1], lattice[x1 + y1 + z1])
      let alongX = near + (far - near) * weight.x
      let alongY = alongX.evenHalf + (alongX.oddHalf - alongX.evenHalf) * weight.y
      return alongY.x + (alongY.y - alongY.x) * weight.z
    }
  }
}
