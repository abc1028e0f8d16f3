import ArgumentParser
import Foundation
import LesionFeatures
import Study

struct RadiomicsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "radiomics",
    abstract: "Compute radiomic features of the outlined lesions, as a table.",
    discussion: """
      The protocol's section `radiomics` states the features. Three files are written: features.csv (one row per lesion), columns.csv \
      (what each column is: family, feature, image, phase, unit, settings) and remarks.csv (what failed, and what else is worth knowing).

      Computed features are stored in the study, so that a repeated or interrupted command computes only what is missing.
      """)

  @OptionGroup var study: StudyOption

  @Option(
    name: .shortAndLong, help: "The folder for the table (default: reports/radiomics in the study).",
    completion: .directory, transform: PathArgument.outputFolder)
  var output: String?

  func run() async throws {
    try await study.locked { study in
      let settings = try study.readProtocol()
      let bar = ProgressBar("Computing features")
      let table = try LesionFeatureTable(study, settings) { bar.show(done: $0, of: $1) }
      bar.finish()
      let folder =
        output.map { URL(fileURLWithPath: $0) } ?? study.reportsFolder.appendingPathComponent("radiomics")
      try table.write(to: folder)
      let failed = table.remarks.count(where: \.isFailure)
      print(
        "Wrote \(table.rows.count) lesions with \(table.columns.count) columns to \(folder.path); \(failed) lesions or "
          + "phases failed, \(table.remarks.count - failed) remarks, \(table.undefined.count) values not defined (remarks.csv)."
      )
    }
  }
}
