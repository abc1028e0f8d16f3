import GRDB
import Support

/// Whose a slice is: the identifiers on the way from the patient down to the image.
struct SliceIdentity: Hashable, Sendable {
  /// The PatientID in the files.
  let patientID: String
  let studyInstanceUID: String
  let seriesInstanceUID: String
  let sopInstanceUID: String
}

/// A slice that the study holds already, as an import compares with it.
struct HeldSlice: Decodable, FetchableRecord, Sendable {
  private let patientID: String
  private let studyInstanceUID: String
  private let seriesInstanceUID: String
  private let sopInstanceUID: String
  let frame: Int
  /// The study's copy, relative to the study folder.
  let path: String

  var identity: SliceIdentity {
    SliceIdentity(
      patientID: patientID, studyInstanceUID: studyInstanceUID, seriesInstanceUID: seriesInstanceUID,
      sopInstanceUID: sopInstanceUID)
  }

  static func all(in study: StudyFolder) throws(StudyError) -> [HeldSlice] {
    try study.read { database in
      try fetchAll(
        database,
        sql: """
          SELECT patient.sourceID AS patientID, exam.studyInstanceUID, series.seriesInstanceUID, slice.sopInstanceUID,
            slice.frame, slice.path
          FROM slice JOIN series ON series.id = slice.seriesId JOIN exam ON exam.id = series.examId
            JOIN patient ON patient.id = exam.patientId
          ORDER BY slice.id
          """)
    }
  }
}
