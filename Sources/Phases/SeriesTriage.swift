import Foundation
public import Study

/// How a series is used.
public enum SeriesFate: Codable, Equatable, Sendable {
  /// It is used for its phase.
  case used
  /// It could, but another series does so better, for the reason given.
  case spare(reason: String)
  /// It is not an axial soft-tissue series of a phase.
  case setAside(SeriesFlaw, reason: String)

  /// Why the series isn't used; nil where it is.
  public var reason: String? {
    switch self {
    case .used: nil
    case .spare(let reason), .setAside(_, let reason): reason
    }
  }
}

/// Why a series cannot be used for a phase.
public enum SeriesFlaw: String, Codable, CaseIterable, Sendable {
  /// A scout.
  case localizer
  /// A dose sheet, a screen save: no slice of the patient.
  case screenSave
  /// A map computed from two energies.
  case materialMap
  /// A maximum or minimum intensity projection, or a rendering.
  case projection
  /// Coronal, sagittal or oblique slices.
  case reformat
  /// A bone or lung reconstruction.
  case sharpKernel
  /// One position over and over, as to watch the bolus arrive, or a few slices.
  case tooFewSlices
  /// Slices too far apart.
  case wideSpacing
  /// The same slices as another series.
  case duplicate
  /// Much less of the body than the exam's other series.
  case partialCoverage
  /// Pixels that cannot be those of a CT, such as a label map's.
  case noCT
  /// No slice's pixels can be read.
  case unreadable
}

/// Sets aside the series of one exam that cannot be used for a phase.
public enum SeriesTriage {
  /// The steepest slices that still count as axial, in degrees: gantries tilt by up to 30, livers are cut at less.
  static let steepest = 30.0
  /// Fewer slices are no phase.
  static let fewestSlices = 4

  /// For each series, in the order given, why it is set aside; nil where it may be used.
  ///
  /// The flaws are looked for in the order of `SeriesFlaw`; the first found is told. Of duplicates the one with the lowest
  /// number stays.
  public static func flaws(
    of series: [SeriesProfile], rules: StudyProtocol.Cohort.Series
  ) -> [(flaw: SeriesFlaw, reason: String)?] {
    var flaws = series.map { flaw(of: $0, rules) }
    let order = series.indices.sorted {
      (series[$0].number ?? .max, series[$0].uid) < (series[$1].number ?? .max, series[$1].uid)
    }
    for (place, index) in order.enumerated() where flaws[index] == nil {
      guard let first = order[..<place].first(where: { flaws[$0] == nil && series[index].isDuplicate(of: series[$0]) })
      else { continue }
      flaws[index] = (
        .duplicate, "the same slices as series \(series[first].number.map(String.init) ?? "without number")"
      )
    }
    let extents = series.indices.filter { flaws[$0] == nil }.map { series[$0].extent }
    guard let usual = median(extents) else { return flaws }
    for index in series.indices where flaws[index] == nil {
      let extent = series[index].extent
      if extent < rules.minimumExtent {
        flaws[index] = (
          .partialCoverage, "covers \(millimetres(extent)), less than \(millimetres(rules.minimumExtent))"
        )
      } else if extent < rules.minimumCoverage * usual {
        flaws[index] = (
          .partialCoverage,
          "covers \(millimetres(extent)) where the exam's series typically cover \(millimetres(usual))"
        )
      }
    }
    return flaws
  }

  private static func flaw(
    of series: SeriesProfile, _ rules: StudyProtocol.Cohort.Series
  ) -> (flaw: SeriesFlaw, reason: String)? {
    let words = series.words
    func word(_ candidates: String...) -> String? { candidates.first(where: words.contains) }
    if let word = word("LOCALIZER", "SCOUT", "TOPOGRAM", "SURVIEW", "SCANOGRAM", "SCANOSCOPE") {
      return (.localizer, "a localizer: \"\(word)\"")
    }
    if let word = word("DOSE", "SCREEN", "SCREENSAVE", "CAPTURE") { return (.screenSave, "not a slice: \"\(word)\"") }
    guard let obliquity = series.obliquity, series.range != nil else {
      return (.screenSave, "not a slice: it has no position or orientation")
    }
    if let word = word("IODINE", "VNC", "MONOENERGETIC", "KEV", "EFFZ", "ZEFF", "OVERLAY") {
      return (.materialMap, "a map computed from two energies: \"\(word)\"")
    }
    if let word = word("MIP", "MINIP", "PROJECTION", "VRT", "VOLREN", "3D") {
      return (.projection, "a projection or rendering: \"\(word)\"")
    }
    if obliquity > steepest {
      return (.reformat, "its slices are tilted by \(Int(obliquity.rounded())) degrees from the axial plane")
    }
    if ReconstructionKernel(series.kernel) == .sharp {
      return (.sharpKernel, "reconstructed for bone or lung: kernel \"\(series.kernel ?? "")\"")
    }
    if ReconstructionKernel(series.kernel) == .unknown, let word = word("LUNG", "BONE", "LUNGS", "BONES", "PULM") {
      return (.sharpKernel, "reconstructed for bone or lung: \"\(word)\"")
    }
    guard series.sliceCount >= fewestSlices, let spacing = series.spacing else {
      return (.tooFewSlices, "\(series.sliceCount) slices, or only one position")
    }
    if spacing > rules.maximumSpacing {
      return (
        .wideSpacing, "its slices are \(millimetres(spacing)) apart, more than \(millimetres(rules.maximumSpacing))"
      )
    }
    return nil
  }

  static func millimetres(_ value: Double) -> String { String(format: "%.1f mm", value) }
}

/// Chooses the series that is used for a phase.
public enum SeriesChoice {
  /// The fates of series of one phase, in the order given: one is used, the others are spare.
  ///
  /// In this order: a soft-tissue kernel before an unknown one; slices as the scanner made them before derived ones; at least
  /// nine tenths of the largest coverage before less; then the spacing closest to the preferred one, by ratio; fewer flaws;
  /// the larger coverage; the lower series number; the UID.
  public static func fates(of series: [SeriesProfile], preferredSpacing: Double) -> [SeriesFate] {
    let widest = series.map(\.extent).max() ?? 0
    let ranks = series.map { rank($0, widest: widest, preferredSpacing: preferredSpacing) }
    let order = series.indices.sorted { first, second in
      let (left, right) = (ranks[first], ranks[second])
      if let place = left.indices.first(where: { left[$0].value != right[$0].value }) {
        return left[place].value < right[place].value
      }
      return series[first].uid < series[second].uid
    }
    var fates = [SeriesFate](repeating: .used, count: series.count)
    guard let winner = order.first else { return fates }
    for index in order.dropFirst() {
      let difference = zip(ranks[winner], ranks[index]).first { $0.value != $1.value }?.0.reason ?? "comes first"
      let name = series[winner].number.map { "series \($0)" } ?? "another series"
      fates[index] = .spare(reason: "\(name) of this phase is used: it \(difference)")
    }
    return fates
  }

  private static func rank(
    _ series: SeriesProfile, widest: Double, preferredSpacing: Double
  ) -> [(value: Double, reason: String)] {
    let spacing = series.spacing ?? .greatestFiniteMagnitude
    // Spacings that differ by rounding alone are one.
    let ratio = (abs(log(spacing / preferredSpacing)) * 100).rounded()
    return [
      (ReconstructionKernel(series.kernel) == .soft ? 0 : 1, "has a soft-tissue kernel"),
      (series.imageType.first == "DERIVED" || series.imageType.contains("SECONDARY") ? 1 : 0, "is not derived"),
      (series.extent >= 0.9 * widest ? 0 : 1, "covers more of the body"),
      (
        ratio,
        "has slices \(SeriesTriage.millimetres(spacing)) apart, closer to \(SeriesTriage.millimetres(preferredSpacing))"
      ),
      (Double(series.defectCount), "has fewer flaws"), (-series.extent.rounded(), "covers more of the body"),
      (Double(series.number ?? .max), "has the lower number"),
    ]
  }
}
