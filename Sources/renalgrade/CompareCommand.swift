import ArgumentParser
import Experiment
import Foundation
import Report
import Study

struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compare two or more runs on the same patients.",
    discussion: """
      Each later run is measured by each earlier one: paired DeLong, bootstrap and McNemar, with Holm's correction. Runs of one \
      protocol that differ in their seeds alone are summed up by mean and standard deviation.
      """)

  @OptionGroup var study: StudyOption

  @Argument(help: "The runs' names, the one to measure by first.")
  var runs: [String]

  @Option(help: "The largest loss at which a later run still counts as no worse.")
  var margin = 0.05

  @Option(
    help: "The folder to write compare.html, compare.csv and figures to (default: in the study's reports).",
    transform: PathArgument.outputFolder)
  var output: String?

  func validate() throws {
    guard runs.count > 1 else { throw ValidationError("Name two or more runs.") }
    guard margin > 0, margin < 1 else { throw ValidationError("The margin must be above 0 and below 1.") }
  }

  func run() async throws {
    try await study.locked { study in
      let opened = try runs.map { name in try Run.open(name, in: study) }
      let folder =
        output.map { URL(fileURLWithPath: $0) }
        ?? study.reportsFolder.appendingPathComponent("compare-\(opened.last?.id ?? "")")
      let comparison = try CompareReport.write(opened, margin: margin, to: folder)
      print(comparison.text)
      print("Report: \(folder.appendingPathComponent("compare.html").path)")
    }
  }
}
