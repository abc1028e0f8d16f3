/// The connected voxels of one level.
///
/// Voxels are visited in their order. Each joins the zone of the neighbours before it that have its level, or begins one; a voxel
/// between two zones makes them one.
struct Zones {
  /// By zone: the place of its level, from 1, the number of its voxels, and the least distance that any of them has.
  private(set) var zones: [(level: Int32, size: Int, distance: Int32)] = []
  /// By zone: one that it was joined to, or itself.
  private var owners: [Int] = []

  private typealias Lanes = GreyLevels.Lanes

  /// Finds the zones of some spans of the voxels.
  ///
  /// `distances` are by place in the grid; none where they do not matter.
  init(_ levels: GreyLevels, _ part: Range<Int>, _ aggregation: TextureAggregation, _ distances: [Int32] = []) {
    let steps = aggregation.directions.map(levels.stride)
    let links = aggregation.isVolume ? NeighbourLinks.volume : NeighbourLinks.plane
    // By voxel of the grid: its zone.
    var zones = [Int32](repeating: 0, count: levels.grid.count)
    zones.withUnsafeMutableBufferPointer { zones in
      levels.grid.withUnsafeBufferPointer { grid in
        guard let grid = grid.baseAddress else { return }
        for span in levels.spans[part] {
          var first = span.lowerBound
          while first < span.upperBound {
            let level = grid.lanes(first)
            var equal = Lanes()
            for (bit, step) in steps.enumerated() {
              let own = Lanes(repeating: 1 << Int32(bit))
              equal |= Lanes().replacing(with: own, where: grid.lanes(first - step) .== level)
            }
            for lane in 0..<min(Lanes.scalarCount, span.upperBound - first) {
              let voxel = first + lane
              var linked = links[Int(equal[lane])]
              var zone = -1
              while linked != 0 {
                let other = owner(Int(zones[voxel - steps[linked.trailingZeroBitCount]]))
                zone = zone < 0 ? other : joined(zone, other)
                linked &= linked &- 1
              }
              if zone < 0 { zone = begin(level[lane]) }
              zones[voxel] = Int32(truncatingIfNeeded: zone)
              self.zones[zone].size += 1
              if !distances.isEmpty { self.zones[zone].distance = min(self.zones[zone].distance, distances[voxel]) }
            }
            first += Lanes.scalarCount
          }
        }
      }
    }
    self.zones.removeAll { $0.size == 0 }
  }

  private mutating func begin(_ level: Int32) -> Int {
    zones.append((level, 0, .max))
    owners.append(owners.count)
    return owners.count - 1
  }

  /// The zone that a zone was joined to at last.
  private mutating func owner(_ zone: Int) -> Int {
    var zone = zone
    while owners[zone] != zone {
      owners[zone] = owners[owners[zone]]
      zone = owners[zone]
    }
    return zone
  }

  /// Makes two zones one, which is the one that began first.
  private mutating func joined(_ one: Int, _ other: Int) -> Int {
    guard one != other else { return one }
    let (kept, given) = (min(one, other), max(one, other))
    zones[kept].size += zones[given].size
    zones[kept].distance = min(zones[kept].distance, zones[given].distance)
    zones[given].size = 0
    owners[given] = kept
    return kept
  }
}

/// Which of the neighbours with a voxel's level must be looked at: of those that are neighbours of each other, one.
private enum NeighbourLinks {
  /// By the bits of the neighbours in `TextureAggregation.volume.directions`.
  static let volume = links(TextureAggregation.volume.directions)
  /// By the bits of the neighbours in `TextureAggregation.planes.directions`.
  static let plane = links(TextureAggregation.planes.directions)

  private static func links(_ directions: [SIMD3<Int>]) -> [Int] {
    let touching = directions.map { one in
      directions.indices.reduce(0) { bits, index in
        let apart = one &- directions[index]
        return max(apart.max(), -apart.min()) <= 1 ? bits | 1 << index : bits
      }
    }
    return (0..<1 << directions.count).map { neighbours in
      var (rest, links) = (neighbours, 0)
      while rest != 0 {
        // A group grows from its first neighbour until no other one touches it.
        var group = rest & -rest
        links |= group
        var grown = group
        repeat {
          group = grown
          for index in directions.indices where group >> index & 1 == 1 { grown |= touching[index] & rest }
        } while grown != group
        rest &= ~group
      }
      return links
    }
  }
}
