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

  /// The rows of the new table, of cells in the order of `header`, and the cells that are empty now.
  ///
  /// A row without a PatientID has nobody to belong to: it is left out, with its `patient` column lost. A date is
  /// `2001-12-31`, `2001/12/31`, `20011231` or `31.12.2001`, a time after it is cut off; another one is lost. Words
  /// for nothing, such as `none`, stay.
  public func rows(_ rows: [[String: String]]) -> (rows: [[String]], losses: [Loss]) {
    var losses: [Loss] = []
    var result: [[String]] = []
    for (index, row) in rows.enumerated() {
      let id = treatments.first { $0.treatment == .patient }.flatMap { row[$0.column] } ?? ""
      guard !id.isEmpty else {
        losses.append(Loss(row: index, column: treatments.first { $0.treatment == .patient }?.column ?? ""))
        continue
      }
      let spelling = scans?.spelling(of: id, issuer: issuer, key) ?? id
      let patient = PseudonymKey.Patient(id: Array(spelling.utf8), issuer: Array(issuer.utf8))
      result.append(
        treatments.map { column, treatment in
          let cell = row[column] ?? ""
          let text = cell.isEmpty ? "" : text(cell, treatment, patient)
          if text == nil { losses.append(Loss(row: index, column: column)) }
          return text ?? ""
        })
    }
    return (result, losses)
  }

  private func text(_ cell: String, _ treatment: Treatment, _ patient: PseudonymKey.Patient) -> String? {
    if treatment != .patient, treatment != .kept {
      let read = ClinicalCell(cell)
      if read.value == nil || ClinicalCell.folded(cell) == "no" { return cell }
    }
    return switch treatment {
    case .patient: key.pseudonym(patient)
    case .uid: PseudonymKey.isUID(cell) ? key.uid(cell) : nil
    case .date: dates == .full ? cell : DateShift(days: key.dateOffset(patient)).movedDay(cell)
    case .age: Double(cell.replacing(",", with: ".")).map { $0 > 89 ? "90" : cell }
    case .kept: cell
    }
  }
}
