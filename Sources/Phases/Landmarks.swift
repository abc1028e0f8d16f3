import Foundation

/// Where the spine and the aorta lie in a series' slices.
///
/// The vertebral column is the largest mass of bone near the body's midline; the aorta the brightest of the round, even
/// structures in front of it that stay where they are from slice to slice.
struct Landmarks: Equatable, Sendable {
  /// The vertebral column's middle in mm (LPS).
  let spine: SIMD2<Double>
  /// The aorta's middle in mm and its radius, where it was found.
  let aorta: (centre: SIMD2<Double>, radius: Double)?

  static func == (left: Self, right: Self) -> Bool {
    left.spine == right.spine && left.aorta?.centre == right.aorta?.centre && left.aorta?.radius == right.aorta?.radius
  }

  /// Nil where no slice shows a spine.
  init?(_ slices: [CoarseSlice]) {
    guard let spine = Self.spine(slices) else { return nil }
    self.spine = spine
    aorta = Self.aorta(slices, spine: spine)
  }

  // MARK: Spine

  /// The vertebral column's middle in mm (LPS); nil where no slice shows one.
  static func spine(_ slices: [CoarseSlice]) -> SIMD2<Double>? {
    let spines = slices.compactMap(spine)
    guard let x = median(spines.map(\.x)), let y = median(spines.map(\.y)) else { return nil }
    return SIMD2(x, y)
  }

  /// The middle of the bone in the window of 50 x 60 mm, near the midline, that holds most of it.
  private static func spine(_ slice: CoarseSlice) -> SIMD2<Double>? {
    let body = slice.largestRegion(of: slice.values.map { $0 > -300 })
    // A hand's cross-section: less is no trunk.
    guard Double(body.count) * slice.cell * slice.cell > 10_000 else { return nil }
    let middle =
      body.reduce(SIMD2<Double>.zero) { sum, index in
        sum + slice.place(of: SIMD2(index % slice.columns, index / slice.columns))
      } / Double(body.count)
    func weight(_ x: Int, _ y: Int) -> Double { Double(max(0, min(1, (slice.value(x, y) - 120) / 150))) }
    let centre = slice.cell(at: middle)
    let (halfWidth, halfHeight) = (slice.cells(25), slice.cells(30))
    let columns = (centre.x - slice.cells(55))...(centre.x + slice.cells(55))
    let rows = (centre.y - slice.cells(40))...(centre.y + slice.cells(150))
    // Sums over all cells above and to the left make every window's sum four look-ups.
    let width = columns.count + 1
    var sums = [Double](repeating: 0, count: width * (rows.count + 1))
    for (row, y) in rows.enumerated() {
      for (column, x) in columns.enumerated() {
        sums[(row + 1) * width + column + 1] =
          weight(x, y) + sums[row * width + column + 1] + sums[(row + 1) * width + column] - sums[row * width + column]
      }
    }
    var best: (sum: Double, place: SIMD2<Int>)?
    for y in halfHeight..<(rows.count - halfHeight) {
      for x in halfWidth..<(columns.count - halfWidth) {
        let (top, bottom, left, right) = (y - halfHeight, y + halfHeight, x - halfWidth, x + halfWidth)
        let sum =
          sums[bottom * width + right] - sums[top * width + right] - sums[bottom * width + left]
          + sums[top * width + left]
        if sum > best?.sum ?? 0 { best = (sum, SIMD2(columns.lowerBound + x, rows.lowerBound + y)) }
      }
    }
    guard let best, best.sum * slice.cell * slice.cell > 150 else { return nil }
    var (total, moment) = (0.0, SIMD2<Double>.zero)
    for y in (best.place.y - halfHeight)..<(best.place.y + halfHeight) {
      for x in (best.place.x - halfWidth)..<(best.place.x + halfWidth) {
        total += weight(x, y)
        moment += weight(x, y) * slice.place(of: SIMD2(x, y))
      }
    }
    return total > 0 ? moment / total : nil
  }

  // MARK: Aorta

  private static func aorta(
    _ slices: [CoarseSlice], spine: SIMD2<Double>
  ) -> (centre: SIMD2<Double>, radius: Double)? {
    var candidates: [(score: Double, level: Double, centre: SIMD2<Double>, radius: Double)] = []
    guard let cell = slices.first?.cell else { return nil }
    // Eight slices are enough to tell what stays in its place.
    let stride = (slices.count + 7) / 8
    let slices = slices.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
    for radius in [6.0, 8, 10, 12, 14] {
      let shape = DiscShape(radius: radius, cell: cell)
      for y in Swift.stride(from: spine.y - 75, through: spine.y - 12, by: cell) {
        for x in Swift.stride(from: spine.x - 30, through: spine.x + 40, by: cell) {
          let discs = slices.compactMap { shape.disc(of: $0, at: SIMD2(x, y)) }
          guard 2 * discs.count >= slices.count, let level = median(discs.map(\.mean)) else { continue }
          let score = discs.reduce(0) { $0 + $1.roundness } / Double(slices.count)
          candidates.append((score, level, SIMD2(x, y), radius))
        }
      }
    }
    guard let best = candidates.map(\.score).max(), best > 0.35 else { return nil }
    // Once contrast has mixed, vena cava and aorta are alike; before, the aorta is the brighter.
    let likely = candidates.filter { $0.score >= best - 0.12 }
    let brightest = likely.map(\.level).max() ?? 0
    return likely.filter { $0.level >= brightest - 15 }.max { $0.score < $1.score }.map { ($0.centre, $0.radius) }
  }
}

/// A disc and the ring around it, as offsets of cells.
struct DiscShape {
  private let inner: [SIMD2<Int>]
  private let ring: [SIMD2<Int>]

  /// Both in mm; the disc leaves the vessel's wall out.
  init(radius: Double, cell: Double) {
    let reach = Int((radius + 6) / cell) + 1
    let offsets = (-reach...reach).flatMap { y in (-reach...reach).map { SIMD2($0, y) } }
    func distance(_ offset: SIMD2<Int>) -> Double {
      cell * Double(offset.x * offset.x + offset.y * offset.y).squareRoot()
    }
    inner = offsets.filter { distance($0) <= radius - 1 }
    ring = offsets.filter { (radius + 1...radius + 5).contains(distance($0)) }
  }

  /// The mean HU of the disc, and how much it looks like a vessel.
  ///
  /// 1 where the disc is even and all around it is darker (fat, organs) or brighter (bone), 0 or less where not; specks of
  /// calcium count as little as they cover. Nil where it holds no blood but fat, gas or bone.
  func disc(of slice: CoarseSlice, at centre: SIMD2<Double>) -> (mean: Double, roundness: Double)? {
    let middle = slice.cell(at: centre)
    func value(_ offset: SIMD2<Int>) -> Double { Double(slice.value(middle.x + offset.x, middle.y + offset.y)) }
    let mean = inner.reduce(0) { $0 + value($1) } / Double(inner.count)
    guard (10...700).contains(mean) else { return nil }
    let limit = max(20, 0.12 * mean)
    let uneven = Double(inner.count { abs(value($0) - mean) > limit }) / Double(inner.count)
    let apart = Double(ring.count { abs(value($0) - mean) > limit }) / Double(ring.count)
    return (mean, apart - 2 * uneven)
  }
}

/// The middle value, the mean of both of an even number; nil for none.
func median(_ values: [Double]) -> Double? {
  guard !values.isEmpty else { return nil }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// The value that a share of the others lies below; nil for none.
func quantile(_ share: Double, of values: [Double]) -> Double? {
  guard !values.isEmpty else { return nil }
  let sorted = values.sorted()
  return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
}
