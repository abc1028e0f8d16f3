import ArgumentParser
import Deidentification
import Foundation
import Study
import Support

struct DeidentifyTable: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "De-identify a clinical table so that its rows still match their patients' de-identified scans.",
    discussion: """
      PatientIDs become the pseudonyms of the scans, and dates are shifted as in the scans. With --scans, rows that match no \
      scan are listed, and nothing is written if no row matches. Only the columns that are named are kept, in the table's \
      order. Inspect each column that you keep: free text may contain names.
      """)

  @Argument(help: "The table, CSV or TSV.", completion: .file(), transform: PathArgument.file)
  var table: String

  @Option(help: "The file to write, CSV.", completion: .file(), transform: PathArgument.outputFile)
  var to: String

  @Option(help: "The folder that the scans were pulled or de-identified into; it identifies the key.")
  var scans: String?

  @Option(
    help: "The key file, if it is not the one of the folder given as --scans.", completion: .file(),
    transform: PathArgument.outputFile)
  var key: String?

  @Option(help: "The column with the PatientID.")
  var patient = "patient"

  @Option(help: "The scans' IssuerOfPatientID, if they have one.")
  var issuer = ""

  @Option(help: "A column to keep unchanged; may be repeated.")
  var keep: [String] = []

  @Option(help: "A column with dates; may be repeated.")
  var date: [String] = []

  @Option(help: "A column with ages in years; ages over 89 become 90; may be repeated.")
  var age: [String] = []

  @Option(help: "A column with DICOM UIDs; may be repeated.")
  var uid: [String] = []

  @Option(help: "How the scans' dates were treated: removed, modified or full.")
  var dates = DeidentificationOptions.Dates.removed

  func validate() throws {
    guard scans != nil || key != nil else {
      throw ValidationError("Give --scans or --key: pseudonyms come from a key.")
    }
    let named = [patient] + keep + date + age + uid
    if let twice = named.first(where: { column in named.count { $0 == column } > 1 }) {
      throw ValidationError("The column \(twice) is named twice.")
    }
  }

  func run() throws {
    let source = try DelimitedTable(contentsOf: URL(fileURLWithPath: table))
    let named: [(String, [String], TableDeidentification.Treatment)] = [
      ("--patient", [patient], .patient), ("--keep", keep, .kept), ("--date", date, .date), ("--age", age, .age),
      ("--uid", uid, .uid),
    ]
    var treatments: [String: TableDeidentification.Treatment] = [:]
    for (option, columns, treatment) in named {
      for column in columns {
        guard source.header.contains(column) else {
          throw ValidationError(
            "\(source.name) has no column \"\(column)\" (\(option)); it has \(source.header.joined(separator: ", ")).")
        }
        treatments[column] = treatment
      }
    }
    let key = try openKey()
    let pseudonyms = scans.flatMap { ScanPseudonyms(below: URL(fileURLWithPath: $0)) }
    let columns = source.header.compactMap { column in treatments[column].map { (column: column, treatment: $0) } }
    let treatment = TableDeidentification(
      key: key, issuer: issuer, dates: dates, scans: pseudonyms, columns: columns)
    let nobodys = treatment.rowsWithoutPatient(source.rows.map(\.cells)).map { source.rows[$0].line }
    guard nobodys.isEmpty else {
      throw StudyError(
        .invalidTable,
        "\(source.name): the column \(patient) is blank or unknown in \(nobodys.count) \(nobodys.count == 1 ? "row" : "rows") (line "
          + nobodys.prefix(10).map(String.init).joined(separator: ", ") + (nobodys.count > 10 ? ", ..." : "")
          + "), so nothing was written: nobody can tell whose they are. If cells were merged, write the patient into each row."
      )
    }
    let identifiers = source.rows.compactMap { row in
      row.cells[patient].flatMap { $0.isEmpty ? nil : (line: row.line, identifier: $0) }
    }
    try requireSpellings(of: source)
    let comparison = pseudonyms?.comparison(identifiers, issuer: issuer, key)
    let sentences = comparison?.sentences(source.name) ?? []
    if let comparison, !identifiers.isEmpty, comparison.linesWithoutScan.count == identifiers.count {
      throw StudyError(
        .invalidTable,
        "No row matches a scan, so nothing was written: the column \(patient) must hold the scans' original PatientIDs"
          + (issuer.isEmpty ? " (and --issuer their issuer, if they have one)" : "") + ". "
          + sentences.joined(separator: " "))
    }
    let (rows, losses) = treatment.rows(source.rows.map(\.cells))
    let lines = ([treatment.header] + rows).map { $0.map(\.csvCell).joined(separator: ",") + "\n" }
    try AtomicFile.write(lines.joined(), to: URL(fileURLWithPath: to))
    let left = source.header.filter { !treatment.header.contains($0) }
    print("\(rows.count) rows. Columns not kept: \(left.isEmpty ? "none" : left.joined(separator: ", ")).")
    for remark in source.remarks { print("Note: \(remark).") }
    for sentence in sentences { print("Note: \(sentence)") }
    if pseudonyms == nil {
      print(
        "Note: there are no scans to compare the rows with; as --scans, give the folder with one subfolder per pseudonym."
      )
    }
    for loss in losses {
      print("  \(source.name):\(source.rows[loss.row].line): \(loss.column) was removed: \(loss.reason).")
    }
  }

  /// Throws where two rows write one identifier in two ways: their pseudonyms would be those of two patients.
  private func requireSpellings(of table: DelimitedTable) throws {
    let twice = table.linesBySpelling(of: patient).values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    guard let lines = twice.first else { return }
    throw StudyError(
      .invalidTable,
      "\(table.name): the lines \(lines.map(String.init).joined(separator: " and ")) write one patient's identifier in "
        + "ways that differ only in case, blanks, punctuation or decimals, and would become two patients; use one spelling."
    )
  }

  private func openKey() throws -> PseudonymKey {
    let folder = URL(fileURLWithPath: scans ?? to)
    return try ProjectKey.open(key.map { URL(fileURLWithPath: $0) }, for: folder, makesIfMissing: false).key
  }
}
