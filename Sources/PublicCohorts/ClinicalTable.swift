import Foundation
import Study

/// A collection's clinical table: one row per patient, or several that say the same.
struct ClinicalTable {
  /// The patients in the order of their first rows, with the tumour or the reason why there is none.
  let patients: [CohortPatient]

  /// What clinical tables write instead of nothing (GDC writes two quotes and dashes).
  private static let nothing: Set<String> = [
    "", "'--", "--", "na", "n/a", "[not available]", "[not applicable]", "[unknown]", "not reported", "unknown",
  ]

  /// Reads the table by the protocol's columns.
  ///
  /// - Throws: `StudyError` of kind `.invalidTable` with file and line.
  init(_ url: URL, _ mapping: StudyProtocol.Pathology, _ settings: TCIASettings) throws(StudyError) {
    let table = try DelimitedTable(contentsOf: url)
    try table.require(column: mapping.patientColumn, from: "pathology.patientColumn")
    try table.require(column: mapping.gradeColumn, from: "pathology.gradeColumn")
    if let column = settings.subtypeColumn { try table.require(column: column, from: "the subtype's column") }
    var order: [String] = []
    var cells: [String: [String: Set<String>]] = [:]
    for row in table.rows {
      let patientID = row.cells[mapping.patientColumn] ?? ""
      if cells[patientID] == nil { order.append(patientID) }
      for (column, cell) in row.cells where !Self.nothing.contains(cell.lowercased()) {
        cells[patientID, default: [:]][column, default: []].insert(cell)
      }
    }
    patients = order.filter { !$0.isEmpty }.map { patientID in
      var patient = CohortPatient(patientID: patientID)
      do throws(CohortError) {
        patient.tumour = try Self.tumour(cells[patientID] ?? [:], mapping, settings)
      } catch {
        patient.remark(.pathology, excludes: true, error.description)
      }
      return patient
    }
  }

  private static func tumour(
    _ cells: [String: Set<String>], _ mapping: StudyProtocol.Pathology, _ settings: TCIASettings
  ) throws(CohortError) -> CohortPatient.Tumour {
    if let column = settings.subtypeColumn {
      let taken = Set(settings.subtypes.map { $0.lowercased() })
      let found = cells[column] ?? []
      guard !found.isEmpty, found.allSatisfy({ taken.contains($0.lowercased()) }) else {
        throw CohortError(
          "\(column) is \(quoted(found)); taken is \(settings.subtypes.map { "\"\($0)\"" }.joined(separator: " or "))")
      }
    }
    let grades = cells[mapping.gradeColumn] ?? []
    guard grades.count == 1, let text = grades.first, let grade = Grade(text: text) else {
      throw CohortError("\(mapping.gradeColumn) is \(quoted(grades)); expected one grade from 1 to 4")
    }
    // Rows that differ, such as one for each treatment, agree on the patient's own columns.
    let attributes = cells.filter { $0.value.count == 1 }.compactMapValues(\.first)
    let used = [mapping.patientColumn, mapping.gradeColumn, mapping.lesionColumn ?? ""]
    return .init(grade: grade, attributes: attributes.filter { !used.contains($0.key) })
  }

  private static func quoted(_ texts: Set<String>) -> String {
    texts.isEmpty ? "missing" : texts.sorted().map { "\"\($0)\"" }.joined(separator: " and ")
  }
}
