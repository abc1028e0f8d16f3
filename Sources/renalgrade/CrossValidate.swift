import ArgumentParser
import Foundation
import Report
import Study
import Training

struct CrossValidate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crossvalidate", abstract: "Train and predict all folds, and report what came out.",
    discussion: "Interrupted, it goes on from the last whole epoch when it is started again.")

  @OptionGroup var study: StudyOption
  @OptionGroup var network: NetworkOptions

  @Flag(help: "Also train the negative controls: shuffled labels, a split that leaks, background only, moved boxes.")
  var controls = false

  func validate() throws {
    guard !(controls && network.shuffleLabels != nil) else {
      throw ValidationError("--controls are those of a run with its true labels; leave --shuffle-labels away")
    }
  }

  func run() async throws {
    let options = try network.resolve()
    try await study.locked { study in
      let session = TrainingSession()
      let validation = try CrossValidation(study, protocol: study.readProtocol(), options: options)
      session.begin(validation)
      _ = try validation.run(progress: session.show) { run in
        try session.finish(run, of: study)
        if controls { try session.control(run, in: study, options) }
      }
    }
  }
}
