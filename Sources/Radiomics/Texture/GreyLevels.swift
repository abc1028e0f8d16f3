/// A lesion's voxels as grey levels, on a grid that has a border of one voxel, so that every voxel has all neighbours.
struct GreyLevels: Sendable {
  /// The grid with its border.
  let size: SIMD3<Int>
  /// By voxel of the grid: 0 outside the lesion, else the place of its level in `values`, from 1.
  ///
  /// Behind the last voxel is room for as many as are taken at once.
  let grid: [Int32]
  /// The levels that occur, in rising order.
  let values: [Double]
  /// Where each unbroken row of the lesion's voxels lies in `grid`, in their order.
  let spans: [Range<Int>]
  /// By slice of the lesion's box: which of `spans` lie in it.
  let slices: [Range<Int>]
  /// The number of levels: the highest one that occurs, as pyradiomics and IBSI count.
  var levelCount: Double { values.last ?? 0 }

  /// Neighbouring voxels that are taken at once.
  typealias Lanes = SIMD8<Int32>

  /// More levels than this are no texture, but the values themselves.
  private static let mostLevels = 1 << 20

  /// Takes the lesion of an image, which lies within `box`.
  init(_ image: LesionImage, _ box: LesionImage.Box, _ bins: Discretiser) throws(RadiomicsError) {
    let inner = box.last &- box.first &+ 1
    let size = inner &+ 2
    let count = size.x * size.y * size.z
    guard count < Int(Int32.max) else {
      throw RadiomicsError("the lesion's box of \(inner.x) x \(inner.y) x \(inner.z) voxels is too large")
    }
    var grid = [Int32](repeating: 0, count: count + Lanes.scalarCount)
    var spans: [Range<Int>] = []
    var slices: [Range<Int>] = []
    var (lowest, highest) = (1, 1)
    for z in 0..<inner.z {
      let start = spans.count
      for y in 0..<inner.y {
        let row = image.index(box.first.x, box.first.y + y, box.first.z + z)
        let place = ((z + 1) * size.y + y + 1) * size.x + 1
        var x = 0
        while x < inner.x {
          let first = x
          while x < inner.x, image.mask[row + x] {
            let level = bins.level(image.values[row + x])
            lowest = min(lowest, level)
            highest = max(highest, level)
            grid[place + x] = Int32(truncatingIfNeeded: level)
            x += 1
          }
          if x > first { spans.append(place + first..<place + x) }
          x += 1
        }
      }
      slices.append(start..<spans.count)
    }
    guard lowest > 0, highest <= Self.mostLevels else {
      throw RadiomicsError(
        "a value falls into grey level \(lowest > 0 ? highest : lowest); at most \(Self.mostLevels) can be counted")
    }
    var places = [Int32](repeating: 0, count: highest + 1)
    for span in spans { for voxel in span { places[Int(grid[voxel])] = 1 } }
    var values: [Double] = []
    for level in places.indices where places[level] == 1 {
      values.append(Double(level))
      places[level] = Int32(values.count)
    }
    for span in spans { for voxel in span { grid[voxel] = places[Int(grid[voxel])] } }
    self.size = size
    self.grid = grid
    self.values = values
    self.spans = spans
    self.slices = slices
  }

  /// By how much a step moves in `grid`.
  func stride(_ step: SIMD3<Int>) -> Int { (step.z * size.y + step.y) * size.x + step.x }

  /// By level that occurs: how many voxels of some spans have it.
  func frequencies(_ part: Range<Int>) -> [Int] {
    var frequencies = [Int](repeating: 0, count: values.count)
    for span in spans[part] { for voxel in span { frequencies[Int(grid[voxel]) - 1] += 1 } }
    return frequencies
  }

  /// A mask of the lesion's box on the grid with its border.
  func bordered(_ mask: [Bool]) -> [Bool] {
    var bordered = [Bool](repeating: false, count: grid.count)
    let inner = size &- 2
    for z in 0..<inner.z {
      for y in 0..<inner.y {
        let row = (z * inner.y + y) * inner.x
        let place = ((z + 1) * size.y + y + 1) * size.x + 1
        for x in 0..<inner.x { bordered[place + x] = mask[row + x] }
      }
    }
    return bordered
  }
}

extension UnsafePointer<Int32> {
  /// The numbers from a place on.
  @inline(__always)
  func lanes(_ place: Int) -> GreyLevels.Lanes {
    UnsafeRawPointer(self + place).loadUnaligned(as: GreyLevels.Lanes.self)
  }
}

extension UnsafeMutablePointer<Int32> {
  /// The numbers from a place on.
  @inline(__always)
  func lanes(_ place: Int) -> GreyLevels.Lanes { UnsafePointer(self).lanes(place) }

  /// Writes numbers from a place on.
  @inline(__always)
  func store(_ lanes: GreyLevels.Lanes, _ place: Int) {
    UnsafeMutableRawPointer(self + place).storeBytes(of: lanes, as: GreyLevels.Lanes.self)
  }
}
