import Annotation
import Clinical
public import Foundation
import GRDB
public import Study
public import Support

/// Reads lesions and grades from the pathology table into the study.
public enum PathologyImport {
  /// What an import did.
  public struct Summary: Equatable, Sendable {
    /// Lesions taken over.
    public var lesions = 0
    /// Rows of patients of whom the study has no CT.
    public var withoutImages = 0
    /// Patients whom the study has from the table alone, since it has no images at all.
    public var fromTableAlone = 0
    /// Lesions that the table no longer has, removed with their contours and ROIs.
    public var removedLesions = 0
    /// Entries set aside.
    public var setAside = 0
    /// Which rows and which patients found no partner, and what was assumed of the file, in sentences.
    public var notes: [String] = []
    /// Grades that were not understood, listed among the entries set aside.
    public var notUnderstood = 0
  }

  /// One usable row.
  struct Row {
    let line: Int
    let patientID: String
    let lesion: String
    let grade: Grade
    let attributes: [String: String]
  }

  /// Brings the study's lesions to those of the table at `url`; a lesion that stays keeps its contours and ROIs.
  ///
  /// A row with a missing or impossible grade excludes its patient; all others are imported. A study without images
  /// takes its patients from the table.
  /// - Throws: `StudyError` where the table cannot be read at all, or the study not be written.
  public static func run(_ url: URL, into study: StudyFolder) throws(StudyError) -> Summary {
    let mapping = try study.readProtocol().pathology
    let table = try DelimitedTable(contentsOf: url)
    let (rows, problems) = try parse(table, mapping)
    let named =
      rows.map { ($0.line, $0.patientID) } + problems.compactMap { one in one.patientID.map { (one.line, $0) } }
    return try study.write { database in
      let isWithoutImages = try SliceRecord.fetchCount(database) == 0
      if isWithoutImages { try DICOMImport.addPatients(rows.map(\.patientID), mapping.patientIDs, database) }
      let patients = try Patient.fetchAll(database)
      let patientsByID = Dictionary(grouping: patients) { Identifier($0.sourceID) }
      var former = Dictionary(
        try Lesion.fetchAll(database).map { (LesionKey(patientId: $0.patientId, name: Identifier($0.name)), $0) }
      ) { one, _ in one }
      let comparison = IdentifierComparison(
        rows: named.sorted { $0.0 < $1.0 }, scans: try Patient.withImages(database).map(\.sourceID))
      var summary = Summary()
      summary.notes = table.remarks.map { "\($0)." } + (isWithoutImages ? [] : comparison.sentences(table.name))
      summary.fromTableAlone = isWithoutImages ? Set(rows.map { Identifier($0.patientID) }).count : 0
      var entries = table.remarks.map {
        SetAside(stage: .pathology, patientCode: nil, excludes: false, subject: table.name, reason: $0)
      }
      for problem in problems {
        let concerned = problem.patientID.flatMap { patientsByID[Identifier($0)] } ?? []
        for code in concerned.isEmpty ? [nil] : concerned.map(\.code) {
          entries.append(
            SetAside(
              stage: .pathology, patientCode: code, excludes: true, subject: "\(table.name):\(problem.line)",
              reason: problem.reason))
        }
      }
      for row in rows {
        let found = patientsByID[Identifier(row.patientID)] ?? []
        for patient in found where found.count > 1 {
          entries.append(
            SetAside(
              stage: .pathology, patientCode: patient.code, excludes: true, subject: "\(table.name):\(row.line)",
              reason:
                "this row's identifier matches \(found.count) patients of the study, whose IDs differ only in case, "
                + "blanks or punctuation; give them distinct IDs"))
        }
        guard found.count < 2 else { continue }
        guard let patientID = found.first?.id else {
          summary.withoutImages += 1
          let cause =
            comparison.damage[row.line].map { "; a spreadsheet seems to have changed it: \($0.rawValue)" } ?? ""
          entries.append(
            SetAside(
              stage: .pathology, patientCode: nil, excludes: false, subject: "\(table.name):\(row.line)",
              reason: "the study has no CT of this row's patient; the patient ID must equal the DICOM PatientID\(cause)"
            ))
          continue
        }
        let known = former.removeValue(forKey: LesionKey(patientId: patientID, name: Identifier(row.lesion)))
        var lesion = Lesion(
          id: known?.id, patientId: patientID, name: row.lesion, grade: row.grade, attributes: row.attributes)
        try lesion.save(database)
        summary.lesions += 1
      }
      for lesion in former.values { try lesion.delete(database) }
      try DerivedContours.rebuild(database)
      summary.removedLesions = former.count
      let listed = Set(named.map { Identifier($0.1) })
      for patient in patients where !listed.contains(Identifier(patient.sourceID)) {
        entries.append(
          SetAside(
            stage: .pathology, patientCode: patient.code, excludes: true, subject: table.name,
            reason: "the table has no row for this patient"))
      }
      try database.replaceSetAside(of: .pathology, with: entries)
      summary.setAside = entries.count
      summary.notUnderstood = problems.count(where: \.isNotUnderstood)
      return summary
    }
  }

  private struct LesionKey: Hashable {
    let patientId: Int64
    let name: Identifier
  }

  struct Problem: Equatable {
    let line: Int
    let patientID: String?
    let reason: String
    var isNotUnderstood = false
  }

  static func parse(
    _ table: DelimitedTable, _ mapping: StudyProtocol.Pathology
  ) throws(StudyError) -> (rows: [Row], problems: [Problem]) {
    try table.require(column: mapping.patientColumn, from: "pathology.patientColumn")
    try table.require(column: mapping.gradeColumn, from: "pathology.gradeColumn")
    if let column = mapping.lesionColumn { try table.require(column: column, from: "pathology.lesionColumn") }
    let used = Set([mapping.patientColumn, mapping.gradeColumn, mapping.lesionColumn ?? ""])
    // Two spellings of one ID are one person under two ids, or two persons under one: nobody but the user can tell.
    let lines = table.linesBySpelling(of: mapping.patientColumn)
    var rows: [Row] = []
    var problems: [Problem] = []
    var seen: [[Identifier]: Int] = [:]
    var above: String?
    for row in table.rows {
      func text(_ column: String) -> String { ClinicalCell(row.cells[column]).value ?? "" }
      let patientID = text(mapping.patientColumn)
      let lesion = mapping.lesionColumn.map(text) ?? "1"
      let gradeText = text(mapping.gradeColumn)
      let grade = Grade.read(row.cells[mapping.gradeColumn])
      func reject(_ reason: String, isNotUnderstood: Bool = false) {
        problems.append(
          Problem(
            line: row.line, patientID: patientID.isEmpty ? nil : patientID, reason: reason,
            isNotUnderstood: isNotUnderstood))
      }
      let key = [Identifier(patientID), Identifier(lesion)]
      let spellings = lines[Identifier(patientID)] ?? []
      if patientID.isEmpty {
        reject("the patient (column \"\(mapping.patientColumn)\") is missing")
        if let above {
          problems.append(
            Problem(
              line: row.line, patientID: above,
              reason: "this row has no patient ID and may be another lesion of the patient above (merged cells); "
                + "add the ID"))
        }
      } else if spellings.count > 1 {
        reject(
          "this patient occurs in the table under \(spellings.count == 2 ? "two" : "\(spellings.count)") ids that differ only in case, blanks, punctuation or "
            + "decimals (first in lines \(spellings.map { "\($0)" }.joined(separator: " and "))); use one")
      } else if lesion.isEmpty {
        reject("the lesion's name (column \"\(mapping.lesionColumn ?? "")\") is missing")
      } else if let first = seen[key] {
        reject("this lesion occurs twice in the table, first in line \(first)")
      } else if case .unknown = grade {
        reject("the grade (column \"\(mapping.gradeColumn)\") is missing; expected 1, 2, 3 or 4")
      } else if let grade = grade.value {
        let attributes = row.cells.filter { !used.contains($0.key) }
        rows.append(Row(line: row.line, patientID: patientID, lesion: lesion, grade: grade, attributes: attributes))
      } else {
        let reason = grade.doubt.map { " (\($0))" } ?? ""
        reject("the grade is \"\(gradeText)\"\(reason); expected 1, 2, 3 or 4", isNotUnderstood: true)
      }
      seen[key] = seen[key] ?? row.line
      if !patientID.isEmpty { above = patientID }
    }
    let rejected = Set(problems.compactMap { $0.patientID.map(Identifier.init) })
    return (rows.filter { !rejected.contains(Identifier($0.patientID)) }, problems)
  }
}
