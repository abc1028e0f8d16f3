import ArgumentParser
import Experiment
import Study

struct ControlsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "controls", abstract: "Train the negative controls of a finished run.",
    discussion: """
      The controls use the run's own folds, seeds and protocol: shuffled labels, a split of slices instead of patients (which \
      leaks), tumours covered by the same disc in all slices, and shifted ROIs. They are kept in the run's folder and are not \
      runs themselves. Run it again after an interruption: it continues from the last complete epoch.
      """)

  @OptionGroup var study: StudyOption

  @Option(help: "The run's name (default: the latest complete run).")
  var run: String?

  @OptionGroup var network: NetworkOptions

  func validate() throws {
    guard network.shuffleLabels == nil else {
      throw ValidationError(
        "controls cannot be combined with --shuffle-labels: shuffled labels are one of the controls")
    }
  }

  func run() async throws {
    let options = network.resolve()
    try await study.locked { study in
      try TrainingSession().control(Run.open(run, in: study), in: study, options)
    }
  }
}
