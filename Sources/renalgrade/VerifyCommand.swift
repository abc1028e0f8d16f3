import ArgumentParser
import Experiment
import Foundation
import Study
import Support

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Predict a finished run's patients again by its own models.",
    discussion: """
      Each fold's model is read from the run's folder and predicts the examples that it held out. On the machine that made the run \
      the probabilities have the same bits; another processor or number of threads moves them a little. Fails where one differs by \
      more than the tolerance, and where the study is no longer what it was when the run was made.
      """)

  @OptionGroup var study: StudyOption

  @Option(help: "The run's name (default: the latest complete run).")
  var run: String?

  @Option(help: "By how much a probability may differ.")
  var tolerance = 0.01

  @OptionGroup var network: NetworkOptions

  func validate() throws {
    guard network.shuffleLabels == nil else {
      throw ValidationError("a run knows whether its labels are shuffled; remove --shuffle-labels")
    }
    guard network.sideBySide == nil else {
      throw ValidationError("verify predicts one fold after the other; remove --side-by-side")
    }
    guard tolerance >= 0, tolerance < 1 else {
      throw ValidationError("The tolerance must be from 0 to below 1, found \(tolerance).")
    }
  }

  func run() async throws {
    let options = network.resolve()
    try await study.locked { study in
      let run = try Run.open(run, in: study)
      let folds = try RunVerification(run, in: study, learners: options.learners).verify { _ in }
      for fold in folds {
        print("Fold \(fold.fold + 1) of \(folds.count), \(fold.examples) examples: \(fold.text)")
      }
      guard let worst = folds.map(\.largestDifference).max(), worst <= tolerance else {
        throw StudyError(
          .run,
          "the run \(run.id) does not follow from its models: a probability differs by more than \(tolerance). If it was made on "
            + "another machine, look at the differences above; else its folder was changed: copy it from its study again"
        )
      }
      print("The run \(run.id) follows from its models.")
    }
  }
}

extension RunVerification.Fold {
  fileprivate var text: String {
    switch largestDifference {
    case 0: "the same bits"
    case .infinity: "a prediction is there in one case and missing in the other"
    default: "probabilities differ by up to \(String(format: "%.2g", largestDifference))"
    }
  }
}
