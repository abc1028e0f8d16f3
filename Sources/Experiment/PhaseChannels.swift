public import ROI
public import Study

/// The slices of several phases that a network sees at once, as the channels of one image: early fusion.
///
/// Each outlined slice of the first phase that a lesion has, in the protocol's order of phases, is matched with a slice of each other
/// phase (`LesionSeries.counterpart`): at the same height where an outline was carried from one to the other, and at the same
/// relative position where a reader drew both. Of several series of a phase, the one with most outlined slices is used.
public struct PhaseChannels: Sendable {
  /// The phases, in the order of the channels.
  public let phases: [Phase]
  /// By the number of an ROI that others are matched with: the numbers of the ROIs of each phase; nil where the lesion lacks a phase,
  /// or a carried outline of it does not reach there.
  public let slices: [Int: [Int?]]
  /// How many slices have no counterpart in a phase in which their lesion has an outline.
  public let unmatchedCount: Int
  /// How many lesions with a carried outline are matched by relative position, because the heights of their slices are not known.
  public let unlocatedCount: Int

  /// Matches the ROIs of every lesion, whose numbers are their places in `entries`.
  public init(_ entries: [ROISet.Entry], _ phases: [Phase]) {
    var slices: [Int: [Int?]] = [:]
    var (unmatched, unlocated) = (0, 0)
    for lesion in Dictionary(grouping: entries.indices, by: { [entries[$0].patient, entries[$0].lesion] }).values {
      let all = phases.map { phase in
        LesionSeries(Self.largestSeries(of: lesion.filter { entries[$0].phase == phase }, entries), of: entries)
      }
      guard let first = all.lazy.compactMap({ $0 }).first else { continue }
      for (place, number) in first.numbers.enumerated() {
        slices[number] = all.map { $0.flatMap { first.counterpart(of: place, in: $0) } }
      }
      let found = all.compactMap { $0 }
      unmatched += first.numbers.count { number in
        slices[number]?.count { $0 != nil } != found.count
      }
      if found.contains(where: { first.isCarried(to: $0) && !first.hasHeights(with: $0) }) { unlocated += 1 }
    }
    (self.phases, self.slices, unmatchedCount, unlocatedCount) = (phases, slices, unmatched, unlocated)
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

extension PhaseChannels {
  /// Sentences on how slices were matched, of which `count` are used of `all` outlined ones.
  func notes(used count: Int, of all: Int) -> [String] {
    var notes = [
      "The phases are the channels of one image: \(count) of \(all) outlined slices are used, matched by their relative "
        + "position within the lesion's outlined slices of each phase, or by their height where an outline was carried from one phase to "
        + "another."
    ]
    if unmatchedCount > 0 {
      notes.append(
        "\(unmatchedCount) slices have no counterpart in a phase to which their lesion's outline was carried, because it does not reach "
          + "their height there: its channel is zero there.")
    }
    if unlocatedCount > 0 {
      notes.append(
        "The outlines of \(unlocatedCount) lesions were carried, but the heights of their slices are not known, because their files do not "
          + "state them or the ROIs were made by an earlier version: the slices are matched by their relative position. Where "
          + "the files state it, `renalgrade rois build` finds the height.")
    }
    return notes
  }
}

/// The outlined slices of a lesion in one series, in their order, as slices of other series are matched with them.
private struct LesionSeries {
  /// The slices' numbers.
  let numbers: [Int]
  /// The series on which a reader drew the outlines: this one, or the one that they were carried from.
  private let source: Int64
  private let isCarried: Bool
  /// The slices' heights on that series in mm, with the lesion's shift undone; nil where they are not known.
  private let heights: [Double]?
  /// The least distance of two slices in mm; nil where there is one slice, or heights are not known.
  private let spacing: Double?

  /// A series by the numbers of its slices in `entries`; nil where there are none.
  init?(_ numbers: [Int], of entries: [ROISet.Entry]) {
    guard let first = numbers.first.map({ entries[$0] }) else { return nil }
    self.numbers = numbers
    (source, isCarried) = (first.carrying?.series ?? first.series, first.isCarried)
    let heights = numbers.compactMap { number in
      entries[number].height.map { $0 - (entries[number].carrying?.superior ?? 0) }
    }
    self.heights = heights.count == numbers.count ? heights : nil
    let sorted = (self.heights ?? []).sorted()
    spacing = zip(sorted.dropFirst(), sorted).map { $0 - $1 }.min()
  }

  /// Whether an outline was carried between this series and another, or to both from a third.
  func isCarried(to other: LesionSeries) -> Bool { (isCarried || other.isCarried) && source == other.source }

  /// Whether the heights of both are known.
  func hasHeights(with other: LesionSeries) -> Bool { heights != nil && other.heights != nil }

  /// The number of the slice of another series that shows the same place of the lesion as a slice of this one.
  ///
  /// Where an outline was carried it is the slice of nearest height, after the shift that the outline was carried by; nil where
  /// the nearest one lies farther away than slices do, as where the other series ends within the lesion. Heights of two series compare
  /// where their slices are parallel, as axial ones are. Elsewhere the first and last outlined slices of both are taken for the same
  /// places of the lesion: the middle of slice i of n lies at (i + 1/2) / n of its outlined extent, and of the other series' m
  /// slices the one is taken in which this position lies.
  func counterpart(of place: Int, in other: LesionSeries) -> Int? {
    guard isCarried(to: other), let own = heights, let theirs = other.heights else {
      return other.numbers[(2 * place + 1) * other.numbers.count / (2 * numbers.count)]
    }
    let nearest = zip(other.numbers, theirs).min { abs($0.1 - own[place]) < abs($1.1 - own[place]) }
    let reach = max(spacing ?? 0, other.spacing ?? 0)
    // Two single slices, of which one was made of the other, match whatever their distance.
    guard let nearest, reach == 0 || abs(nearest.1 - own[place]) <= reach + 1e-6 else { return nil }
    return nearest.0
  }
}
