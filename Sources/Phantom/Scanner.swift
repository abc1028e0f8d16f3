import Foundation
import Support

/// Turns a painted slice into what a CT would store: blurred, noisy, in whole HU.
struct Scanner: Sendable {
  /// A periodic field of CT-like noise: zero mean, unit variance.
  ///
  /// White noise through the difference of two Gaussians: little power at low frequencies, most of it at middle ones, as
  /// noise power spectra of filtered back-projection have (Solomon et al., Med Phys 2012;39:6048-6055).
  private let field: [Float]
  private static let side = 1024

  init(seed: UInt64) {
    var generator = DeterministicGenerator(seed: seed, stream: 1)
    let white = (0..<Self.side * Self.side).map { _ in generator.normal() }
    let fine = Self.smooth(white, sigma: 0.65)
    let coarse = Self.smooth(white, sigma: 2)
    let band = zip(fine, coarse).map { $0 - 0.8 * $1 }
    let variance = band.reduce(0.0) { $0 + Double($1 * $1) } / Double(band.count)
    let gain = Float(1 / variance.squareRoot())
    field = band.map { $0 * gain }
  }

  /// A Gaussian blur of the periodic field.
  private static func smooth(_ values: [Float], sigma: Float) -> [Float] {
    let reach = Int((3 * sigma).rounded(.up))
    let weights = (-reach...reach).map { exp(-Float($0 * $0) / (2 * sigma * sigma)) }
    let total = weights.reduce(0, +)
    let mask = side - 1
    var rows = [Float](repeating: 0, count: values.count)
    var result = rows
    for y in 0..<side {
      for x in 0..<side {
        var sum: Float = 0
        for (index, weight) in weights.enumerated() { sum += weight * values[y * side + (x + index - reach) & mask] }
        rows[y * side + x] = sum / total
      }
    }
    for y in 0..<side {
      for (index, weight) in weights.enumerated() {
        let source = ((y + index - reach) & mask) * side
        for x in 0..<side { result[y * side + x] += weight / total * rows[source + x] }
      }
    }
    return result
  }

  /// One phase of a painted slice in HU, with noise of the given standard deviation at the centre of the body.
  ///
  /// Noise falls off towards the skin, where less of the body lies in the beam's way, and more in air.
  func scan(
    _ slice: PhasedSlice, phase: ContrastPhase, sigma: Float, half: SIMD2<Float>,
    _ generator: inout DeterministicGenerator
  )
    -> [Int16]
  {
    let side = PixelGrid.side
    var image = slice.pixels.map { $0[phase.lane] }
    Self.blur(&image)
    let draws = (0..<4).map { _ in Int(generator.next() % UInt64(Self.side)) }
    let mask = Self.side - 1
    var result = [Int16](repeating: 0, count: side * side)
    let centre = slice.grid.pixel(.zero)
    let scale = PixelGrid.spacing / half
    field.withUnsafeBufferPointer { field in
      for row in 0..<side {
        let first = ((row + draws[0]) & mask) * Self.side
        let second = ((row + draws[1]) & mask) * Self.side
        let y = (Float(row) - centre.y) * scale.y
        for column in 0..<side {
          let index = row * side + column
          let x = (Float(column) - centre.x) * scale.x
          let level = max(0.35, 1.08 - 0.42 * (x * x + y * y))
          let noise = field[first + (column + draws[2]) & mask] + field[second + (column + draws[3]) & mask]
          let value = image[index] + noise * 0.70710678 * sigma * level
          result[index] = Int16(max(-1024, min(3071, value.rounded())))
        }
      }
    }
    return result
  }

  /// The scanner's point spread, about 1.3 mm wide.
  private static func blur(_ image: inout [Float]) {
    let side = PixelGrid.side
    let (beside, centre): (Float, Float) = (0.15, 0.7)
    for row in 0..<side {
      let start = row * side
      var before = image[start]
      for column in 1..<side - 1 {
        let here = image[start + column]
        image[start + column] = centre * here + beside * (before + image[start + column + 1])
        before = here
      }
    }
    var before = Array(image[0..<side])
    for row in 1..<side - 1 {
      let start = row * side
      for column in 0..<side {
        let here = image[start + column]
        image[start + column] = centre * here + beside * (before[column] + image[start + side + column])
        before[column] = here
      }
    }
  }
}
