import Clinical

/// De-identifies a clinical table so that its rows still match their patients' de-identified scans.
///
/// Only the columns named here are kept: a header does not tell what a free text contains.
public struct TableDeidentification: Sendable {
  /// What becomes of a column.
  public enum Treatment: String, Sendable {
    /// The PatientID, which becomes the pseudonym that the patient's scans have.
    case patient
    /// A UID, replaced as in the scans.
    case uid
    /// A day, treated as the scans' dates are.
    case date
    /// Years of age; more than 89 become 90.
    case age
    /// Anything else that does not identify a person.
    case kept
  }

  /// A cell that did not come through.
  public struct Loss: Equatable, Sendable {
    /// The row, from 0.
    public let row: Int
    /// The column's header.
    public let column: String
    /// Why, as in "day and month cannot be distinguished".
    public let reason: String
  }

  /// What becomes of a cell.
  private enum Outcome {
    case text(String)
    case lost(String)
  }

  private let key: PseudonymKey
  private let issuer: String
  private let dates: DeidentificationOptions.Dates
  private let treatments: [(column: String, treatment: Treatment)]
  private let scans: ScanPseudonyms?

  /// Makes the treatment of a table.
  ///
  /// - Parameters:
  ///   - key: the scans' key.
  ///   - issuer: the scans' IssuerOfPatientID, empty where they have none.
  ///   - dates: what became of the scans' dates.
  ///   - scans: the pseudonyms of the scans; nil where rows are not compared with them.
  ///   - columns: the columns that come through, in their order; none twice. One of them holds the patient's ID.
  public init(
    key: PseudonymKey, issuer: String = "", dates: DeidentificationOptions.Dates,
    scans: ScanPseudonyms? = nil, columns: [(column: String, treatment: Treatment)]
  ) {
    self.key = key
    self.issuer = issuer
    self.dates = dates
    self.scans = scans
    treatments = columns.filter { $0.treatment != .date || dates != .removed }
  }

  /// The header of the new table.
  public var header: [String] { treatments.map(\.column) }

  /// The rows, from 0, that hold something but name no patient, such as those below a merged cell.
  ///
  /// Nobody can tell whose they are: without them the patient above would lose a lesion.
  public func rowsWithoutPatient(_ rows: [[String: String]]) -> [Int] {
    guard let column = treatments.first(where: { $0.treatment == .patient })?.column else { return [] }
    return rows.indices.filter { index in
      ClinicalCell(rows[index][column]).value == nil
        && rows[index].contains { $0.key != column && ClinicalCell($0.value).text != nil }
    }
  }

  /// The rows of the new table, of cells in the order of `header`, and the cells that are empty now.
  ///
  /// A row without a PatientID is left out: see `rowsWithoutPatient`. Dates are read by `DateGrammar` and written as `2001-12-31`;
  /// what it does not understand is lost. Words for nothing, such as `none`, stay.
  public func rows(_ rows: [[String: String]]) -> (rows: [[String]], losses: [Loss]) {
    var losses: [Loss] = []
    var result: [[String]] = []
    for (index, row) in rows.enumerated() {
      let id = treatments.first { $0.treatment == .patient }.flatMap { ClinicalCell(row[$0.column]).value }
      guard let id else { continue }
      let spelling = scans?.spelling(of: id, issuer: issuer, key) ?? id
      let patient = PseudonymKey.Patient(id: Array(spelling.utf8), issuer: Array(issuer.utf8))
      result.append(
        treatments.map { column, treatment in
          switch outcome(row[column] ?? "", treatment, patient) {
          case .text(let text): return text
          case .lost(let reason):
            losses.append(Loss(row: index, column: column, reason: reason))
            return ""
          }
        })
    }
    return (result, losses)
  }

  private func outcome(_ cell: String, _ treatment: Treatment, _ patient: PseudonymKey.Patient) -> Outcome {
    if treatment == .kept || cell.isEmpty { return .text(cell) }
    if treatment == .patient { return .text(key.pseudonym(patient)) }
    let read = ClinicalCell(cell)
    if read.value == nil || ClinicalCell.folded(cell) == "no" { return .text(cell) }
    return switch treatment {
    case .uid: PseudonymKey.isUID(cell) ? .text(key.uid(cell)) : .lost("not a UID")
    case .date: dates == .full ? .text(cell) : day(cell, patient)
    default: read.number.map { .text($0 > 89 ? "90" : cell) } ?? .lost("not a number of years")
    }
  }

  private func day(_ cell: String, _ patient: PseudonymKey.Patient) -> Outcome {
    switch DateGrammar.read(cell) {
    case .understood(let day):
      let moved = DateShift(days: key.dateOffset(patient)).moved(day: day)
      return moved.map(Outcome.text) ?? .lost("no calendar date once it is shifted")
    case .unknown: return .text(cell)
    case .notUnderstood(let reason): return .lost(reason)
    }
  }
}
