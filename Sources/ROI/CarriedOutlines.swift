public import Annotation
public import Foundation
import GRDB
public import Study
public import Support

/// A study's carried outlines, for people to read.
public enum CarriedOutlines {
  /// One of them, with names in place of keys.
  public struct Entry: Sendable {
    /// The patient's code.
    public let patient: String
    /// The lesion's name.
    public let lesion: String
    /// The phase of the series on which the lesion was outlined; nil where it is not known.
    public let sourcePhase: Phase?
    /// The phase that the outlines were carried to.
    public let targetPhase: Phase?
    /// The DICOM UID of the series on which the lesion was outlined.
    public let sourceSeries: String
    /// The DICOM UID of the series that the outlines were carried to.
    public let targetSeries: String
    /// On how many slices the outline lies there.
    public let slices: Int
    /// Shift, score and judgement.
    public let outline: CarriedOutline

    /// The patient and the lesion.
    public var lesionName: String { "\(patient)/\(lesion)" }
    /// The patient, the lesion and the phase, such as `P1/1/nonContrast`.
    public var name: String { "\(lesionName)/\(targetPhase?.rawValue ?? "")" }

    /// Whether it is used: `used`, `poor` (if confirmed, used), `confirmed`, or `failed`.
    public var verdict: String {
      if outline.score == nil { return "failed" }
      return outline.isPoor ? (outline.isConfirmed ? "confirmed" : "poor") : "used"
    }

    /// Where the outline comes from, how far it was moved, and how well the images agree.
    public var sentence: String {
      "its outline is carried from the \(sourcePhase?.name ?? "outlined") series: \(outline.provenance)"
    }
  }

  /// The carried outlines of a study by patient, lesion and phase; the unusable ones, too.
  ///
  /// - Throws: `StudyError` where the study cannot be read.
  public static func entries(of study: StudyFolder) throws(StudyError) -> [Entry] { try study.read(entries) }

  static func entries(_ database: Database) throws -> [Entry] {
    let outlines = try CarriedOutline.fetchAll(database)
    guard !outlines.isEmpty else { return [] }
    func table<Value>(_ sql: String, _ value: (Row) -> Value) throws -> [Int64: Value] {
      Dictionary(try Row.fetchAll(database, sql: sql).map { ($0[0] as Int64, value($0)) }) { first, _ in first }
    }
    let lesions = try table(
      "SELECT lesion.id, patient.code, lesion.name FROM lesion JOIN patient ON patient.id = lesion.patientId"
    ) { ($0[1] as String, $0[2] as String) }
    let series = try table("SELECT id, seriesInstanceUID FROM series") { $0[1] as String }
    let phases = try table("SELECT seriesId, phase FROM seriesPhase WHERE phase IS NOT NULL") {
      Phase(rawValue: $0[1] as String)
    }
    let slices = try table(
      "SELECT carriedId, COUNT(DISTINCT sliceId) FROM contour WHERE carriedId IS NOT NULL GROUP BY carriedId"
    ) { $0[1] as Int }
    return outlines.compactMap { outline -> Entry? in
      guard let (patient, lesion) = lesions[outline.lesionId] else { return nil }
      return Entry(
        patient: patient, lesion: lesion, sourcePhase: phases[outline.sourceSeriesId] ?? nil,
        targetPhase: phases[outline.targetSeriesId] ?? nil, sourceSeries: series[outline.sourceSeriesId] ?? "",
        targetSeries: series[outline.targetSeriesId] ?? "", slices: outline.id.flatMap { slices[$0] } ?? 0,
        outline: outline)
    }
    .sorted {
      ($0.patient, $0.lesion, $0.outline.reader, $0.name) < ($1.patient, $1.lesion, $1.outline.reader, $1.name)
    }
  }

  /// Writes the study's carried outlines as a table, shifts in mm.
  ///
  /// - Throws: `StudyError` where the study cannot be read, or the file not be written.
  public static func write(_ study: StudyFolder, to file: URL) throws(StudyError) {
    let header = [
      "patient", "lesion", "reader", "from_phase", "to_phase", "shift_left_mm", "shift_posterior_mm",
      "shift_superior_mm", "score", "verdict", "slices", "remark", "from_series", "to_series",
    ]
    let rows = try entries(of: study).map { entry in
      let outline = entry.outline
      func number(_ value: Double?, _ digits: Int) -> String { value.map { String(format: "%.\(digits)f", $0) } ?? "" }
      return [
        entry.patient, entry.lesion, outline.reader, entry.sourcePhase?.rawValue ?? "",
        entry.targetPhase?.rawValue ?? "", number(outline.left, 1), number(outline.posterior, 1),
        number(outline.superior, 1), number(outline.score, 3), entry.verdict, "\(entry.slices)", outline.remark,
        entry.sourceSeries, entry.targetSeries,
      ]
    }
    let text = ([header] + rows).map { $0.map(\.csvCell).joined(separator: ",") }.joined(separator: "\n") + "\n"
    try AtomicFile.write(text, to: file)
  }
}

extension CarriedOutline {
  /// Shift and score in words.
  var provenance: String {
    guard let left, let posterior, let superior, let score else { return remark }
    let shift = [left, posterior, superior].map { String(format: "%.1f", $0) }.joined(separator: ", ")
    return "shifted by \(shift) mm (left, posterior, superior), score \(String(format: "%.2f", score))"
      + (isPoor ? ", confirmed by a person" : "")
  }
}
