import Foundation

/// The part of a slice where kidneys lie: on both sides of the spine, in front of the ribs.
struct KidneyZone {
  /// The zone and 10 mm around it.
  private let slice: CoarseSlice
  private let spine: SIMD2<Double>

  init(_ slice: CoarseSlice, spine: SIMD2<Double>) {
    let low = slice.cell(at: spine + SIMD2(-105, -70))
    let high = slice.cell(at: spine + SIMD2(105, 22))
    self.slice = slice.cropped(from: low, to: high).smoothed
    self.spine = spine
  }

  /// Calls `body` with every cell of the zone: sideways 28 to 95 mm from the spine's middle, from 60 mm in front of it to
  /// 12 mm behind.
  private func forEachCell(_ body: (_ index: Int, _ offset: SIMD2<Double>) -> Void) {
    for y in 0..<slice.rows {
      for x in 0..<slice.columns {
        let offset = slice.place(of: SIMD2(x, y)) - spine
        if (28...95).contains(abs(offset.x)), (-60...12).contains(offset.y) { body(y * slice.columns + x, offset) }
      }
    }
  }

  /// The bright end of the soft tissue in HU: 92 % lie below it.
  var cortex: Double? {
    var tissue: [Double] = []
    forEachCell { index, _ in
      if (-20...330).contains(slice.values[index]) { tissue.append(Double(slice.values[index])) }
    }
    return tissue.count < 100 ? nil : quantile(0.92, of: tissue)
  }

  /// Mm² above 330 HU close to the spine, where a full renal pelvis lies, and no rib.
  var collectingSystem: Double {
    var count = 0
    forEachCell { index, offset in
      if slice.values[index] > 330, abs(offset.x) < 85, offset.y < 4 { count += 1 }
    }
    return Double(count) * slice.cell * slice.cell
  }

  /// The cells of enhanced parenchyma and what it encloses within 8 mm, fat and urine left out; and how many are darker.
  func parenchyma(cortex: Double) -> (all: Int, dark: Int) {
    let bright = slice.values.map { Double($0) > 0.78 * cortex && $0 < 330 }
    let reach = slice.cells(8)
    let closed = spread(spread(bright, to: true, reach), to: false, reach)
    var (all, dark) = (0, 0)
    forEachCell { index, _ in
      guard closed[index], (45...330).contains(slice.values[index]) else { return }
      all += 1
      if !bright[index] { dark += 1 }
    }
    return (all, dark)
  }

  /// The differences in HU from the same place in `other`, where both hold soft tissue.
  func differences(from other: KidneyZone) -> [Double] {
    guard slice.columns == other.slice.columns, slice.rows == other.slice.rows else { return [] }
    var differences: [Double] = []
    forEachCell { index, _ in
      let (here, there) = (slice.values[index], other.slice.values[index])
      if (-20...400).contains(here), (-20...400).contains(there) { differences.append(Double(here - there)) }
    }
    return differences
  }

  /// The mask with every cell set to `value` that has such a neighbour within `reach` cells in x or y.
  private func spread(_ mask: [Bool], to value: Bool, _ reach: Int) -> [Bool] {
    func pass(_ mask: [Bool], step: Int, length: Int, position: (Int) -> Int) -> [Bool] {
      mask.indices.map { index in
        let place = position(index)
        for offset in max(-reach, -place)...min(reach, length - 1 - place) where mask[index + offset * step] == value {
          return value
        }
        return !value
      }
    }
    let columns = slice.columns
    let along = pass(mask, step: 1, length: columns) { $0 % columns }
    return pass(along, step: columns, length: slice.rows) { $0 / columns }
  }
}
