import Foundation
import Study
import Support

/// A virtual person: one body, one or two tumours of one grade class, and how it is scanned.
struct VirtualPatient: Sendable {
  /// A tumour with what pathology says of it.
  struct Lesion: Sendable {
    let name: String
    let grade: Grade
    let tumour: Tumour
    let procedure: String
  }

  /// Counts from 0.
  let number: Int
  let sex: String
  let age: Int
  let annotatedPhase: ContrastPhase
  let lesions: [Lesion]
  let kidneys: [Kidney]
  let habitus: Habitus
  let grid: PixelGrid
  /// Noise at the body's centre in HU, by phase.
  let sigma: SIMD4<Float>
  /// The table's height in mm.
  let table: Float
  let viscera: Viscera
  private let skeleton: Skeleton
  let palette: Palette
  private let trunk: (slice: PhasedSlice, cavity: [Float])

  /// Identifies the patient in all files.
  var id: String {
    let digits = String(number + 1)
    return "VIRTUAL-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  init(number: Int, isHigh: Bool, _ settings: PhantomSettings) {
    self.number = number
    var body = DeterministicGenerator(seed: settings.seed, patient: number, purpose: .anatomy)
    let noise = SmoothNoise(&body)
    habitus = Habitus(&body)
    grid = PixelGrid(offset: SIMD2(body.normal(0, 5), body.normal(8, 8)))
    palette = Palette(uptake: SIMD4(1, body.normal(1, 0.1), body.normal(1, 0.07), body.normal(1, 0.07)))
    table = body.uniform(-600, -300).rounded()
    // Larger patients are noisier, and so are phases that are scanned with less dose.
    let level = 11.5 + 1.1 * habitus.size
    sigma = SIMD4(1.1, 1, 0.95, 1.05) * level
    skeleton = Skeleton(habitus, noise, &body)
    viscera = Viscera(habitus, noise, &body)
    var kidneys: [Kidney] = []
    for side in Laterality.allCases { kidneys.append(Kidney(side, habitus, viscera, noise, &body)) }
    self.kidneys = kidneys
    trunk = habitus.wall(on: grid, palette, noise)

    var record = DeterministicGenerator(seed: settings.seed, patient: number, purpose: .record)
    // Two of three patients with RCC are men, most of them near 60; the exact figures are our own choice.
    sex = record.chance(0.65) ? "M" : "F"
    age = Int(record.normal(61, 11).rounded())
    let both = settings.phases.contains(.portalVenous) && settings.phases.contains(.lateArterial)
    let prefersPortal = record.chance(0.7)
    annotatedPhase =
      both
      ? (prefersPortal ? .portalVenous : .lateArterial)
      : settings.phases.contains(.portalVenous) ? .portalVenous : .lateArterial
    lesions = Self.grow(
      number: number, isHigh: isHigh, settings, kidneys: kidneys, habitus: habitus, noise: noise, &record)
  }

  private static func grow(
    number: Int, isHigh: Bool, _ settings: PhantomSettings, kidneys: [Kidney], habitus: Habitus, noise: SmoothNoise,
    _ record: inout DeterministicGenerator
  ) -> [Lesion] {
    var generator = DeterministicGenerator(seed: settings.seed, patient: number, purpose: .tumour)
    let first = generator.chance(0.5) ? 0 : 1
    let count = generator.chance(settings.secondLesionShare) ? 2 : 1
    return (0..<count).compactMap { index in
      // A second tumour grows in the other kidney.
      let kidney = kidneys[(first + index) % 2]
      let traits = TumourTraits(
        isHigh: isHigh, signal: settings.signal, in: settings.signalIn, &generator)
      let tumour = Tumour(traits, in: kidney, habitus, noise, &generator)
      // Within the classes grades 2 and 3 prevail; the shares are our own choice.
      let isExtreme = record.chance(isHigh ? 0.2 : 0.25)
      let draw = record.uniform(0, 1)
      guard let grade = Grade(rawValue: isHigh ? (isExtreme ? 4 : 3) : (isExtreme ? 1 : 2)) else { return nil }
      return Lesion(
        name: "\(index + 1)", grade: grade, tumour: tumour,
        procedure: draw < 0.6 ? "partial nephrectomy" : draw < 0.9 ? "radical nephrectomy" : "biopsy")
    }
  }

  /// Paints the slice at `z` mm: the mean of two cuts, as a slice has a thickness.
  func slice(at z: Float) -> PhasedSlice {
    let quarter = PixelGrid.sliceSpacing / 4
    var slice = cut(at: z - quarter)
    let upper = cut(at: z + quarter)
    for index in slice.pixels.indices { slice.pixels[index] = (slice.pixels[index] + upper.pixels[index]) * 0.5 }
    slice.z = z
    return slice
  }

  private func cut(at z: Float) -> PhasedSlice {
    var slice = trunk.slice
    slice.z = z
    viscera.paint(on: &slice, palette, cavity: trunk.cavity)
    for kidney in kidneys { kidney.paintPerirenalFat(on: &slice, palette, cavity: trunk.cavity) }
    for lesion in lesions { slice.paint(lesion.tumour, palette[.visceralFat], grown: 4, clip: trunk.cavity) }
    skeleton.paint(on: &slice, palette)
    viscera.paintVessels(on: &slice, palette)
    for kidney in kidneys { kidney.paint(on: &slice, palette) }
    for lesion in lesions { lesion.tumour.paint(on: &slice, palette) }
    return slice
  }
}
