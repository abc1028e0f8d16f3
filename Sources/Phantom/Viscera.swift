import Foundation
import Support

/// Liver, spleen, stomach, pancreas, gut and the great vessels.
///
/// Shapes and places are our own choice after routine CT.
struct Viscera: Sendable {
  /// A length of gut: fluid, stool and gas within a wall.
  private struct Gut: Sendable {
    let tube: Tube
    /// Gas lies in front of this.
    let gasLevel: Float
    let content: Float
    let isColon: Bool
  }

  private let liver: [Ellipsoid]
  private let liverVessels: [Rod]
  private let gallbladder: Ellipsoid?
  private let spleen: Ellipsoid
  private let stomach: Ellipsoid
  private let stomachGasLevel: Float
  private let pancreas: Tube
  private let guts: [Gut]
  private let mesentery: [Rod]
  private let aorta: Rod
  private let superiorMesenteric: Tube
  private let cava: Ellipsoid
  private let portal: Tube
  private let noise: SmoothNoise

  /// Where the renal vessels leave the aorta and join the vena cava, in mm.
  let aortaCentre: SIMD2<Float>
  let cavaCentre: SIMD2<Float>

  init(_ habitus: Habitus, _ noise: SmoothNoise, _ generator: inout DeterministicGenerator) {
    self.noise = noise
    let spine = habitus.spine
    // Half the cavity's width and depth.
    let a = habitus.half.x - habitus.fat - 14
    let b = habitus.half.y - habitus.fat - 11
    let large = generator.normal(1, 0.08)
    let low = generator.normal(0, 14)
    liver = [
      Ellipsoid(
        SIMD3(-0.62 * a, -2, 84 - low), axes: SIMD3(0.6 * a, 0.98 * b, 124 * large), turn: 0.22,
        lean: SIMD2(0.32, -0.06)),
      Ellipsoid(
        SIMD3(-0.12 * a, -0.52 * b, 104 - low), axes: SIMD3(0.62 * a, 0.36 * b, 66 * large), turn: -0.1,
        lean: SIMD2(0.2, 0)),
    ]
    liverVessels = (0..<60).map { _ in
      let start = SIMD3(
        generator.uniform(-0.9, -0.05) * a, generator.uniform(-0.55, 0.5) * b, generator.uniform(-50, 130))
      let along = SIMD3(generator.normal(0, 10), generator.normal(0, 10), generator.normal(0, 8))
      return Rod(start: start - along, end: start + along, radius: generator.uniform(1, 2.6))
    }
    gallbladder =
      generator.chance(0.75)
      ? Ellipsoid(
        SIMD3(-0.38 * a, -0.5 * b, 8 + generator.normal(0, 10)), axes: SIMD3(13, 19, 26),
        turn: generator.uniform(-0.6, 0.6))
      : nil
    spleen = Ellipsoid(
      SIMD3(0.82 * a, 18, 78 + generator.normal(0, 12)), axes: SIMD3(27, 48, 56) * generator.normal(1, 0.1), turn: 0.3)
    stomach = Ellipsoid(
      SIMD3(0.35 * a, -0.42 * b, 72 + generator.normal(0, 10)),
      axes: SIMD3(0.42 * a, 0.42 * b, 52), turn: generator.uniform(0, 0.5), lean: SIMD2(-0.1, -0.2))
    stomachGasLevel = -0.42 * b - generator.uniform(4, 24)
    let rise = generator.normal(12, 8)
    pancreas = Tube(
      [
        SIMD3(-34, spine - 52, rise - 26), SIMD3(-26, spine - 58, rise - 4), SIMD3(6, spine - 62, rise + 6),
        SIMD3(40, spine - 50, rise + 14), SIMD3(74, spine - 30, rise + 26),
      ], radius: generator.uniform(8.5, 11.5))
    aortaCentre = SIMD2(generator.uniform(4, 10), spine - 30)
    cavaCentre = SIMD2(generator.uniform(-25, -20), spine - 27)
    let caliber = generator.uniform(8.5, 11.5)
    aorta = Rod(
      start: SIMD3(aortaCentre.x, aortaCentre.y, -300), end: SIMD3(aortaCentre.x, aortaCentre.y, 300), radius: caliber)
    cava = Ellipsoid(
      SIMD3(cavaCentre.x, cavaCentre.y, 0), axes: SIMD3(generator.uniform(11, 14), generator.uniform(8, 11), 900),
      turn: generator.uniform(-0.4, 0.4))
    superiorMesenteric = Tube(
      [
        SIMD3(aortaCentre.x, aortaCentre.y, 22), SIMD3(aortaCentre.x - 1, aortaCentre.y - 17, 8),
        SIMD3(aortaCentre.x - 3, aortaCentre.y - 24, -90),
      ], radius: 3.6)
    portal = Tube(
      [
        SIMD3(-11, aortaCentre.y - 24, -95), SIMD3(-10, aortaCentre.y - 23, 4), SIMD3(-30, spine - 60, 36),
        SIMD3(-62, spine - 64, 62), SIMD3(-85, spine - 60, 80),
      ], radius: generator.uniform(5.2, 6.6))
    guts = Self.guts(a: a, b: b, spine: spine, &generator)
    mesentery = (0..<260).map { _ in
      let start = SIMD3(
        generator.uniform(-0.6, 0.6) * a, generator.uniform(-0.75, 0.1) * b, generator.uniform(-95, 60))
      let along = SIMD3(generator.normal(0, 8), generator.normal(0, 6), generator.normal(0, 9))
      return Rod(start: start - along, end: start + along, radius: generator.uniform(0.8, 2))
    }
  }

  /// Colon along the frame of the cavity, small bowel winding within.
  private static func guts(a: Float, b: Float, spine: Float, _ generator: inout DeterministicGenerator) -> [Gut] {
    var guts: [Gut] = []
    let bend = generator.normal(0, 8)
    let colon: [[SIMD3<Float>]] = [
      [
        SIMD3(-0.78 * a, 14, -120), SIMD3(-0.76 * a, 8, -60), SIMD3(-0.7 * a, -6, -22 + bend),
        SIMD3(-0.55 * a, -0.45 * b, -8 + bend),
      ],
      [
        SIMD3(-0.55 * a, -0.55 * b, -8 + bend), SIMD3(-0.2 * a, -0.76 * b, -24 + bend),
        SIMD3(0.2 * a, -0.76 * b, -20 + bend),
        SIMD3(0.6 * a, -0.5 * b, 20 + bend), SIMD3(0.8 * a, -0.1 * b, 48 + bend),
      ],
      [SIMD3(0.85 * a, 0, 46 + bend), SIMD3(0.84 * a, 14, 0), SIMD3(0.82 * a, 18, -120)],
    ]
    for path in colon {
      let middle = path.map(\.y).reduce(0, +) / Float(path.count)
      guts.append(
        Gut(
          tube: Tube(path, radius: generator.uniform(14, 21)), gasLevel: middle + generator.uniform(-16, 10),
          content: generator.uniform(0, 35), isColon: true))
    }
    let duodenum = Tube(
      [SIMD3(-46, spine - 50, 26), SIMD3(-48, spine - 44, -28), SIMD3(0, spine - 52, -40), SIMD3(34, spine - 60, -22)],
      radius: generator.uniform(9, 12))
    guts.append(Gut(tube: duodenum, gasLevel: -1000, content: 20, isColon: false))
    // Some patients drank contrast.
    let oral: Float = generator.chance(0.25) ? generator.uniform(120, 260) : 0
    for _ in 0..<24 {
      var place = SIMD3(
        generator.uniform(-0.5, 0.62) * a, generator.uniform(-0.75, 0.05) * b, generator.uniform(-100, 16))
      var heading = generator.uniform(0, 2 * .pi)
      var path = [place]
      for _ in 0..<6 {
        heading += generator.normal(0, 0.9)
        place += SIMD3(18 * cos(heading), 12 * sin(heading), generator.normal(0, 7))
        place.x = max(-0.55 * a, min(0.66 * a, place.x))
        place.y = max(-0.74 * b, min(0.06 * b, place.y))
        path.append(place)
      }
      let radius = generator.uniform(8.5, 13)
      let gas = generator.chance(0.25) ? place.y - generator.uniform(0, 8) : -1000
      guts.append(
        Gut(tube: Tube(path, radius: radius), gasLevel: gas, content: generator.uniform(10, 40) + oral, isColon: false))
    }
    return guts
  }

  func paint(on slice: inout PhasedSlice, _ palette: Palette, cavity: [Float]) {
    for rod in mesentery { slice.paint(rod, palette[.mesentericVessel] * 0.8, clip: cavity) }
    for gut in guts { paint(gut, on: &slice, palette, cavity: cavity) }
    paintStomach(on: &slice, palette, cavity: cavity)
    for tube in [portal, superiorMesenteric] { slice.paint(tube, palette[.visceralFat], grown: 3) }
    paintSolidOrgans(on: &slice, palette, cavity: cavity)
  }

  /// Aorta, vena cava and what leaves them, except the renal vessels.
  func paintVessels(on slice: inout PhasedSlice, _ palette: Palette) {
    slice.paint(aorta, palette[.visceralFat], grown: 2.5)
    slice.paint(cava, palette[.visceralFat], grown: 2)
    slice.paint(portal, palette[.portalVein])
    slice.paint(cava, palette[.cavalVein])
    slice.paint(superiorMesenteric, palette[.aorta])
    slice.paint(aorta, grown: 1.2) { _ in palette[.muscle] }
    slice.paint(aorta, palette[.aorta])
  }

  private func paint(_ gut: Gut, on slice: inout PhasedSlice, _ palette: Palette, cavity: [Float]) {
    let inset: Float = gut.isColon ? -2.2 : -2.8
    slice.paint(gut.tube, palette[.visceralFat], grown: 2, clip: cavity)
    slice.paint(gut.tube, palette[.bowelWall], clip: cavity)
    for rod in gut.tube.rods {
      slice.paint(rod, grown: inset, clip: cavity) { point in
        if point.y < gut.gasLevel { return palette[.gas] }
        if gut.isColon {
          // Stool is mottled with gas.
          let mottle = noise(point / 3.5)
          return palette[.stool] + gut.content + 14 * noise(point / 2) - (mottle > 1 ? 550 * min(1, mottle - 1) : 0)
        }
        // Folds of the mucosa take up contrast like the wall.
        let fold = max(0, noise(point / 2.6))
        let fluid = palette[.bowelFluid] + gut.content - 18
        return fluid + (palette[.bowelWall] - fluid) * min(0.8, 0.5 * fold)
      }
    }
  }

  private func paintStomach(on slice: inout PhasedSlice, _ palette: Palette, cavity: [Float]) {
    slice.paint(stomach, palette[.visceralFat], grown: 3, clip: cavity)
    slice.paint(stomach, palette[.bowelWall], clip: cavity)
    slice.paint(stomach, grown: -5, clip: cavity) { point in
      point.y < stomachGasLevel ? palette[.gas] : palette[.bowelFluid] + 12 * noise(point / 5)
    }
  }

  private func paintSolidOrgans(on slice: inout PhasedSlice, _ palette: Palette, cavity: [Float]) {
    for rod in pancreas.rods {
      slice.paint(rod, grown: 1.5, clip: cavity) { point in
        let lobules = noise(point / 3.5)
        return palette[.pancreas] + (palette[.visceralFat] - palette[.pancreas]) * max(0, min(0.7, 0.4 * lobules - 0.2))
      }
    }
    slice.paint(spleen, palette[.visceralFat], grown: 2, clip: cavity)
    // Before the blood has mixed, the spleen is striped.
    slice.paint(spleen, clip: cavity) { point in
      palette[.spleen] + noise(SIMD3(point.x / 7, point.y / 4, point.z / 6)) * SIMD4(2, 14, 3, 2)
    }
    for lobe in liver { slice.paint(lobe, palette[.visceralFat], grown: 2, clip: cavity) }
    for lobe in liver {
      slice.paint(lobe, clip: cavity) { point in palette[.liver] + 4 * noise(point / 4) }
    }
    for vessel in liverVessels where abs(slice.z - vessel.start.z) < 40 {
      let middle = (vessel.start + vessel.end) / 2
      guard liver.contains(where: { $0.distance(middle) < -12 }) else { continue }
      slice.paint(vessel, palette[.portalVein] * 0.9, clip: cavity)
    }
    if let gallbladder {
      slice.paint(gallbladder, palette[.bowelWall], clip: cavity)
      slice.paint(gallbladder, palette[.bile], grown: -1.8, clip: cavity)
    }
  }
}
