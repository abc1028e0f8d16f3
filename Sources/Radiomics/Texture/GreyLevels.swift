/// A lesion's voxels as grey levels, on a grid that has a border of one voxel, so that every voxel has all neighbours.
struct GreyLevels: Sendable {
  /// The grid with its border.
  let size: SIMD3<Int>
  /// By voxel of the grid: 0 outside the lesion, else the place of its level in `values`, from 1.
  let grid: [Int32]
  /// The levels that occur, in rising order.
  let values: [Double]
  /// The places of the lesion's voxels in `grid`, in their order.
  let voxels: [Int32]
  /// By slice of the lesion's box: which of `voxels` lie in it.
  let slices: [Range<Int>]
  /// The number of levels: the highest one that occurs, as pyradiomics and IBSI count.
  var levelCount: Double { values.last ?? 0 }

  /// More levels than this are no texture, but the values themselves.
  private static let mostLevels = 1 << 20

  init(_ image: LesionImage, _ bins: Discretiser) throws(RadiomicsError) {
    let size = image.size &+ 2
    var grid = [Int32](repeating: 0, count: size.x * size.y * size.z)
    var voxels: [Int32] = []
    var slices: [Range<Int>] = []
    guard grid.count < Int(Int32.max) else {
      throw RadiomicsError(
        "the lesion's box of \(image.size.x) x \(image.size.y) x \(image.size.z) voxels is too large")
    }
    var highest = 0
    for z in 0..<image.size.z {
      let start = voxels.count
      for y in 0..<image.size.y {
        let row = image.index(0, y, z)
        let place = ((z + 1) * size.y + y + 1) * size.x + 1
        for x in 0..<image.size.x where image.mask[row + x] {
          let level = bins.level(image.values[row + x])
          guard level > 0, level <= Self.mostLevels else {
            throw RadiomicsError("a value falls into grey level \(level); at most \(Self.mostLevels) can be counted")
          }
          highest = max(highest, level)
          grid[place + x] = Int32(level)
          voxels.append(Int32(place + x))
        }
      }
      slices.append(start..<voxels.count)
    }
    var places = [Int32](repeating: 0, count: highest + 1)
    for voxel in voxels { places[Int(grid[Int(voxel)])] = 1 }
    var values: [Double] = []
    for level in places.indices where places[level] == 1 {
      values.append(Double(level))
      places[level] = Int32(values.count)
    }
    for voxel in voxels { grid[Int(voxel)] = places[Int(grid[Int(voxel)])] }
    self.size = size
    self.grid = grid
    self.values = values
    self.voxels = voxels
    self.slices = slices
  }

  /// By how much a step moves in `grid`.
  func stride(_ step: SIMD3<Int>) -> Int { (step.z * size.y + step.y) * size.x + step.x }

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
