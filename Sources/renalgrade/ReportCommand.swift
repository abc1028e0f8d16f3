import ArgumentParser
import Report
import Study

struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write a run's metrics, figures and report anew.")

  @OptionGroup var study: StudyOption

  @Option(help: "The run's name (default: the latest complete run).")
  var run: String?

  func run() async throws {
    try await study.locked { study in
      try TrainingSession().report(Run.open(run, in: study))
    }
  }
}
