import Foundation
import Support

/// Spine, ribs and the muscles of the back.
struct Skeleton: Sendable {
  private let habitus: Habitus
  /// Half axes of a vertebral body in mm.
  private let body: SIMD2<Float>
  /// The height of a vertebra with its disc in mm, and where the first one starts.
  private let period: Float = 34
  private let start: Float
  private let density: Float
  private let psoas: Float
  private let noise: SmoothNoise

  init(_ habitus: Habitus, _ noise: SmoothNoise, _ generator: inout DeterministicGenerator) {
    self.habitus = habitus
    self.noise = noise
    let scale = generator.normal(1, 0.05)
    body = SIMD2(24, 17.5) * scale
    start = generator.uniform(0, 34)
    density = generator.normal(0, 25)
    psoas = generator.normal(1, 0.1)
  }

  func paint(on slice: inout PhasedSlice, _ palette: Palette) {
    paintMuscles(on: &slice, palette)
    paintRibs(on: &slice, palette)
    paintVertebra(on: &slice, palette)
  }

  private func paintMuscles(on slice: inout PhasedSlice, _ palette: Palette) {
    let (z, spine) = (slice.z, habitus.spine)
    let muscle = palette[.muscle]
    // Psoas grows downwards from the first lumbar vertebra.
    let girth = max(0, min(1, (70 - z) / 130)) * psoas
    for side in [Float(-1), 1] {
      let reach = body.x + 6
      let parts = [
        Ellipsoid(
          SIMD3(side * (reach + 3), spine + 2, z), axes: SIMD3(6 + 13 * girth, 9 + 13 * girth, 100), turn: side * 0.35),
        Ellipsoid(SIMD3(side * 60, spine + 22, z), axes: SIMD3(19, 8, 100), turn: side * -0.35),
        Ellipsoid(SIMD3(side * 31, spine + 37, z), axes: SIMD3(29, 19, 100), turn: side * -0.12),
      ]
      for (index, part) in parts.enumerated() where index > 0 || girth > 0.12 {
        slice.paint(part, palette[.visceralFat], grown: 1)
        slice.paint(part) { muscle + 7 * noise(SIMD3($0.x / 4, $0.y / 4, $0.z / 16)) }
      }
      // The crura of the diaphragm, beside the aorta above the renal vessels.
      if z > -5 {
        slice.paint(
          Rod(start: SIMD3(side * 10, spine - body.y - 5, z), end: SIMD3(side * 20, spine - 6, z), radius: 3.2), muscle)
      }
    }
  }

  private func paintVertebra(on slice: inout PhasedSlice, _ palette: Palette) {
    let (z, spine) = (slice.z, habitus.spine)
    // 0...1 from the lower to the upper endplate, beyond 1 in the disc.
    let place = (z + start + 10 * period).truncatingRemainder(dividingBy: period) / (period - 8)
    let isDisc = place > 1
    let waist = isDisc ? 1 : 1 - 0.09 * sin(.pi * place)
    let axes = SIMD3(body.x * waist, body.y * waist, 1000)
    let (bone, marrow) = (palette[.corticalBone], palette[.marrow] + density)
    let nearEndplate = !isDisc && (place < 0.09 || place > 0.91)
    slice.paint(Ellipsoid(SIMD3(0, spine, z), axes: axes)) { point in
      let texture = noise(SIMD3(point.x / 2.2, point.y / 2.2, point.z / 2.5))
      if isDisc { return palette[.disc] + 5 * texture }
      let distance = Ellipsoid.distance(SIMD3(point.x, point.y - spine, 0), axes)
      let shell = edge(-distance - 1.8, softness: 1) * 0.75
      let inner = marrow + 38 * texture + (nearEndplate ? 170 : 0)
      return inner + (bone - inner) * shell
    }
    // The back of the body is hollow; behind it lies the canal.
    let canal = Ellipsoid(SIMD3(0, spine + body.y + 6.5, z), axes: SIMD3(11.5, 9, 100))
    let arch = place < 0.75
    func paintBone(_ rod: Rod) {
      slice.paint(rod) { point in
        let shell = edge(-rod.distance(point) - 1.5, softness: 1)
        let inner = marrow + 40 * noise(point / 2.2)
        return inner + (bone - inner) * (0.25 + 0.7 * shell)
      }
    }
    func rod(_ x: Float, _ y: Float, _ toX: Float, _ toY: Float, _ radius: Float) -> Rod {
      Rod(start: SIMD3(x, spine + y, z), end: SIMD3(toX, spine + toY, z), radius: radius)
    }
    for side in [Float(-1), 1] {
      if place > 0.45 && place < 0.95 { paintBone(rod(side * 15, body.y - 2, side * 15, body.y + 12, 4.6)) }
      if place > 0.5 && place < 0.85 { paintBone(rod(side * 17, body.y + 11, side * 42, body.y + 17, 3.4)) }
      if arch { paintBone(rod(side * 13, body.y + 14, 0, body.y + 21, 3)) }
      paintBone(rod(side * 15, body.y + 12, side * 16, body.y + 18, isDisc ? 6 : 4.5))
    }
    if place < 0.7 { paintBone(rod(0, body.y + 20, 0, body.y + 36 - 6 * place, 3.2)) }
    slice.paint(canal, palette[.fat] * 0.5)
    slice.paint(Ellipsoid(canal.centre, axes: SIMD3(9, 7, 100)), palette[.duralSac])
  }

  /// Ribs run downwards and forwards: the lower the slice, the farther in front each one is cut.
  private func paintRibs(on slice: inout PhasedSlice, _ palette: Palette) {
    for number in 0..<8 {
      let descent = -8 + 27 * Float(number) - slice.z
      let angle = 0.5 + descent * 0.018
      // The twelfth and the eleventh end free, the next in cartilage.
      let last: Float = number == 0 ? 1.0 : number == 1 ? 1.6 : 2.3
      guard descent > 0, angle < last else { continue }
      for side in [Float(-1), 1] { paintRib(on: &slice, palette, angle: angle, side: side) }
    }
  }

  private func paintRib(on slice: inout PhasedSlice, _ palette: Palette, angle: Float, side: Float) {
    let direction = SIMD2(side * sin(angle), cos(angle))
    var (low, high) = (Float(30), Float(300))
    for _ in 0..<14 {
      let middle = (low + high) / 2
      let point = direction * middle
      if habitus.depth(point) > habitus.fatThickness(point) + 5 { low = middle } else { high = middle }
    }
    let point = direction * low
    // Along the wall: across the direction in which depth grows.
    let inward = SIMD2(
      habitus.depth(point + SIMD2(1, 0)) - habitus.depth(point - SIMD2(1, 0)),
      habitus.depth(point + SIMD2(0, 1)) - habitus.depth(point - SIMD2(0, 1)))
    let rib = Ellipsoid(
      SIMD3(point.x, point.y, slice.z), axes: SIMD3(10, 4.2, 50), turn: atan2(inward.y, inward.x) - .pi / 2)
    let (bone, marrow) = (palette[.corticalBone], palette[.marrow])
    slice.paint(rib) { marrow + (bone - marrow) * edge(-rib.distance($0) - 1.4, softness: 0.8) }
  }
}
