import ArgumentParser
import Report
import Experiment
import Study
import Training

struct SweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Cross-validate with each of the protocol's batch sizes, and make Table 5.",
    discussion: "Run it again with the same options after an interruption: it continues from the last complete epoch.")

  @OptionGroup var study: StudyOption
  @OptionGroup var network: NetworkOptions

  @Flag(
    help: "Also make the nested estimate (see `renalgrade nested`), and state how optimistic the best batch size is.")
  var nested = false

  func run() async throws {
    let options = network.resolve()
    try await study.locked { study in
      let session = TrainingSession()
      let sweep = try Sweep(
        study, protocol: study.readProtocol(), learners: options.learners, shuffledBy: options.shuffledBy,
        progress: session.show)
      session.begin(sweep.summaries, notes: sweep.notes)
      try sweep.run(
        sideBySide: options.sideBySide, progress: session.show, finishing: { try session.finish($0, of: study) },
        completing: { runs in
          let folder = study.reportsFolder.appendingPathComponent("sweep-\(runs.last?.id ?? "")")
          try SweepReport.write(runs, to: folder)
          print("Table 5: \(folder.appendingPathComponent("sweep.html").path)")
          if nested { try session.nested(study, options) }
        })
    }
  }
}
