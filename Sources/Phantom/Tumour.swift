import Foundation
import Support

/// A clear cell RCC in its place: a lobulated ball that takes up contrast unevenly around a necrotic core.
struct Tumour: Solid, Sendable {
  let traits: TumourTraits
  let side: Laterality
  let centre: SIMD3<Float>
  private let radius: Float
  private let coreCentre: SIMD3<Float>
  private let noise: SmoothNoise
  private let noiseOffset: SIMD3<Float>

  /// Grows a tumour out of a kidney, moved where it would reach into the wall or the spine.
  init(
    _ traits: TumourTraits, in kidney: Kidney, _ habitus: Habitus, _ noise: SmoothNoise,
    _ generator: inout DeterministicGenerator
  ) {
    self.traits = traits
    self.noise = noise
    side = kidney.side
    radius = traits.diameter / 2
    noiseOffset = SIMD3(generator.uniform(0, 31), generator.uniform(0, 31), generator.uniform(0, 31))
    let direction = Kidney.direction(&generator)
    // From half buried to mostly outside.
    let surface = kidney.outline.global(direction * kidney.outline.axes)
    let middle = kidney.outline.centre
    let outward = surface - middle
    let unit = outward / (outward * outward).sum().squareRoot()
    var centre = surface + unit * radius * generator.uniform(-0.5, 0.35)
    for _ in 0..<60 {
      let place = SIMD2(centre.x, centre.y)
      if habitus.cavityDepth(place) < radius * 1.08 + 2 {
        let inward = SIMD2(side.sign * 35, habitus.spine - 35) - place
        let step = inward / max(1, (inward * inward).sum().squareRoot()) * 2
        centre += SIMD3(step.x, step.y, 0)
      }
      let gap = SIMD2(centre.x, centre.y) - SIMD2(0, habitus.spine)
      if (gap * gap).sum().squareRoot() < radius * 1.08 + 32 {
        centre += SIMD3(side.sign * 1.2, -1.2, 0)
      }
    }
    self.centre = centre
    let reach = 0.3 * radius * max(0, 1 - traits.necrosis)
    coreCentre = centre + reach * SIMD3(generator.uniform(-1, 1), generator.uniform(-1, 1), generator.uniform(-1, 1))
  }

  var bounds: (low: SIMD3<Float>, high: SIMD3<Float>) {
    let reach = SIMD3(repeating: radius * 1.4)
    return (centre - reach, centre + reach)
  }

  @inline(__always)
  func distance(_ point: SIMD3<Float>) -> Float {
    let offset = point - centre
    let length = max(1e-3, (offset * offset).sum().squareRoot())
    let direction = offset / length
    let waves = 0.75 * noise(direction * 1.7 + noiseOffset) + 0.45 * noise(direction * 3.4 - noiseOffset)
    return length - radius * (1 + traits.lobulation * waves)
  }

  func paint(on slice: inout PhasedSlice, _ palette: Palette) {
    let bounds = bounds
    guard slice.z > bounds.low.z, slice.z < bounds.high.z else { return }
    slice.paint(SIMD2(bounds.low.x, bounds.low.y), SIMD2(bounds.high.x, bounds.high.y)) { point, _ in
      let cover = edge(distance(point), softness: traits.blur)
      return cover > 0 ? (cover, attenuation(at: point, palette)) : (0, .zero)
    }
  }

  /// HU in the four phases.
  @inline(__always)
  func attenuation(at point: SIMD3<Float>, _ palette: Palette) -> SIMD4<Float> {
    let plain = palette[.carcinoma]
    let place = point / traits.grain + noiseOffset
    let texture = 0.8 * noise(place) + 0.6 * noise(place / 2.3)
    let uptake = max(0.02, traits.enhancement + traits.heterogeneity * texture)
    var attenuation = plain[0] + traits.density + 2 * texture + (plain - plain[0]) * uptake
    guard traits.necrosis > 0 else { return attenuation }
    let offset = point - coreCentre
    let core = (offset * offset).sum().squareRoot() / radius - traits.necrosis + 0.12 * noise(point / 6 - noiseOffset)
    attenuation += (palette[.necrosis] - attenuation) * max(0, min(1, 0.5 - core / 0.2))
    return attenuation
  }
}
