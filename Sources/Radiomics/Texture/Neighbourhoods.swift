/// What the neighbours of each voxel say: how many are equal, and their mean level.
struct Neighbourhoods {
  /// By voxel of the part: how many neighbours within the lesion have the same level.
  private(set) var equal: [Int32] = []
  /// By voxel of the part: how many neighbours lie within the lesion.
  private(set) var present: [Int32] = []
  /// By voxel of the part: the sum of its neighbours' levels.
  private(set) var sums: [Double] = []

  init(_ levels: GreyLevels, _ part: Range<Int>, in directions: [SIMD3<Int>]) {
    let steps = directions.map(levels.stride).flatMap { [$0, -$0] }
    equal.reserveCapacity(part.count)
    present.reserveCapacity(part.count)
    sums.reserveCapacity(part.count)
    // By place, with 0 for what is outside.
    let values = [0] + levels.values
    levels.grid.withUnsafeBufferPointer { grid in
      values.withUnsafeBufferPointer { values in
        for number in part {
          let place = Int(levels.voxels[number])
          let level = grid[place]
          var (equal, present, sum) = (Int32(0), Int32(0), 0.0)
          for step in steps {
            let other = grid[place + step]
            equal += other == level ? 1 : 0
            present += other != 0 ? 1 : 0
            sum += values[Int(other)]
          }
          self.equal.append(equal)
          self.present.append(present)
          sums.append(sum)
        }
      }
    }
  }
}
