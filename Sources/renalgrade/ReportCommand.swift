import ArgumentParser
import Report
import Experiment
import Study

struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write a run's metrics, figures and report again.",
    discussion: "--pdf needs Chromium on the PATH (Debian: apt install chromium).")

  @OptionGroup var study: StudyOption

  @Option(help: "The run's name (default: the latest complete run).")
  var run: String?

  @Flag(help: "Also write the report as report.pdf.")
  var pdf = false

  func run() async throws {
    try await study.locked { study in
      let found = try Run.open(run, in: study)
      try TrainingSession().report(found)
      if pdf { print("PDF: \(try RunReport.writePDF(of: found).path)") }
    }
  }
}
