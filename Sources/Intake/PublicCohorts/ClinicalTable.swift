import Clinical
import Foundation
import Study
import Support

/// A collection's clinical table: one row per patient, or several that say the same.
struct ClinicalTable {
  /// The patients in the order of their first rows, with the tumour or the reason why there is none.
  let patients: [CohortPatient]

  /// Reads a table by the protocol's columns or, where the file is JSON, the records of a KiTS challenge.
  ///
  /// - Throws: `StudyError` of kind `.invalidTable` with file and line.
  init(_ url: URL, _ mapping: StudyProtocol.Pathology, _ settings: TCIASettings) throws(StudyError) {
    patients =
      url.pathExtension.lowercased() == "json" ? try Self.kits(url, settings) : try Self.rows(url, mapping, settings)
  }

  private static func kits(_ url: URL, _ settings: TCIASettings) throws(StudyError) -> [CohortPatient] {
    let subtypes = settings.subtypes.isEmpty ? KiTSSettings().subtypes : settings.subtypes
    return try KiTSRecord.all(at: url).map { record in
      patient(record.caseID, settings, record.attributes, grade: record.statedGrade) { () throws(PublicCohortError) in
        try record.tumour(subtypes: subtypes)
      }
    }
  }

  private static func rows(
    _ url: URL, _ mapping: StudyProtocol.Pathology, _ settings: TCIASettings
  ) throws(StudyError) -> [CohortPatient] {
    let table = try DelimitedTable(contentsOf: url)
    try table.require(column: mapping.patientColumn, from: "pathology.patientColumn")
    try table.require(column: mapping.gradeColumn, from: "pathology.gradeColumn")
    if let column = settings.subtypeColumn { try table.require(column: column, from: "the subtype's column") }
    let lines = table.linesBySpelling(of: mapping.patientColumn)
    var order: [String] = []
    var cells: [Identifier: [String: Set<String>]] = [:]
    // The lines below a patient's rows that name nobody: merged cells hide whose they are.
    var unnamed: [Identifier: Int] = [:]
    for row in table.rows {
      let text = ClinicalCell(row.cells[mapping.patientColumn]).value ?? ""
      let id = Identifier(text)
      if text.isEmpty {
        if let above = order.last { unnamed[Identifier(above)] = row.line }
        continue
      }
      if cells[id] == nil { order.append(text) }
      for (column, cell) in row.cells.compactMapValues({ ClinicalCell($0).text }) {
        cells[id, default: [:]][column, default: []].insert(cell)
      }
    }
    return order.map { id in
      let cells = cells[Identifier(id)] ?? [:]
      let record = agreed(cells, besides: mapping)
      let grades = cells[mapping.gradeColumn].flatMap { $0.count == 1 ? $0.first : nil }
      return patient(id, settings, record, grade: grades) { () throws(PublicCohortError) in
        if let line = unnamed[Identifier(id)] {
          throw PublicCohortError(
            "line \(line) has no patient ID and may be another lesion of the patient above (merged cells); add the ID")
        }
        let lines = lines[Identifier(id)] ?? []
        guard lines.count < 2 else {
          throw PublicCohortError(
            "this patient's identifier is spelled in \(lines.count) ways in the table (first in lines "
              + "\(lines.map { "\($0)" }.joined(separator: " and "))), which may be two patients; use one")
        }
        return try tumour(cells, mapping, settings)
      }
    }
  }

  /// The patient whom the table calls `id`, with the tumour or the reason why there is none.
  private static func patient(
    _ id: String, _ settings: TCIASettings, _ record: [String: String], grade: String?,
    _ tumour: () throws(PublicCohortError) -> CohortPatient.Tumour
  ) -> CohortPatient {
    var patient = CohortPatient(patientID: settings.patientPrefix?.patientID(of: id) ?? id)
    (patient.record, patient.statedGrade) = (record, grade)
    do throws(PublicCohortError) {
      patient.tumour = try tumour()
    } catch {
      patient.remark(.pathology, excludes: true, error.description)
    }
    return patient
  }

  private static func tumour(
    _ cells: [String: Set<String>], _ mapping: StudyProtocol.Pathology, _ settings: TCIASettings
  ) throws(PublicCohortError) -> CohortPatient.Tumour {
    if let column = settings.subtypeColumn {
      let taken = Set(settings.subtypes.map { $0.lowercased() })
      let found = cells[column] ?? []
      guard !found.isEmpty, found.allSatisfy({ taken.contains($0.lowercased()) }) else {
        throw PublicCohortError(
          "\(column) is \(quoted(found)); expected \(settings.subtypes.map { "\"\($0)\"" }.joined(separator: " or "))")
      }
    }
    let grades = cells[mapping.gradeColumn] ?? []
    guard grades.count == 1, let text = grades.first, let grade = Grade(text: text) else {
      throw PublicCohortError("\(mapping.gradeColumn) is \(quoted(grades)); expected one grade from 1 to 4")
    }
    return .init(grade: grade, attributes: agreed(cells, besides: mapping))
  }

  /// What all of a patient's rows say: rows that differ, such as one for each treatment, agree on the patient's own columns.
  private static func agreed(
    _ cells: [String: Set<String>], besides mapping: StudyProtocol.Pathology
  ) -> [String: String] {
    let used = [mapping.patientColumn, mapping.gradeColumn, mapping.lesionColumn ?? ""]
    return cells.filter { $0.value.count == 1 && !used.contains($0.key) }.compactMapValues(\.first)
  }

  private static func quoted(_ texts: Set<String>) -> String {
    texts.isEmpty ? "missing" : texts.sorted().map { "\"\($0)\"" }.joined(separator: " and ")
  }
}
