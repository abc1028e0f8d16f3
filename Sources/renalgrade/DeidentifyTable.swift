import ArgumentParser
import Deidentification
import Foundation
import Study
import Support

struct DeidentifyTable: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take persons out of a clinical table, so that its rows still find their patients' de-identified scans.",
    discussion: """
      PatientIDs become the pseudonyms of the scans, dates move as theirs do. With --scans, rows that match no scan are \
      listed, and nothing is written where none does. Only the columns that are named come \
      through, in the table's order: look into each column that you keep, for free text may name somebody.
      """)

  @Argument(help: "The table, CSV or TSV.", completion: .file(), transform: PathArgument.file)
  var table: String

  @Option(help: "The file to write, CSV.", completion: .file(), transform: PathArgument.outputFile)
  var to: String

  @Option(help: "The folder that the scans were pulled or de-identified into, which names the key.")
  var scans: String?

  @Option(
    help: "The key's file, where it is not the one that --scans names.", completion: .file(),
    transform: PathArgument.outputFile)
  var key: String?

  @Option(help: "The column with the PatientID.")
  var patient = "patient"

  @Option(help: "The scans' IssuerOfPatientID, where they have one.")
  var issuer = ""

  @Option(help: "A column to keep as it is; repeatable.")
  var keep: [String] = []

  @Option(help: "A column with dates; repeatable.")
  var date: [String] = []

  @Option(help: "A column with ages in years, of which those over 89 become 90; repeatable.")
  var age: [String] = []

  @Option(help: "A column with DICOM UIDs; repeatable.")
  var uid: [String] = []

  @Option(help: "What became of the scans' dates: removed, modified or full.")
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
          + (issuer.isEmpty ? " (and --issuer their issuer, where they have one)" : "") + ". "
          + sentences.joined(separator: " "))
    }
    let columns = source.header.compactMap { column in treatments[column].map { (column: column, treatment: $0) } }
    let treatment = TableDeidentification(
      key: key, issuer: issuer, dates: dates, scans: pseudonyms, columns: columns)
    let (rows, losses) = treatment.rows(source.rows.map(\.cells))
    let lines = ([treatment.header] + rows).map { $0.map(\.csvCell).joined(separator: ",") + "\n" }
    try AtomicFile.write(lines.joined(), to: URL(fileURLWithPath: to))
    let left = source.header.filter { !treatment.header.contains($0) }
    print("\(rows.count) rows. Left out: \(left.isEmpty ? "no column" : left.joined(separator: ", ")).")
    for remark in source.remarks { print("Note: \(remark).") }
    for sentence in sentences { print("Note: \(sentence)") }
    if pseudonyms == nil {
      print(
        "Note: no scans to compare the rows with; give the folder that holds a folder for each pseudonym as --scans.")
    }
    for loss in losses {
      print("  \(source.name):\(source.rows[loss.row].line): \(loss.column) cannot be read, and was left out.")
    }
  }

  /// Throws where two rows write one identifier in two ways: their pseudonyms would be those of two patients.
  private func requireSpellings(of table: DelimitedTable) throws {
    let twice = table.linesBySpelling(of: patient).values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    guard let lines = twice.first else { return }
    throw StudyError(
      .invalidTable,
      "\(table.name): the lines \(lines.map { "\($0)" }.joined(separator: " and ")) write one patient's identifier in ways that "
        + "differ only in case, blanks, punctuation or decimals, and would become two patients; use one.")
  }

  private func openKey() throws -> PseudonymKey {
    let folder = URL(fileURLWithPath: scans ?? to)
    return try ProjectKey.open(key.map { URL(fileURLWithPath: $0) }, for: folder, makesIfMissing: false).key
  }
}
