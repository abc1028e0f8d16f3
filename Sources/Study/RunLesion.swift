import Foundation
import GRDB

/// One entry of a run's `lesions.json`: a lesion that the run learnt from or predicted, as pathology describes it.
public struct RunLesion: Codable, Equatable, Sendable {
  /// The patient's code in the study.
  public var patient: String
  /// The lesion's name, unique within its patient.
  public var lesion: String
  /// The grade by pathology, 1...4.
  public var grade: Grade
  /// Columns of the pathology table, and `phase`: that of the series that the lesion's ROIs were cut from.
  public var attributes: [String: String]

  /// The name of the attribute that tells the phase.
  public static let phaseColumn = "phase"

  /// Makes an entry from its parts.
  public init(patient: String, lesion: String, grade: Grade, attributes: [String: String]) {
    self.patient = patient
    self.lesion = lesion
    self.grade = grade
    self.attributes = attributes
  }

  /// The lesions of `study` that have ROIs, by patient and name.
  ///
  /// Where patient IDs could identify a person, so could the words of any column: then only those that the protocol's
  /// `subgroups` and `baselines` name are taken over.
  public static func all(in study: StudyFolder, _ settings: StudyProtocol) throws(StudyError) -> [RunLesion] {
    let rows = try study.read { database in
      let phases = try Row.fetchAll(
        database,
        sql: """
          SELECT DISTINCT roi.lesionId, seriesPhase.phase FROM roi JOIN slice ON slice.id = roi.sliceId
            JOIN seriesPhase ON seriesPhase.seriesId = slice.seriesId
          WHERE seriesPhase.phase IS NOT NULL ORDER BY roi.lesionId, seriesPhase.phase
          """)
      var phasesOf: [Int64: [String]] = [:]
      for row in phases { phasesOf[row["lesionId"], default: []].append(row["phase"]) }
      let codes = Dictionary(
        uniqueKeysWithValues: try Patient.fetchAll(database).compactMap { patient in
          patient.id.map { ($0, patient.code) }
        })
      return try Lesion.filter(sql: "id IN (SELECT lesionId FROM roi)").fetchAll(database).map { lesion in
        var attributes = lesion.attributes
        if attributes[phaseColumn] == nil, let id = lesion.id, let phases = phasesOf[id] {
          attributes[phaseColumn] = phases.joined(separator: " + ")
        }
        return RunLesion(
          patient: codes[lesion.patientId] ?? "", lesion: lesion.name, grade: lesion.grade, attributes: attributes)
      }
    }
    let named = Set(settings.questionedColumns)
    let mayKeepAll = settings.pathology.patientIDs == .codes
    return rows.map { row in
      var kept = row
      if !mayKeepAll { kept.attributes = row.attributes.filter { named.contains($0.key) } }
      return kept
    }
    .sorted { ($0.patient, $0.lesion) < ($1.patient, $1.lesion) }
  }
}
