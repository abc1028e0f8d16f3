import ArgumentParser
import Experiment
import Foundation
import Study
import Support

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Predict a finished run's patients again with its own models.",
    discussion: """
      Each fold's model is read from the run's folder and predicts the examples that the fold held out. On the machine that made \
      the run, the probabilities are identical bit by bit; another processor or number of threads changes them slightly. The command \
      fails if a probability differs by more than the tolerance, or if the study has changed since the run was made.
      """)

  @OptionGroup var study: StudyOption

  @Option(help: "The run's name (default: the latest complete run).")
  var run: String?

  @Option(help: "The largest difference of a probability that is accepted.")
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
          "the run \(run.id) cannot be reproduced from its models: a probability differs by more than \(tolerance). If it was made "
            + "on another machine, check the differences above; otherwise its folder was changed: copy it from its study again"
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
    case .infinity: "a prediction exists in one case and is missing in the other"
    default: "probabilities differ by up to \(String(format: "%.2g", largestDifference))"
    }
  }
}
