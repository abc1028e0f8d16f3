/// What the neighbours of each voxel say: how many are equal, and how far their mean level is from its own.
struct Neighbourhoods {
  /// The columns of each table: the number of neighbours that a voxel can have, from 0.
  let width: Int
  /// By level's place and number of neighbours within the lesion that have the same level: how many voxels.
  private(set) var equal: [Int32]
  /// By level's place and number of neighbours within the lesion: how many voxels.
  private(set) var present: [Int32]
  /// By level's place and number n of neighbours within the lesion: the sum over voxels of the magnitude of n times the voxel's level less the
  /// sum of its neighbours' levels.
  private(set) var differences: [Int]

  private typealias Lanes = GreyLevels.Lanes

  /// Counts for each part of a lesion that an aggregation keeps apart.
  static func all(_ levels: GreyLevels, _ aggregation: TextureAggregation) -> [Neighbourhoods] {
    let steps = aggregation.directions.map(levels.stride).flatMap { [$0, -$0] }
    var grid = [Int32](repeating: 0, count: levels.grid.count)
    let values = [0] + levels.values.map { Int32($0) }
    for span in levels.spans { for voxel in span { grid[voxel] = values[Int(levels.grid[voxel])] } }
    return grid.withUnsafeBufferPointer { grid in
      guard let grid = grid.baseAddress else { return [] }
      return aggregation.parts(levels).map { Neighbourhoods(levels, grid, $0, steps) }
    }
  }

  /// Sweeps a part of a grid of levels themselves, eight voxels at once.
  private init(_ levels: GreyLevels, _ grid: UnsafePointer<Int32>, _ part: Range<Int>, _ steps: [Int]) {
    width = steps.count + 1
    let count = levels.values.count * width
    (equal, present) = ([Int32](repeating: 0, count: count), [Int32](repeating: 0, count: count))
    differences = [Int](repeating: 0, count: count)
    let one = Lanes(repeating: 1)
    for span in levels.spans[part] {
      var voxel = span.lowerBound
      while voxel < span.upperBound {
        let level = grid.lanes(voxel)
        var (same, outside, sum) = (Lanes(), Lanes(), Lanes())
        for step in steps {
          let other = grid.lanes(voxel + step)
          same &+= Lanes().replacing(with: one, where: other .== level)
          outside &+= Lanes().replacing(with: one, where: other .== Lanes())
          sum &+= other
        }
        for lane in 0..<min(Lanes.scalarCount, span.upperBound - voxel) {
          let row = Int(levels.grid[voxel + lane] - 1) * width
          let within = steps.count - Int(outside[lane])
          equal[row + Int(same[lane])] += 1
          present[row + within] += 1
          differences[row + within] += abs(Int(level[lane]) * within - Int(sum[lane]))
        }
        voxel += Lanes.scalarCount
      }
    }
  }
}
