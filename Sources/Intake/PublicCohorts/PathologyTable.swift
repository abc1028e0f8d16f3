import Study
import Support

/// The lesions of a cohort as a table by the protocol's own columns.
struct PathologyTable {
  let text: String

  /// The lesions of the patients who are taken.
  init(_ patients: [CohortPatient], _ mapping: StudyProtocol.Pathology) {
    let rows = patients.compactMap { patient in
      patient.tumour.map { (id: patient.patientID, grade: "\($0.grade.rawValue)", attributes: $0.attributes) }
    }
    text = Self.text(rows, mapping)
  }

  /// The records of all patients whom the import saw, with the reason why some are not taken.
  init(records patients: [CohortPatient], _ mapping: StudyProtocol.Pathology) {
    let rows = patients.map { patient in
      let attributes = patient.record.merging(patient.tumour?.attributes ?? [:]) { $1 }
      let reason = [StudyFolder.leftOutColumn: patient.reasonLeftOut ?? ""]
      let grade = patient.tumour.map { "\($0.grade.rawValue)" } ?? patient.statedGrade ?? ""
      return (id: patient.patientID, grade: grade, attributes: attributes.merging(reason) { $1 })
    }
    text = Self.text(rows, mapping)
  }

  private static func text(
    _ rows: [(id: String, grade: String, attributes: [String: String])], _ mapping: StudyProtocol.Pathology
  ) -> String {
    let leading = [mapping.patientColumn, mapping.lesionColumn, mapping.gradeColumn].compactMap { $0 }
    let further = Set(rows.flatMap(\.attributes.keys)).subtracting(leading).sorted()
    let body = rows.map { row in
      [row.id] + (mapping.lesionColumn == nil ? [] : ["1"]) + [row.grade] + further.map { row.attributes[$0] ?? "" }
    }
    return DelimitedTable.text([leading + further] + body)
  }
}
