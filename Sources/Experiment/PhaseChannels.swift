public import ROI
public import Study

/// The slices of several phases that a network sees at once, as the channels of one image: early fusion.
///
/// Each outlined slice of the first phase that a lesion has, in the protocol's order of phases, is matched with a slice of each other
/// phase at the same relative position: the middle of slice i of n lies at (i + 1/2) / n of the lesion's outlined extent, and of
/// the m slices of the other phase the one is taken in which this position lies. So each phase must have outlines of its own, whose
/// first and last slices are taken for the same places of the lesion. Of several series of a phase, the one with most outlined
/// slices is used.
public struct PhaseChannels: Sendable {
  /// The phases, in the order of the channels.
  public let phases: [Phase]
  /// By the number of an ROI that others are matched with: the numbers of the ROIs of each phase; nil where the lesion lacks a phase.
  public let slices: [Int: [Int?]]

  /// Matches the ROIs of every lesion, whose numbers are their places in `entries`.
  public init(_ entries: [ROISet.Entry], _ phases: [Phase]) {
    var slices: [Int: [Int?]] = [:]
    for lesion in Dictionary(grouping: entries.indices, by: { [entries[$0].patient, entries[$0].lesion] }).values {
      let stacks = phases.map { phase in Self.largestSeries(of: lesion.filter { entries[$0].phase == phase }, entries) }
      guard let first = stacks.first(where: { !$0.isEmpty }) else { continue }
      for (place, number) in first.enumerated() {
        slices[number] = stacks.map { stack in
          stack.isEmpty ? nil : stack[(2 * place + 1) * stack.count / (2 * first.count)]
        }
      }
    }
    (self.phases, self.slices) = (phases, slices)
  }

  /// The slices of the series with most of them, in their order.
  public static func largestSeries(of numbers: [Int], _ entries: [ROISet.Entry]) -> [Int] {
    let series = Dictionary(grouping: numbers) { entries[$0].series }
    let largest = series.max { ($0.value.count, -$0.key) < ($1.value.count, -$1.key) }?.value ?? []
    return largest.sorted { entries[$0].sliceOrdinal < entries[$1].sliceOrdinal }
  }

  /// The numbers of the ROIs that an ROI is seen with, itself among them, phase by phase.
  ///
  /// `dropped` has a bit for each phase that is left out, the first phase's the lowest; where nothing would be left, nothing is.
  public func seen(with number: Int, dropped: UInt8 = 0) -> [Int?] {
    let all = slices[number] ?? []
    let kept = all.enumerated().map { dropped >> $0 & 1 == 0 ? $1 : nil }
    return kept.contains { $0 != nil } ? kept : all
  }
}
