import Testing

@testable import Radiomics

/// What is counted eight voxels at once equals what one voxel after another gives.
@Suite("Runs, pairs, neighbourhoods and zones")
struct TextureCountTests {
  /// From a single voxel to rows longer than a vector, with few and with many levels.
  private static func lesions() throws -> [GreyLevels] {
    var generator = FixedGenerator(13)
    let sizes: [SIMD3<Int>] = [
      [1, 1, 1], [1, 9, 4], [5, 4, 1], [6, 7, 5], [17, 9, 4], [21, 19, 5],
    ]
    return try sizes.flatMap { size in
      try [(1, 1.0), (3, 0.9), (40, 0.6), (5000, 0.8)].map { levels, share in
        let count = size.x * size.y * size.z
        // Runs, not noise alone: half of the voxels repeat the one before.
        var values: [Double] = []
        for index in 0..<count {
          let isRepeated = index > 0 && Bool.random(using: &generator)
          values.append(isRepeated ? values[index - 1] : Double(Int.random(in: 1...levels, using: &generator)))
        }
        var mask = (0..<count).map { _ in Double.random(in: 0..<1, using: &generator) < share }
        mask[count / 2] = true
        let image = try LesionImage(size: size, spacing: [1, 1, 1], values: values, mask: mask)
        return try GreyLevels(image, image.box(), Discretiser(.width(1), .pyradiomics, values, nil))
      }
    }
  }

  @Test(arguments: TextureAggregation.allCases)
  func runsAndPairs(_ aggregation: TextureAggregation) throws {
    for levels in try Self.lesions() {
      let all = LineCounts.all(levels, aggregation)
      #expect(all.count == aggregation.parts(levels).count * aggregation.matrices.count)
      for lines in all {
        var (runs, pairs): ([SIMD2<Int>: Int], [SIMD2<Int>: Int]) = ([:], [:])
        for step in lines.directions.map(levels.stride) {
          for voxel in levels.spans[lines.part].joined() {
            let (level, before) = (levels.grid[voxel], levels.grid[voxel - step])
            if before != 0 {
              pairs[SIMD2(Int(min(level, before)), Int(max(level, before))) &- 1, default: 0] += level == before ? 2 : 1
            }
            guard before != level else { continue }
            var length = 1
            while levels.grid[voxel + length * step] == level { length += 1 }
            runs[SIMD2(Int(level) - 1, length), default: 0] += 1
          }
        }
        let found = (lines.runs.map { SIMD2($0.level, $0.length) }, lines.pairs.map { SIMD2($0.i, $0.j) })
        // In order, each once.
        for keys in [found.0, found.1] {
          #expect(zip(keys, keys.dropFirst()).allSatisfy { ($0.x, $0.y) < ($1.x, $1.y) })
        }
        #expect(Dictionary(uniqueKeysWithValues: zip(found.0, lines.runs.map(\.frequency))) == runs)
        #expect(Dictionary(uniqueKeysWithValues: zip(found.1, lines.pairs.map(\.frequency))) == pairs)
      }
    }
  }

  @Test(arguments: [TextureAggregation.volume, .planes, .slices])
  func neighbourhoods(_ aggregation: TextureAggregation) throws {
    let steps = aggregation.directions.flatMap { [$0, SIMD3.zero &- $0] }
    for levels in try Self.lesions() {
      let offsets = steps.map(levels.stride)
      let all = Neighbourhoods.all(levels, aggregation)
      for (part, found) in zip(aggregation.parts(levels), all) {
        let zeros = [Int](repeating: 0, count: levels.values.count * (offsets.count + 1))
        var (equal, present, differences) = (zeros, zeros, zeros)
        for voxel in levels.spans[part].joined() {
          let place = Int(levels.grid[voxel])
          let others = offsets.map { Int(levels.grid[voxel + $0]) }.filter { $0 > 0 }
          let row = (place - 1) * (offsets.count + 1)
          let sum = others.reduce(0) { $0 + Int(levels.values[$1 - 1]) }
          equal[row + others.count { $0 == place }] += 1
          present[row + others.count] += 1
          differences[row + others.count] += abs(Int(levels.values[place - 1]) * others.count - sum)
        }
        #expect(found.equal.map(Int.init) == equal && found.present.map(Int.init) == present)
        #expect(found.differences == differences)
      }
      #expect(all.count == aggregation.parts(levels).count)
    }
  }

  @Test(arguments: [TextureAggregation.volume, .planes, .slices])
  func zones(_ aggregation: TextureAggregation) throws {
    for levels in try Self.lesions() {
      let offsets = aggregation.directions.map(levels.stride).flatMap { [$0, -$0] }
      // Any distances will do.
      let distances = levels.grid.indices.map { Int32($0 % 17) }
      for part in aggregation.parts(levels) {
        var expected: [[Int]] = []
        var rest = Set(levels.spans[part].joined())
        while let first = rest.popFirst() {
          var zone = [first]
          var next = 0
          while next < zone.count {
            for place in offsets.map({ zone[next] + $0 }) where levels.grid[place] == levels.grid[first] {
              if rest.remove(place) != nil { zone.append(place) }
            }
            next += 1
          }
          expected.append([Int(levels.grid[first]), zone.count, zone.map { Int(distances[$0]) }.min() ?? 0])
        }
        let zones = Zones(levels, part, aggregation, distances).zones
        let found = zones.map { [Int($0.level), $0.size, Int($0.distance)] }
        #expect(
          found.sorted { $0.lexicographicallyPrecedes($1) } == expected.sorted { $0.lexicographicallyPrecedes($1) })
      }
    }
  }
}
