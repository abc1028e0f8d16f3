public import ROI
import Radiomics
public import Study
import Support

/// The features of a study's lesions: one row for each lesion, one column for each feature in each phase.
public struct LesionFeatureTable: Sendable {
  /// How a column's values come about.
  public enum Kind: String, Sendable, Hashable {
    /// The feature itself.
    case value
    /// Its value in a phase less that in an earlier one.
    case difference
    /// The same in parts of the earlier value; defined where that is above 0.
    case relative
  }

  /// One column.
  public struct Column: Sendable, Hashable {
    /// The feature.
    public let feature: FeatureDescription
    /// How the values come about.
    public let kind: Kind
    /// The phase; nil where it is that of the outlined series, whichever it is.
    public let phase: Phase?
    /// The earlier phase that `phase` is compared with.
    public let base: Phase?

    /// The column's name, such as `original_firstorder_Mean` or `portalVenous_minus_nonContrast_original_firstorder_Mean`.
    public var key: String {
      let prefix = phase.map { "\($0.rawValue)_" } ?? ""
      return switch kind {
      case .value: "\(prefix)\(feature.key)"
      case .difference: "\(prefix)minus_\(base?.rawValue ?? "")_\(feature.key)"
      case .relative: "\(prefix)relative_to_\(base?.rawValue ?? "")_\(feature.key)"
      }
    }
  }

  /// One lesion.
  public struct Row: Sendable {
    /// The patient's code.
    public let patient: String
    /// The lesion's name.
    public let lesion: String
    /// The reader whose outlines were used.
    public let reader: String
    /// The phases of the series that were used; empty where it is not known.
    public let phases: [Phase]
    /// Those of them in which the outline was not drawn but carried from another phase.
    public let carriedPhases: [Phase]
    /// The volume of the outlined voxels in mm3, the largest of the phases in which it was drawn, of all where it was drawn in none.
    public let volume: Double
    /// By column; NaN where the value is missing.
    public let values: [Double]
  }

  /// Something to know of one lesion.
  public struct Remark: Sendable, Equatable {
    /// The patient's code.
    public let patient: String
    /// The lesion's name.
    public let lesion: String
    /// The phase that it is about; nil for the outlined series, or all.
    public let phase: Phase?
    /// Whether the lesion has no features because of it, in that phase.
    public let isFailure: Bool
    /// The sentence, without its full stop.
    public let reason: String
  }

  /// A value that is not defined, though the lesion has features in the phases that it is of.
  public struct Undefined: Sendable, Equatable {
    /// The patient's code.
    public let patient: String
    /// The lesion's name.
    public let lesion: String
    /// The column.
    public let column: Column
    /// The sentence, without its full stop.
    public let reason: String
  }

  /// The columns, feature by feature within each phase, comparisons last.
  public let columns: [Column]
  /// The rows, by patient and lesion.
  public let rows: [Row]
  /// What failed, and what is worth knowing.
  public let remarks: [Remark]
  /// Every value that is missing for another reason than a remark on its whole phase, in the order of rows and columns.
  public let undefined: [Undefined]

  /// Computes the features of all outlined lesions, or takes those that are stored.
  ///
  /// One lesion's images are in memory for each core.
  /// - Parameters:
  ///   - lesions: the lesions; of several series in one phase, that with most outlined slices is taken, and one on which a reader
  ///     drew before one that outlines were carried to. Where no phase is named, carried outlines are not used.
  ///   - settings: extent, phases and comparisons.
  ///   - extractor: what computes the features.
  ///   - store: where features are kept; nil keeps none.
  ///   - progress: called with the numbers of series done and of all.
  public init(
    _ lesions: [OutlinedLesion], _ settings: StudyProtocol.Radiomics, by extractor: some LesionFeatureExtractor,
    store: StoredFeatures?, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) {
    var remarks: [Remark] = []
    let wanted = Self.chosen(lesions, settings.phases, &remarks)
    let erosion = settings.erosion ?? .usual
    let carried = Set(wanted.filter { $0.lesion.carried != nil }.map(\.name))
    let results = ParallelMap.run(wanted, chunk: 1) { choice in
      // A change is that of the same tissue only if both outlines are eroded by the same distance.
      let distance = carried.contains(choice.name) ? max(erosion.carried, erosion.drawn) : erosion.drawn
      return Result { try SeriesFeatures(choice.lesion, settings, erodedBy: distance, extractor, store) }
    } progress: {
      progress?($0, wanted.count)
    }
    var definitions: [FeatureDescription] = []
    var known: Set<FeatureDescription> = []
    var entries: [(name: [String], series: [(choice: Choice, found: SeriesFeatures)])] = []
    for (choice, result) in zip(wanted, results) {
      let name = choice.name
      func remark(_ reason: String, isFailure: Bool = false) {
        remarks.append(
          Remark(patient: name[0], lesion: name[1], phase: choice.phase, isFailure: isFailure, reason: reason))
      }
      switch result {
      case .failure(let error): remark("\(error)", isFailure: true)
      case .success(let found):
        for feature in found.features where known.insert(feature.definition).inserted {
          definitions.append(feature.definition)
        }
        found.remarks.forEach { remark($0) }
        if entries.last?.name != name { entries.append((name, [])) }
        entries[entries.count - 1].series.append((choice, found))
      }
    }
    let columns = Self.columns(definitions, settings)
    var rows: [Row] = []
    var undefined: [Undefined] = []
    for entry in entries {
      let cells = Self.cells(entry.series, columns)
      rows.append(
        Row(
          patient: entry.name[0], lesion: entry.name[1], reader: entry.series[0].choice.lesion.reader,
          phases: Set(entry.series.compactMap(\.choice.lesion.phase)).sorted(),
          carriedPhases: Set(
            entry.series.filter { $0.choice.lesion.carried != nil }.compactMap(\.choice.lesion.phase)
          ).sorted(),
          volume: Self.volume(entry.series), values: cells.map { $0.value ?? .nan }))
      let missing = zip(columns, cells).compactMap { column, cell in
        cell.reason.map {
          Undefined(patient: entry.name[0], lesion: entry.name[1], column: column, reason: $0)
        }
      }
      undefined += missing
      let changes = missing.count { $0.column.kind == .relative }
      if changes > 0 {
        remarks.append(
          Remark(
            patient: entry.name[0], lesion: entry.name[1], phase: nil, isFailure: false,
            reason: "\(changes) relative changes are not defined: the earlier value is 0, negative or missing"))
      }
    }
    self.columns = columns
    self.rows = rows
    self.undefined = undefined
    self.remarks = remarks.sorted {
      ($0.patient, $0.lesion, $0.isFailure ? 0 : 1) < ($1.patient, $1.lesion, $1.isFailure ? 0 : 1)
    }
  }

  private static func volume(_ series: [(choice: Choice, found: SeriesFeatures)]) -> Double {
    let drawn = series.filter { $0.choice.lesion.carried == nil }
    return (drawn.isEmpty ? series : drawn).map(\.found.volume).max() ?? 0
  }

  /// A series that is to be used, and the phase whose columns it fills.
  private struct Choice: Sendable {
    let lesion: OutlinedLesion
    let phase: Phase?

    /// The patient and the lesion.
    var name: [String] { [lesion.patient, lesion.lesion] }
  }

  /// The series to use of each lesion, lesion by lesion.
  private static func chosen(
    _ lesions: [OutlinedLesion], _ phases: [Phase], _ remarks: inout [Remark]
  ) -> [Choice] {
    var chosen: [Choice] = []
    let groups = Dictionary(grouping: lesions) { [$0.patient, $0.lesion] }
    for (name, series) in groups.sorted(by: { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }) {
      for phase in phases.isEmpty ? [nil] : phases.map(Optional.some) {
        func remark(_ reason: String) {
          remarks.append(Remark(patient: name[0], lesion: name[1], phase: phase, isFailure: false, reason: reason))
        }
        // What a reader drew wins; without a named phase it is all that is used.
        let inPhase = series.filter { phase == nil || $0.phase == phase }
        let drawn = inPhase.filter { $0.carried == nil }
        let possible = drawn.isEmpty && phase != nil ? inPhase : drawn
        guard let best = possible.min(by: { (-$0.sliceCount, $0.series) < (-$1.sliceCount, $1.series) }) else {
          remark("it is not outlined in the phase \(phase?.name ?? ""), whose features are missing")
          continue
        }
        if possible.count > 1 {
          remark(
            "it is outlined on \(possible.count) series; the one with most outlined slices (\(best.sliceCount)) is used"
          )
        }
        chosen.append(Choice(lesion: best, phase: phase))
      }
    }
    return chosen
  }

  private static func columns(
    _ definitions: [FeatureDescription], _ settings: StudyProtocol.Radiomics
  ) -> [Column] {
    let phases = settings.phases.sorted()
    var columns: [Column] = []
    for phase in phases.isEmpty ? [nil] : phases.map(Optional.some) {
      columns += definitions.map { Column(feature: $0, kind: .value, phase: phase, base: nil) }
    }
    guard settings.enhancement else { return columns }
    // A shape is that of an outline, which another phase's outline repeats at best.
    let changing = definitions.filter { !$0.isShape }
    for (index, phase) in phases.enumerated() {
      for base in phases[..<index] {
        for kind in [Kind.difference, .relative] {
          columns += changing.map { Column(feature: $0, kind: kind, phase: phase, base: base) }
        }
      }
    }
    return columns
  }

  /// A lesion's values by column, or why there is none; without a reason where the lesion has no features in a phase.
  private static func cells(
    _ series: [(choice: Choice, found: SeriesFeatures)], _ columns: [Column]
  ) -> [(value: Double?, reason: String?)] {
    func byPhase(_ features: (SeriesFeatures) -> [LesionFeature]?) -> [Phase?: [FeatureDescription: LesionFeature]] {
      Dictionary(
        series.map { one in
          let found = (features(one.found) ?? []).map { ($0.definition, $0) }
          return (one.choice.phase, Dictionary(found) { first, _ in first })
        }
      ) { first, _ in first }
    }
    let (whole, inner) = (byPhase(\.features), byPhase(\.inner))
    return columns.map { column in
      guard let ofWhole = whole[column.phase]?[column.feature] else { return (nil, nil) }
      guard column.kind != .value else { return (ofWhole.value, ofWhole.reason) }
      guard whole[column.base]?[column.feature] != nil else { return (nil, nil) }
      guard let own = inner[column.phase]?[column.feature], let base = inner[column.base]?[column.feature] else {
        return (nil, "the outline without its border has no features in one of the phases")
      }
      guard let value = own.value, let earlier = base.value else {
        let phase = own.value == nil ? column.phase : column.base
        let reason = (own.value == nil ? own.reason : base.reason) ?? ""
        return (nil, "the feature is not defined in the phase \(phase?.name ?? ""): \(reason)")
      }
      if column.kind == .difference { return (value - earlier, nil) }
      guard earlier > 0 else { return (nil, "the earlier value must be above 0, found \(earlier)") }
      let change = (value - earlier) / earlier
      return change.isFinite ? (change, nil) : (nil, "the earlier value is too small, \(earlier)")
    }
  }
}
