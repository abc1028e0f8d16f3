import Foundation

/// One mask made of several readers' masks of the same voxels, and how each reader compares with it.
///
/// Sensitivity and specificity count all voxels given, so specificity depends on how much background surrounds the lesion.
public struct ConsensusMask: Equatable, Sendable {
  /// A reader compared with the consensus.
  public struct Reader: Codable, Equatable, Sendable {
    /// The share of the consensus that the reader includes.
    public let sensitivity: Double
    /// The share of the voxels outside the consensus that the reader excludes.
    public let specificity: Double
  }

  /// By voxel: the probability of lying inside; for a majority vote, 0 or 1.
  public let probabilities: [Double]
  /// The readers, in the order given.
  public let readers: [Reader]

  /// By voxel: whether it is more likely inside than outside.
  public var values: [Bool] { probabilities.map { $0 > 0.5 } }

  /// What more than half of the readers include; it may be empty.
  ///
  /// - Throws: `NotEstimable` where there are not 2 to 64 masks, or they do not fit one another.
  public static func majorityMask(_ masks: [[Bool]]) throws(NotEstimable) -> [Bool] {
    let votes = try Votes(masks)
    return votes.voxels.map { 2 * votes.patterns[$0].nonzeroBitCount > masks.count }
  }

  /// What more than half of the readers include; throws where the masks do not fit one another or all or no voxels are inside.
  public static func majority(_ masks: [[Bool]]) throws(NotEstimable) -> ConsensusMask {
    let votes = try Votes(masks)
    let inside = votes.patterns.map { Double(2 * $0.nonzeroBitCount > masks.count ? 1 : 0) }
    return ConsensusMask(probabilities: votes.voxels.map { inside[$0] }, readers: try votes.readers(inside))
  }

  /// STAPLE: the probability of each voxel and the readers' sensitivities and specificities, estimated in turn.
  ///
  /// The prior probability is the mean share of voxels that the readers include. It converges when no rate changes by more than 1e-7.
  /// Source: Warfield, Zou and Wells, IEEE Transactions on Medical Imaging 2004;23:903-921.
  ///
  /// - Throws: `NotEstimable` where the masks do not fit one another, all or no voxels are inside, or it does not converge.
  public static func staple(_ masks: [[Bool]], iterations: Int = 10_000) throws(NotEstimable) -> ConsensusMask {
    let votes = try Votes(masks)
    var inside = votes.patterns.map { Double($0.nonzeroBitCount) / Double(masks.count) }
    let prior = zip(inside, votes.counts).reduce(0) { $0 + $1.0 * $1.1 } / Double(votes.voxels.count)
    var last: [Reader] = []
    for _ in 0..<iterations {
      let readers = try votes.readers(inside)
      inside = votes.patterns.map { pattern in
        var (yes, no) = (prior, 1 - prior)
        for (number, reader) in readers.enumerated() {
          let includes = pattern >> UInt64(number) & 1 == 1
          yes *= includes ? reader.sensitivity : 1 - reader.sensitivity
          no *= includes ? 1 - reader.specificity : reader.specificity
        }
        return yes + no > 0 ? yes / (yes + no) : 0
      }
      let isStill = zip(readers, last).allSatisfy {
        abs($0.sensitivity - $1.sensitivity) <= 1e-7 && abs($0.specificity - $1.specificity) <= 1e-7
      }
      if !last.isEmpty, isStill {
        return ConsensusMask(probabilities: votes.voxels.map { inside[$0] }, readers: readers)
      }
      last = readers
    }
    throw .notConverged
  }

  /// Voxels by who includes them: few patterns, however many voxels.
  private struct Votes {
    /// Bit r: whether reader r includes the voxels of the pattern.
    var patterns: [UInt64] = []
    /// How many voxels have each pattern.
    var counts: [Double] = []
    /// By voxel: the place of its pattern.
    var voxels: [Int] = []
    let readerCount: Int

    init(_ masks: [[Bool]]) throws(NotEstimable) {
      guard (2...64).contains(masks.count) else {
        throw .badSetting("a consensus needs 2 to 64 readers, found \(masks.count)")
      }
      let count = masks[0].count
      guard masks.allSatisfy({ $0.count == count }) else { throw .differentCases }
      guard count > 0 else { throw .noCases }
      readerCount = masks.count
      var places: [UInt64: Int] = [:]
      for voxel in 0..<count {
        var pattern: UInt64 = 0
        for (number, mask) in masks.enumerated() where mask[voxel] { pattern |= 1 << UInt64(number) }
        let place = places[pattern] ?? patterns.count
        if place == patterns.count {
          places[pattern] = place
          patterns.append(pattern)
          counts.append(0)
        }
        counts[place] += 1
        voxels.append(place)
      }
    }

    /// How each reader compares with a mask that holds each pattern with a probability.
    func readers(_ inside: [Double]) throws(NotEstimable) -> [Reader] {
      let total = zip(inside, counts).reduce(0) { $0 + $1.0 * $1.1 }
      let outside = zip(inside, counts).reduce(0) { $0 + (1 - $1.0) * $1.1 }
      guard total > 0 else { throw .noVariation("the consensus is empty") }
      guard outside > 0 else { throw .noVariation("the consensus fills the whole grid") }
      return (0..<readerCount).map { number in
        var (included, excluded) = (0.0, 0.0)
        for (place, pattern) in patterns.enumerated() {
          if pattern >> UInt64(number) & 1 == 1 {
            included += inside[place] * counts[place]
          } else {
            excluded += (1 - inside[place]) * counts[place]
          }
        }
        return Reader(sensitivity: included / total, specificity: excluded / outside)
      }
    }
  }
}
