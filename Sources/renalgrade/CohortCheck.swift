import ArgumentParser
import Cohort
import Foundation
import Study
import Support

struct CohortCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Show how every spelling of a clinical table is read.",
    discussion: """
      Prints one line per column and spelling: how it is read, how often it occurs, and in which lines. \
      A cell that is not understood has no value, and no rule accepts it: correct it in the table before you select.
      """)

  @Argument(help: "The clinical table, CSV or TSV.", completion: .file(), transform: PathArgument.file)
  var table: String

  @Option(
    help: "The protocol that names the columns: a study's folder, or a YAML file.", completion: .file(),
    transform: PathArgument.fileOrFolder)
  var `protocol`: String

  @Flag(help: "Print CSV, with all lines.")
  var csv = false

  func run() throws {
    let url = URL(fileURLWithPath: `protocol`)
    let settings =
      (try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true
      ? try StudyFolder(at: url).readProtocol()
      : try StudyProtocol(contentsOf: url)
    let check = try ClinicalTableCheck(DelimitedTable(contentsOf: URL(fileURLWithPath: table)), settings)
    guard !csv else {
      print(check.csv, terminator: "")
      return
    }
    print(check.text)
    if !check.linesWithoutPatient.isEmpty {
      print("Lines without a patient: \(check.linesWithoutPatient.map(String.init).joined(separator: ", ")).")
    }
    print("Cells not understood: \(check.notUnderstood).")
  }
}
