import Foundation
import Support

/// A patient's build: the outline of the trunk and the layers of its wall, the same on every slice.
struct Habitus: Sendable {
  /// Half the trunk's width and depth in mm.
  let half: SIMD2<Float>
  /// The subcutaneous fat's thickness in front, in mm.
  let fat: Float
  /// The middle of the vertebral bodies, in mm behind the centre.
  let spine: Float
  /// How large the patient is, about -2...2 standard deviations.
  let size: Float
  private let exponent: Float

  /// Draws a build; trunk widths, depths and fat are our own choice after routine CT.
  init(_ generator: inout DeterministicGenerator) {
    size = generator.normal(0, 1)
    let width = 172 + 13 * size
    half = SIMD2(width, width * generator.normal(0.695, 0.025))
    fat = max(6, 20 + 8 * size + generator.normal(0, 3))
    exponent = generator.uniform(2.15, 2.5)
    spine = half.y - 0.75 * fat - 58
  }

  /// Mm below the skin, negative outside; good near the wall, rough at the centre.
  func depth(_ point: SIMD2<Float>) -> Float {
    let step: Float = 0.5
    let here = level(point)
    let slope = SIMD2(
      level(point + SIMD2(step, 0)) - level(point - SIMD2(step, 0)),
      level(point + SIMD2(0, step)) - level(point - SIMD2(0, step)))
    let gradient = (slope * slope).sum().squareRoot() / (2 * step)
    return (1 - here) / max(gradient, 1e-4)
  }

  /// The outline is where this is 1: a superellipse with a groove over the spine.
  private func level(_ point: SIMD2<Float>) -> Float {
    let groove = point.y > 0 ? 0.055 * exp(-(point.x * point.x) / 900) : 0
    let x = pow(abs(point.x) / half.x, exponent)
    let y = pow(abs(point.y) / (half.y * (1 - groove)), exponent)
    return pow(x + y, 1 / exponent)
  }

  /// 0 in front, pi at the back, on either side.
  private func angle(_ point: SIMD2<Float>) -> Float { atan2(abs(point.x) / half.x, -point.y / half.y) }

  /// The subcutaneous fat's thickness at a place: less at the flanks and at the back.
  func fatThickness(_ point: SIMD2<Float>) -> Float {
    fat * (0.85 + 0.15 * cos(2 * angle(point)) - 0.12 * bump(angle(point), 3.1, 0.8))
  }

  /// The muscular wall's thickness: rectus in front, three flat muscles at the side, fascia between.
  func wallThickness(_ point: SIMD2<Float>) -> Float {
    let angle = angle(point)
    return 4 + 7 * bump(angle, 0.26, 0.24) + 11 * bump(angle, 1.4, 0.75) + 5 * bump(angle, 2.6, 0.5)
  }

  /// Mm inside the muscular wall's inner face, negative within the wall and beyond.
  func cavityDepth(_ point: SIMD2<Float>) -> Float { depth(point) - fatThickness(point) - wallThickness(point) }

  private func bump(_ value: Float, _ centre: Float, _ width: Float) -> Float {
    let square = (value - centre) * (value - centre) / (width * width)
    return exp(-square * square)
  }

  /// The trunk without its organs, and how much of each pixel lies in the abdominal cavity.
  func wall(on grid: PixelGrid, _ palette: Palette, _ noise: SmoothNoise) -> (slice: PhasedSlice, cavity: [Float]) {
    var slice = PhasedSlice(grid: grid, filledWith: palette[.air])
    var cavity = [Float](repeating: 0, count: PixelGrid.side * PixelGrid.side)
    slice.paint(-half - 2, half + 2) { place, index in
      let point = SIMD2(place.x, place.y)
      let depth = depth(point)
      guard depth > -2 else { return (0, .zero) }
      let texture = noise(SIMD3(point.x / 5, point.y / 5, 3))
      let (fatDepth, muscleDepth) = (depth - 2.2, depth - fatThickness(point))
      let wall = wallThickness(point)
      var attenuation = palette[.skin]
      attenuation += (palette[.fat] + 5 * texture - attenuation) * edge(-fatDepth)
      attenuation += (palette[.muscle] + 4 * texture - attenuation) * edge(-muscleDepth)
      // Thin fat between the three flat muscles of the flank.
      if wall > 11, abs(point.x) > 0.55 * half.x {
        for layer in [Float(0.36), 0.68] {
          attenuation += (palette[.fat] - attenuation) * 0.55 * max(0, 1 - abs(muscleDepth - layer * wall) / 1.1)
        }
      }
      let inside = edge(wall - muscleDepth)
      attenuation += (palette[.visceralFat] + 6 * texture - attenuation) * inside
      cavity[index] = edge(wall + 1.2 - muscleDepth)
      return (edge(-depth), attenuation)
    }
    paintCouch(&slice, palette)
    return (slice, cavity)
  }

  /// Two thin shells below the patient.
  private func paintCouch(_ slice: inout PhasedSlice, _ palette: Palette) {
    for (gap, width, rise) in [(Float(7), Float(215), Float(20)), (13, 215, 20), (45, 150, 12)] {
      let top = half.y + gap
      slice.paint(SIMD2(-width, top - rise - 2), SIMD2(width, top + 2)) { point, _ in
        let along = point.x / width
        return (edge(abs(point.y - (top - rise * along * along)) - 1.1), palette[.couch])
      }
    }
  }
}
