import ArgumentParser
import Experiment
import Foundation
import Report
import Study
import Training

struct CrossValidate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crossvalidate", abstract: "Train and predict all folds, and report the results.",
    discussion: "Run it again after an interruption: it continues from the last complete epoch.")

  @OptionGroup var study: StudyOption
  @OptionGroup var network: NetworkOptions

  @Flag(
    help: "Also train the negative controls: shuffled labels, a split that leaks, background only, and shifted ROIs.")
  var controls = false

  @Option(help: "How many runs to make, each with a different training seed, starting with the protocol's.")
  var seeds = 1

  func validate() throws {
    guard (1...1000).contains(seeds) else { throw ValidationError("--seeds must be from 1 to 1000, found \(seeds)") }
    guard !(controls && network.shuffleLabels != nil) else {
      throw ValidationError("--controls cannot be combined with --shuffle-labels")
    }
  }

  func run() async throws {
    let options = network.resolve()
    try await study.locked { study in
      let session = TrainingSession()
      let settings = try study.readProtocol()
      @Sendable func finish(_ run: Run) throws {
        try session.finish(run, of: study)
        if controls { try session.control(run, in: study, options) }
      }
      guard seeds > 1 else {
        let validation = try CrossValidation(
          study, protocol: settings, learners: options.learners, shuffledBy: options.shuffledBy,
          progress: session.show)
        session.begin([validation.summary], notes: validation.notes)
        _ = try validation.run(sideBySide: options.sideBySide ?? 1, progress: session.show, finishing: finish)
        return
      }
      let runs = try Sweep(
        study, protocol: settings, learners: options.learners, shuffledBy: options.shuffledBy, over: .seeds(seeds),
        progress: session.show)
      session.begin(runs.summaries, notes: runs.notes)
      try runs.run(
        sideBySide: options.sideBySide ?? 1, progress: session.show, finishing: finish,
        completing: { runs in
          print("Compare the seeds: renalgrade compare \(study.url.path) \(runs.map(\.id).joined(separator: " "))")
        })
    }
  }
}
