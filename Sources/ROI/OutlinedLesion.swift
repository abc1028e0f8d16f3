public import Foundation
public import GRDB
import Imaging
public import Study
public import Support

/// One lesion as one reader outlined it on one series, with where its slices are.
///
/// Reader, lesions and series are those that the ROIs are made of; all outlined slices count, also where ROIs are made of some.
/// A series to which the reader's outlines were carried gives one, too.
public struct OutlinedLesion: Sendable {
  /// The patient's code.
  public let patient: String
  /// The lesion's name, unique within its patient.
  public let lesion: String
  /// The reader.
  public let reader: String
  /// The exam's DICOM UID.
  public let exam: String
  /// The series' DICOM UID.
  public let series: String
  /// The series' contrast phase; nil where it is not known.
  public let phase: Phase?
  /// Where the outline was carried from and how, as a sentence without its full stop; nil where the reader drew it on this series.
  public let carried: String?
  /// The outlined slices in their order along the normal.
  let slices: [ROIPlan.Candidate]
  /// The study's folder; nil where slices have absolute paths.
  let folder: URL?

  /// How many slices are outlined.
  public var sliceCount: Int { slices.count }

  /// The outlined lesions of a study, by patient, lesion and series.
  ///
  /// - Throws: `StudyError` where the study cannot be read, or contours or selection are out of date.
  public static func all(in study: StudyFolder, _ settings: StudyProtocol) throws(StudyError) -> [OutlinedLesion] {
    try study.requireImages(for: "radiomic features are computed from slices")
    return try study.read { try all($0, settings, folder: study.url) }
  }

  /// The lesions of a study that a second reader outlined too, as that reader did.
  ///
  /// - Throws: what `all` throws.
  public static func secondReadings(
    in study: StudyFolder, _ settings: StudyProtocol
  ) throws(StudyError) -> [OutlinedLesion] {
    try study.requireImages(for: "radiomic features are computed from slices")
    return try study.read { try all($0, settings, folder: study.url, reading: .second) }
  }

  /// The outlined lesions that some tables hold; `folder` is the study's, nil where slices have absolute paths.
  ///
  /// - Throws: `StudyError` where contours or selection are out of date; SQLite's error where the tables cannot be read.
  public static func all(
    _ database: Database, _ settings: StudyProtocol, folder: URL?
  ) throws -> [OutlinedLesion] { try all(database, settings, folder: folder, reading: .first) }

  private static func all(
    _ database: Database, _ settings: StudyProtocol, folder: URL?, reading: ROIPlan.Reading
  ) throws -> [OutlinedLesion] {
    var everySlice = settings
    everySlice.roi.maximumSlicesPerLesion = nil
    let plan = try ROIPlan(everySlice, database, reading: reading)
    let names = try database.lesionNames()
    let phases = try database.seriesPhases()
    let carried = Dictionary(
      try CarriedOutlines.entries(database).compactMap { entry in entry.outline.id.map { ($0, entry.sentence) } }
    ) { first, _ in first }
    let groups = Dictionary(grouping: plan.candidates) { [$0.lesionId, $0.place.seriesId] }
    return groups.values.compactMap { slices -> OutlinedLesion? in
      guard let first = slices.first, let name = names[first.lesionId] else { return nil }
      return OutlinedLesion(
        patient: first.place.patientCode, lesion: name, reader: first.reader, exam: first.place.studyInstanceUID,
        series: first.place.seriesInstanceUID, phase: phases[first.place.seriesId],
        carried: first.carriedId.flatMap { carried[$0] },
        slices: slices.sorted { $0.place.ordinal < $1.place.ordinal }, folder: folder)
    }
    .sorted { ($0.patient, $0.lesion, $0.series) < ($1.patient, $1.lesion, $1.series) }
  }
}
