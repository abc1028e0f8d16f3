import Foundation
import Support

/// A reader who outlines tumours as a person does: near the edge, smoothly, with a hand that is not quite steady.
struct VirtualReader {
  /// Who signs the contours.
  static let name = "U_virtual"
  /// Who signs the second reader's contours.
  static let secondName = "V_virtual"
  /// Smaller sections than this, in mm², are left out.
  private static let smallestSection: Float = 40

  private var generator: DeterministicGenerator
  private let grid: PixelGrid
  /// How far outside of the edge the reader draws on average, in mm.
  private let bias: Float
  /// How far the edge wanders besides, as a standard deviation in mm; 0 for the first reader.
  private let wobble: Float

  init(seed: UInt64, patient: Int, grid: PixelGrid) {
    generator = DeterministicGenerator(seed: seed, patient: patient, purpose: .reader)
    self.grid = grid
    bias = generator.normal(0.1, 0.2)
    wobble = 0
  }

  /// A second reader who draws by a stream of numbers of its own, so that nothing else depends on whether there is one.
  init(second wobble: Double, seed: UInt64, patient: Int, grid: PixelGrid) {
    generator = DeterministicGenerator(seed: seed, stream: 1 << 40 | UInt64(patient))
    self.grid = grid
    bias = generator.normal(0.1, 0.2)
    self.wobble = Float(wobble)
  }

  /// The slices, by their number, on which the tumour is outlined: at most `limit` around its largest section.
  func slices(of tumour: Tumour, limit: Int?) -> ClosedRange<Int>? {
    let bounds = tumour.bounds
    let spacing = PixelGrid.sliceSpacing
    let all = Int((bounds.low.z / spacing).rounded(.up))...Int((bounds.high.z / spacing).rounded(.down))
    let areas = all.map { section(of: tumour, at: Float($0) * spacing).area }
    guard let largest = areas.indices.max(by: { areas[$0] < areas[$1] }), areas[largest] >= Self.smallestSection else {
      return nil
    }
    var (low, high) = (largest, largest)
    while high - low + 1 < limit ?? .max {
      let below = low > 0 ? areas[low - 1] : 0
      let above = high + 1 < areas.count ? areas[high + 1] : 0
      guard max(below, above) >= Self.smallestSection else { break }
      if below > above { low -= 1 } else { high += 1 }
    }
    return all.lowerBound + low...all.lowerBound + high
  }

  /// The tumour's outline at `z` mm, in pixels; an integer is a pixel's centre.
  mutating func outline(_ tumour: Tumour, at z: Float) -> [SIMD2<Double>] {
    let (area, centre) = section(of: tumour, at: z)
    let radius = (area / .pi).squareRoot()
    let count = max(30, min(60, 24 + Int(radius)))
    let angles = (0..<count).map { Float($0) * 2 * .pi / Float(count) }
    var radii = angles.map {
      edge(of: tumour, from: centre, at: z, towards: SIMD2(cos($0), sin($0)), start: radius * 2.2)
    }
    radii = radii.indices.map { index in
      0.25 * radii[(index + count - 1) % count] + 0.5 * radii[index] + 0.25 * radii[(index + 1) % count]
    }
    // A slow wander of the hand, and a tremor; less on small sections.
    let hand = min(1, radius / 12)
    for wave in 2...5 {
      let (size, phase) = (generator.normal(0, 0.3), generator.uniform(0, 2 * .pi))
      for index in radii.indices { radii[index] += hand * size * cos(Float(wave) * angles[index] + phase) }
    }
    if wobble > 0 {
      // Five waves of random phase whose variances add up to the square of the wobble.
      for wave in 1...5 {
        let (size, phase) = (generator.normal(0, wobble * (2.0 / 5).squareRoot()), generator.uniform(0, 2 * .pi))
        for index in radii.indices { radii[index] += size * cos(Float(wave) * angles[index] + phase) }
      }
    }
    for index in radii.indices { radii[index] = max(1, radii[index] + hand * (bias + generator.normal(0, 0.15))) }
    return zip(angles, radii).map { angle, radius in
      let pixel = grid.pixel(centre + radius * SIMD2(cos(angle), sin(angle)))
      return SIMD2((Double(pixel.x) * 100).rounded() / 100, (Double(pixel.y) * 100).rounded() / 100)
    }
  }

  /// The area in mm² and the centre of gravity of the tumour's section at `z`.
  private func section(of tumour: Tumour, at z: Float) -> (area: Float, centre: SIMD2<Float>) {
    let bounds = tumour.bounds
    let (columns, rows) = grid.box(SIMD2(bounds.low.x, bounds.low.y), SIMD2(bounds.high.x, bounds.high.y))
    var (count, sum) = (Float(0), SIMD2<Float>.zero)
    for row in rows {
      for column in columns {
        let place = grid.origin + SIMD2(Float(column), Float(row)) * PixelGrid.spacing
        guard tumour.distance(SIMD3(place.x, place.y, z)) < 0 else { continue }
        count += 1
        sum += place
      }
    }
    return (count * PixelGrid.spacing * PixelGrid.spacing, sum / max(1, count))
  }

  /// How far the edge lies from `centre` in one direction, in mm.
  private func edge(
    of tumour: Tumour, from centre: SIMD2<Float>, at z: Float, towards direction: SIMD2<Float>, start: Float
  ) -> Float {
    func isInside(_ radius: Float) -> Bool {
      let place = centre + radius * direction
      return tumour.distance(SIMD3(place.x, place.y, z)) < 0
    }
    var outside = start
    while outside > 1, !isInside(outside - 0.5) { outside -= 0.5 }
    var inside = outside - 0.5
    for _ in 0..<6 {
      let middle = (inside + outside) / 2
      if isInside(middle) { inside = middle } else { outside = middle }
    }
    return (inside + outside) / 2
  }
}
