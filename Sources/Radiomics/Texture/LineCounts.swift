/// What follows each other along lines: runs of voxels of one level, and pairs of neighbours.
///
/// The run-length and the co-occurrence matrix ask the same of each voxel, which is whether the voxel before has its
/// level. So both are counted in one sweep.
struct LineCounts {
  /// The directions of the lines.
  let directions: [SIMD3<Int>]
  /// Which of the spans of grey levels were counted.
  let part: Range<Int>
  /// The runs that cannot be longer, by place of their level (from 0) and by length.
  private(set) var runs: [(level: Int, length: Int, frequency: Int)] = []
  /// The pairs of neighbours by the places of their levels, the lower one first; each pair counts from both its ends.
  private(set) var pairs: [(i: Int, j: Int, frequency: Int)] = []

  /// Counts for each matrix that an aggregation has.
  static func all(_ levels: GreyLevels, _ aggregation: TextureAggregation) -> [LineCounts] {
    var sweep = LineSweep(levels)
    var all: [LineCounts] = []
    for part in aggregation.parts(levels) {
      let voxels = levels.frequencies(part)
      for directions in aggregation.matrices {
        all.append(LineCounts(directions, part, voxels, sweep.table, sweep.cells(directions, part)))
      }
    }
    return all
  }

  /// Takes how many voxels each level has, and the cells of the table that are not 0, in their order.
  private init(
    _ directions: [SIMD3<Int>], _ part: Range<Int>, _ voxels: [Int], _ table: LineTable,
    _ cells: [(cell: Int, frequency: Int)]
  ) {
    self.directions = directions
    self.part = part
    // The first row is of voxels at the lesion's border.
    var next = cells.firstIndex { $0.cell >= table.stride } ?? cells.count
    for level in voxels.indices {
      let row = (level + 1) * table.stride
      let first = next
      while next < cells.count, cells[next].cell <= row + table.longest { next += 1 }
      // Each voxel that is the n-th of a run, from the second one on, belongs to a run of at least n voxels.
      let equal = cells[first..<next].reduce(0) { $0 + $1.frequency }
      var (length, reaching) = (1, voxels[level] * directions.count - equal)
      for (_, further) in cells[first..<next] {
        if reaching > further { runs.append((level, length, reaching - further)) }
        (length, reaching) = (length + 1, further)
      }
      if reaching > 0 { runs.append((level, length, reaching)) }
      if equal > 0 { pairs.append((level, level, 2 * equal)) }
      while next < cells.count, cells[next].cell < row + table.stride {
        pairs.append((level, cells[next].cell - row - table.longest - 1, cells[next].frequency))
        next += 1
      }
    }
  }
}

/// Where a voxel is counted, by its level and what is before it.
///
/// A row for each level, and one before them for what is outside. A voxel that is the n-th of a run has the column n of its level's row;
/// another one, whose neighbour has another level, the column `longest` + the higher level of both in the row of the lower one.
private struct LineTable {
  /// The length of the longest possible run.
  let longest: Int
  /// The number of columns.
  let stride: Int
  /// The number of cells.
  let cellCount: Int

  init(_ levels: GreyLevels) {
    longest = levels.size.max() - 2
    stride = longest + levels.values.count + 1
    cellCount = stride * (levels.values.count + 1)
  }
}

/// Finds the cell of each voxel, eight neighbours at once.
private struct LineSweep {
  private typealias Lanes = GreyLevels.Lanes

  let table: LineTable
  private let levels: GreyLevels
  /// By voxel of the grid: the place in its run, from 1.
  private var places: [Int32]
  /// The rows and the columns of the voxels' cells in one direction, one after another.
  private var rows: [Int32]
  private var columns: [Int32]

  init(_ levels: GreyLevels) {
    self.levels = levels
    table = LineTable(levels)
    places = [Int32](repeating: 0, count: levels.grid.count)
    let count = levels.spans.reduce(Lanes.scalarCount) { $0 + $1.count }
    rows = [Int32](repeating: 0, count: count)
    columns = [Int32](repeating: 0, count: count)
  }

  /// A table with more cells than this takes more time than sorting.
  private static let mostCellsAtOnce = 1 << 20

  /// The cells that are not 0 of a table of some directions, in their order.
  mutating func cells(_ directions: [SIMD3<Int>], _ part: Range<Int>) -> [(cell: Int, frequency: Int)] {
    var cells: [(cell: Int, frequency: Int)] = []
    guard table.cellCount <= Self.mostCellsAtOnce else {
      var all: [Int] = []
      for direction in directions {
        let count = sweep(direction, part)
        all += zip(rows, columns).prefix(count).map { Int($0) * table.stride + Int($1) }
      }
      all.sort()
      for cell in all {
        if let last = cells.last, last.cell == cell {
          cells[cells.count - 1].frequency += 1
        } else {
          cells.append((cell, 1))
        }
      }
      return cells
    }
    var frequencies = [Int32](repeating: 0, count: table.cellCount)
    for direction in directions {
      let count = sweep(direction, part)
      frequencies.withUnsafeMutableBufferPointer { frequencies in
        rows.withUnsafeBufferPointer { rows in
          columns.withUnsafeBufferPointer { columns in
            for voxel in 0..<count {
              frequencies[Int(rows[voxel]) &* table.stride &+ Int(columns[voxel])] &+= 1
            }
          }
        }
      }
    }
    for (cell, frequency) in frequencies.enumerated() where frequency > 0 { cells.append((cell, Int(frequency))) }
    return cells
  }

  /// Writes the rows and columns of a part's voxels, and says how many these are.
  private mutating func sweep(_ direction: SIMD3<Int>, _ part: Range<Int>) -> Int {
    let step = levels.stride(direction)
    let longest = Lanes(repeating: Int32(table.longest))
    var count = 0
    levels.grid.withUnsafeBufferPointer { grid in
      places.withUnsafeMutableBufferPointer { places in
        rows.withUnsafeMutableBufferPointer { rows in
          columns.withUnsafeMutableBufferPointer { columns in
            guard let grid = grid.baseAddress, let places = places.baseAddress, let rows = rows.baseAddress,
              let columns = columns.baseAddress
            else { return }
            for span in levels.spans[part] {
              // Closer voxels than a vector is long depend on each other.
              if step < Lanes.scalarCount {
                for voxel in span { places[voxel] = grid[voxel] == grid[voxel - step] ? places[voxel - step] &+ 1 : 1 }
              }
              var voxel = span.lowerBound
              while voxel < span.upperBound {
                let (level, before) = (grid.lanes(voxel), grid.lanes(voxel - step))
                let isRun = level .== before
                var place = places.lanes(voxel)
                if step >= Lanes.scalarCount {
                  place = Lanes(repeating: 1).replacing(with: places.lanes(voxel - step) &+ 1, where: isRun)
                  places.store(place, voxel)
                }
                let higher = level.replacing(with: before, where: before .> level)
                rows.store(level &+ before &- higher, count + voxel - span.lowerBound)
                columns.store((longest &+ higher).replacing(with: place, where: isRun), count + voxel - span.lowerBound)
                voxel += Lanes.scalarCount
              }
              count += span.count
            }
          }
        }
      }
    }
    return count
  }
}
