/// How far two masks on one grid overlap.
public struct MaskOverlap: Equatable, Sendable {
  /// Voxels in the first mask, in the second, and in both.
  public let first, second, both: Int

  /// Counts the voxels; throws where the masks differ in size.
  public init(_ first: [Bool], _ second: [Bool]) throws(NotEstimable) {
    guard first.count == second.count else { throw .differentCases }
    self.first = first.count { $0 }
    self.second = second.count { $0 }
    both = zip(first, second).count { $0 && $1 }
  }

  /// Whether neither mask has a voxel: both readers say that nothing is there.
  public var isEmpty: Bool { first + second == 0 }

  /// Twice the common voxels over the voxels of both masks; 1 by definition where both are empty, 0 where one is.
  public var dice: Double { isEmpty ? 1 : 2 * Double(both) / Double(first + second) }

  /// The common voxels over those of either mask; 1 by definition where both are empty, 0 where one is.
  public var jaccard: Double { isEmpty ? 1 : Double(both) / Double(first + second - both) }
}
