import Foundation
import Support

/// Left and right, as the patient has it.
enum Laterality: String, CaseIterable {
  /// The patient's left is the image's right.
  case left, right

  /// The sign of x.
  var sign: Float { self == .left ? 1 : -1 }
}

/// A kidney with cortex, pyramids, sinus, collecting system, vessels, and perhaps a simple cyst.
///
/// About 11 cm long (Emamian et al., AJR 1993;160:83-86); its other measures are our own choice.
struct Kidney: Solid, Sendable {
  let side: Laterality
  /// The outline without the hilum; its own x axis points away from the hilum.
  let outline: Ellipsoid
  private let pyramids: (count: Float, phase: Float)
  private let notch: SIMD3<Float>
  private let sinusAxes: SIMD3<Float>
  private let calyces: [Rod]
  private let pelvis: Tube
  private let artery: Tube
  private let vein: Tube
  private let cysts: [Ellipsoid]
  private let noise: SmoothNoise
  private let noiseOffset: SIMD3<Float>

  init(
    _ side: Laterality, _ habitus: Habitus, _ viscera: Viscera, _ noise: SmoothNoise,
    _ generator: inout DeterministicGenerator
  ) {
    self.side = side
    self.noise = noise
    noiseOffset = SIMD3(side == .left ? 7 : 19, 3, 11)
    let scale = generator.normal(1, 0.06)
    let axes =
      SIMD3(30, 25, 55) * scale * SIMD3(generator.normal(1, 0.05), generator.normal(1, 0.05), generator.normal(1, 0.05))
    // The left kidney stands a little higher. The hilum faces forwards and to the middle.
    let height: Float = side == .left ? 7 : -7
    var centre = SIMD3(
      side.sign * (72 + 3 * habitus.size + generator.normal(0, 3)), habitus.spine + 2 + generator.normal(0, 4),
      height + generator.normal(0, 6))
    while habitus.cavityDepth(SIMD2(centre.x, centre.y)) < 27 { centre += SIMD3(-side.sign, -1, 0) }
    let facing = generator.normal(0.62, 0.12)
    outline = Ellipsoid(
      centre, axes: axes, turn: side == .left ? facing : .pi - facing, lean: SIMD2(-side.sign * 0.2, 0.12))
    pyramids = (Float(generator.chance(0.5) ? 6 : 7), generator.uniform(0, 6))
    notch = SIMD3(13, 7, 17) * scale
    sinusAxes = SIMD3(17, 8.5, 27) * scale * generator.normal(1, 0.1)
    let outline = outline
    func place(_ x: Float, _ y: Float, _ z: Float) -> SIMD3<Float> { outline.global(SIMD3(x, y, z) * scale) }
    var calyces: [Rod] = []
    for z in [Float(-24), -12, 0, 12, 24] {
      for _ in 0..<2 {
        let tip = place(generator.uniform(-2, 6), generator.uniform(-8, 8), z + generator.normal(0, 2))
        calyces.append(Rod(start: place(-12, 0, z * 0.6), end: tip, radius: generator.uniform(1.4, 2.4)))
      }
    }
    for sign in [Float(-1), 1] {
      calyces.append(Rod(start: place(-16, 0, 0), end: place(-10, 0, sign * 20), radius: 2.4))
    }
    self.calyces = calyces
    // The ureter runs down on the psoas.
    let onPsoas = SIMD3(side.sign * (40 + generator.normal(0, 2)), habitus.spine - 12, centre.z - 50)
    pelvis = Tube(
      [place(-12, 0, 4), place(-27, 1, -2), place(-34, 2, -14), onPsoas, onPsoas + SIMD3(-side.sign * 6, -4, -80)],
      radius: generator.uniform(2.2, 3.2))
    let level = centre.z + generator.normal(2, 4)
    let (aorta, cava) = (viscera.aortaCentre, viscera.cavaCentre)
    artery = Tube(
      [
        SIMD3(aorta.x + side.sign * 6, aorta.y + 2, level + 6), SIMD3(side.sign * 38, habitus.spine - 18, level + 3),
        place(-24, 3, 3), place(-13, 4, 8),
      ], radius: generator.uniform(2.5, 3.2))
    // The left vein crosses in front of the aorta.
    let entry = [SIMD3(cava.x + 6 * side.sign, cava.y - 2, level)]
    let crossing =
      side == .left ? [SIMD3(aorta.x, aorta.y - 15, level + 2), SIMD3(aorta.x + 22, aorta.y - 2, level + 1)] : []
    vein = Tube(entry + crossing + [place(-30, -4, -1), place(-15, -4, -6)], radius: generator.uniform(4, 5.2))
    cysts = (0..<2).compactMap { _ in
      let radius = generator.uniform(3, 11)
      let direction = Self.direction(&generator)
      guard generator.chance(0.22) else { return nil }
      return Ellipsoid(outline.global(direction * axes * 0.95), axes: SIMD3(repeating: radius))
    }
  }

  /// A direction in the kidney's own axes that avoids the hilum.
  static func direction(_ generator: inout DeterministicGenerator) -> SIMD3<Float> {
    let angle = generator.uniform(-2.1, 2.1)
    let height = generator.uniform(-0.7, 0.7)
    let girth = (1 - height * height).squareRoot()
    return SIMD3(girth * cos(angle), girth * sin(angle), height)
  }

  var bounds: (low: SIMD3<Float>, high: SIMD3<Float>) { outline.bounds }

  @inline(__always)
  func distance(_ point: SIMD3<Float>) -> Float {
    let local = outline.local(point)
    let lobulation = 0.8 * noise(local / 16 + noiseOffset)
    let hilum = Ellipsoid.distance(local + SIMD3(outline.axes.x + 1, 0, 0), notch)
    return max(Ellipsoid.distance(local, outline.axes) + lobulation, -hilum)
  }

  /// The perirenal fat keeps the kidney's neighbours off, most of it behind and towards the spine.
  func paintPerirenalFat(on slice: inout PhasedSlice, _ palette: Palette, cavity: [Float]) {
    slice.paint(outline, palette[.visceralFat], grown: 3, clip: cavity)
    let space = Ellipsoid(
      outline.centre + SIMD3(-side.sign * 16, 9, 4), axes: outline.axes + SIMD3(12, 5, 22), lean: outline.lean)
    slice.paint(space, palette[.visceralFat], clip: cavity)
  }

  func paint(on slice: inout PhasedSlice, _ palette: Palette) {
    slice.paint(artery, palette[.visceralFat], grown: 1)
    slice.paint(vein, palette[.renalVein])
    slice.paint(artery, palette[.aorta] * 0.95)
    slice.paint(self) { point in parenchyma(at: outline.local(point), palette) }
    paintSinus(on: &slice, palette)
    for cyst in cysts { slice.paint(cyst, palette[.cyst]) }
  }

  /// Cortex outside, pyramids within it, columns of cortex between the pyramids.
  @inline(__always)
  private func parenchyma(at local: SIMD3<Float>, _ palette: Palette) -> SIMD4<Float> {
    let scaled = (local + SIMD3(6, 0, 0)) / (outline.axes + SIMD3(6, 0, 0))
    let radius = (scaled * scaled).sum().squareRoot()
    var attenuation = palette[.cortex] + 4 * noise(local / 3 + noiseOffset)
    guard radius < 0.85 else { return attenuation }
    let angle = atan2(local.y, local.x + 6)
    let rows = cos(local.z / 4.6 + pyramids.phase)
    let wave =
      cos(pyramids.count * angle + pyramids.phase + local.z / 8) + 0.55 * rows + 0.35 * noise(local / 8 + noiseOffset)
    // A pyramid narrows towards its papilla.
    let width = 0.35 - 0.9 * (radius - 0.45)
    let pyramid = max(0, min(1, 0.5 + 1.6 * (wave + 0.5 - width))) * max(0, min(1, (0.8 - radius) * 14))
    attenuation += (palette[.medulla] - attenuation) * pyramid
    return attenuation
  }

  private func paintSinus(on slice: inout PhasedSlice, _ palette: Palette) {
    let sinus = Ellipsoid(outline.global(SIMD3(-outline.axes.x * 0.55, 0, 0)), axes: SIMD3(repeating: 40))
    guard abs(slice.z - outline.centre.z) < sinusAxes.z + 6 else { return }
    let bounds = sinus.bounds
    slice.paint(SIMD2(bounds.low.x, bounds.low.y), SIMD2(bounds.high.x, bounds.high.y)) { point, _ in
      let local = outline.local(point) + SIMD3(outline.axes.x * 0.55, 0, 0)
      let ragged = 2.2 * noise(local / 5 + noiseOffset)
      let distance = Ellipsoid.distance(local, sinusAxes) + ragged
      return (edge(distance), palette[.sinusFat])
    }
    for part in vein.rods.suffix(1) + artery.rods.suffix(1) {
      slice.paint(part, palette[.renalVein], grown: -1.2)
    }
    for calyx in calyces { slice.paint(calyx, palette[.urine]) }
    for (index, part) in pelvis.rods.enumerated() { slice.paint(part, palette[.urine], grown: index < 2 ? 2.4 : -0.6) }
  }
}
