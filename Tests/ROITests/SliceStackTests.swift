import Foundation
import Study
import Support
import Testing

@testable import ROI

/// Slices resampled to the planes of a volume.
@Suite struct SliceStackTests {
  private func entries(_ heights: [Double?]) throws -> [ROISet.Entry] {
    let grade = try #require(Grade(rawValue: 1))
    return heights.enumerated().map { place, height in
      ROISet.Entry(
        patient: "P", exam: "1", series: 1, lesion: "1", grade: grade, slice: "\(place)", sliceOrdinal: place,
        height: height, pixelHash: "", reader: "", phase: nil, carrying: nil, outline: "[]")
    }
  }

  /// The values of planes where each slice has the value that `value` gives for its height; nil where a plane is zero.
  private func values(
    _ heights: [Double?], _ sampling: SliceStack.Sampling, _ value: (Double) -> Double = { $0 }
  ) throws -> (stack: SliceStack, values: [Double]) {
    let all = try entries(heights)
    let stack = SliceStack(Array(all.indices), of: all, sampling)
    let crops = heights.flatMap { [Float](repeating: Float(value($0 ?? 0)), count: 4) }
    let set = ROISet(all, boxSize: 2, neighbours: 0, crops: crops.withUnsafeBytes { Data($0) })
    let planes = set.planes(of: stack)
    #expect(planes.count == 4 * sampling.planes)
    return (stack, stride(from: 0, to: planes.count, by: 4).map { Double(planes[$0]) })
  }

  @Test func atTheirOwnDistanceSlicesArePlanes() throws {
    let (stack, values) = try values([-10, -5, 0, 5], .init(planes: 6, spacing: 5)) { $0 + 100 }
    #expect(values == [0, 90, 95, 100, 105, 0])
    #expect(stack.rois == [0, 1, 2, 3] && stack.planeOfSlice == [1, 2, 3, 4] && !stack.isCutOff)
    // From the head downwards or in any order: planes go towards the head.
    let reversed = try self.values([5, -10, 0, -5], .init(planes: 6, spacing: 5)) { $0 + 100 }
    #expect(reversed.values == values && reversed.stack.rois == [1, 3, 2, 0])
  }

  @Test func planesBetweenAreBlended() throws {
    // 12 mm in planes of 3: every place of a ramp is met exactly, also over a gap.
    let (_, values) = try values([0, 2, 4, 12], .init(planes: 5, spacing: 3)) { $0 + 1 }
    #expect(zip(values, [1, 4, 7, 10, 13]).allSatisfy { abs($0 - $1) < 1e-5 })
    // Ends that lie beyond the slices by less than half a distance are the last slices.
    let (_, wider) = try self.values([0, 2.5], .init(planes: 4, spacing: 5)) { $0 + 1 }
    #expect(wider == [0, 1, 3.5, 0])
    let (_, one) = try self.values([7], .init(planes: 3, spacing: 5))
    #expect(one == [0, 7, 0])
    // Two slices at one place: neither divides by their distance.
    let (_, equal) = try self.values([3, 3], .init(planes: 2, spacing: 5))
    #expect(equal == [3, 0])
  }

  @Test func whatIsNotSeenIsSaid() throws {
    let (stack, values) = try values([0, 5, 10, 15, 20], .init(planes: 3, spacing: 5))
    #expect(values == [5, 10, 15] && stack.isCutOff && stack.planeOfSlice == [nil, 0, 1, 2, nil])
    let (coarse, _) = try self.values([0, 1, 2, 3, 4], .init(planes: 2, spacing: 4))
    #expect(coarse.planeOfSlice == [0, nil, nil, nil, 1] && !coarse.isCutOff)
    let (unknown, planes) = try self.values([4, nil, 2], .init(planes: 4, spacing: 5))
    #expect(unknown.hasUnknownPlaces && unknown.rois == [0, 1, 2] && planes == [4, 0, 2, 0])
    #expect(!stack.hasUnknownPlaces)
  }

  @Test(arguments: 0..<200) func everyStackIsSound(seed: UInt64) throws {
    var generator = DeterministicGenerator(seed: seed, stream: 1)
    let heights = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
      Double.random(in: -60...60, using: &generator)
    }
    let sampling = SliceStack.Sampling(
      planes: .random(in: 1...20, using: &generator), spacing: .random(in: 0.5...20, using: &generator))
    let (stack, values) = try values(heights, sampling) { $0 + 1000 }
    let seen = values.filter { $0 != 0 }
    // Blends of a ramp lie on it, within the slices, and ascend by at most the distance.
    #expect(!seen.isEmpty && seen.allSatisfy { $0 >= 1000 - 60 - 1e-3 && $0 <= 1060 + 1e-3 })
    #expect(zip(seen.dropFirst(), seen).allSatisfy { $0 - $1 >= -1e-3 && $0 - $1 <= sampling.spacing + 1e-3 })
    #expect(stack.planeOfSlice.contains { $0 != nil } && stack.rois.sorted() == Array(heights.indices))
  }
}
