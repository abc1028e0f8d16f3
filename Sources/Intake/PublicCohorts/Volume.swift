import DICOM

/// A CT volume in whole HU, or a map of labels, as its file stores it and on the grid where it lies.
struct Volume: Sendable {
  let grid: AxialGrid
  /// How many voxels were no finite number; they are read as air.
  let notFiniteCount: Int
  private let order: VoxelOrder
  private let stored: [Int16]

  /// Air, in HU.
  static let air: Int16 = -1000

  /// Makes a volume from its values in the file's order.
  init(grid: AxialGrid, order: VoxelOrder, stored: [Int16], notFiniteCount: Int = 0) {
    self.grid = grid
    self.order = order
    self.stored = stored
    self.notFiniteCount = notFiniteCount
  }

  /// The values of a slice, row by row.
  func slice(_ index: Int) -> [Int16] { order.slice(index, of: stored) }

  /// How many voxels have each value that `labels` asks for.
  func counts(of labels: [Int16]) -> [Int16: Int] {
    var counts = Dictionary(uniqueKeysWithValues: labels.map { ($0, 0) })
    for value in stored where value != 0 { counts[value]? += 1 }
    return counts
  }

  /// The nearest whole number that fits; nil for what is no number.
  static func whole(_ value: Double) -> Int16? {
    value.isFinite ? Int16(max(-32768, min(32767, value.rounded()))) : nil
  }
}
