import ArgumentParser
import Experiment
import Foundation
import Report
import Study

struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compare two or more runs on the same patients.",
    discussion: """
      Each run is compared with each run named before it by paired DeLong, bootstrap and McNemar tests, with Holm's correction. \
      Runs of one protocol that differ only in their seeds are summarised by mean and standard deviation.
      """)

  @OptionGroup var study: StudyOption

  @Argument(help: "The runs' names, the reference first.")
  var runs: [String]

  @Option(help: "The non-inferiority margin: the largest loss at which a run is still called no worse.")
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
