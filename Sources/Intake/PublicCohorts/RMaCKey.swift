import Clinical
import Foundation
import Study
import Support

/// `phase_reg_key.csv`: which volumes each patient has, and which of them are registered to the unenhanced one.
struct RMaCKey: Sendable {
  /// What the key says of one volume.
  enum Status: Int, Sendable {
    /// There is none.
    case absent = 0
    /// It is not registered, so the mask does not apply to it.
    case unregistered = 1
    /// It lies on the unenhanced volume's grid, as the mask does.
    case registered = 2
  }

  /// The rows by patient; more than one where they differ.
  private let rows: [Identifier: Set<[RMaCSettings.Phase: Status]>]

  /// Reads the key; columns are found by name, in any case.
  ///
  /// - Throws: `StudyError` of kind `.invalidTable` with file and line.
  init(_ url: URL) throws(StudyError) {
    let table = try DelimitedTable(contentsOf: url)
    func column(_ name: String) throws(StudyError) -> String {
      if let column = table.header.first(where: { $0.lowercased() == name }) { return column }
      throw StudyError(
        .invalidTable,
        "\(table.name):1: there is no column \"\(name)\"; the columns are "
          + table.header.map { "\"\($0)\"" }.joined(separator: ", "))
    }
    let patientColumn = try column("pid")
    var columns: [RMaCSettings.Phase: String] = [:]
    for phase in RMaCSettings.Phase.allCases { columns[phase] = try column(phase.rawValue) }
    var rows: [Identifier: Set<[RMaCSettings.Phase: Status]>] = [:]
    for row in table.rows {
      var status: [RMaCSettings.Phase: Status] = [:]
      for (phase, column) in columns {
        let cell = row.cells[column] ?? ""
        guard let number = ClinicalCell(cell).number, let known = Int(exactly: number).flatMap(Status.init) else {
          throw StudyError(
            .invalidTable, "\(table.name):\(row.line): \(phase.rawValue) is \"\(cell)\"; expected 0, 1 or 2")
        }
        status[phase] = known
      }
      rows[Identifier(row.cells[patientColumn] ?? ""), default: []].insert(status)
    }
    self.rows = rows
  }

  /// The volumes of a patient; nil where the key has no row.
  ///
  /// - Throws: `PublicCohortError` where rows contradict one another.
  func status(of patientID: String) throws(PublicCohortError) -> [RMaCSettings.Phase: Status]? {
    guard let found = rows[Identifier(patientID)] else { return nil }
    guard found.count == 1 else {
      throw PublicCohortError(
        "phase_reg_key.csv has \(found.count) rows for this patient that differ; one of them is wrong")
    }
    return found.first
  }
}
