import ArgumentParser
import Report
import Study
import Training

struct SweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Cross-validate at each of the protocol's batch sizes, and make Table 5.",
    discussion: "Interrupted, it goes on from the last whole epoch when it is started again with the same options.")

  @OptionGroup var study: StudyOption
  @OptionGroup var network: NetworkOptions

  @Option(
    help: """
      How many batch sizes are trained at a time, each by the same share of the threads; 1 takes the least memory (default: all, \
      as far as the threads go; on a GPU, 1).
      """)
  var sideBySide: Int?

  @Flag(help: "Also make the nested estimate (see `renalgrade nested`), and say how much the best batch size flatters.")
  var nested = false

  func validate() throws {
    guard (sideBySide ?? 1) >= 1 else {
      throw ValidationError("--side-by-side is a number from 1 on, found \(sideBySide ?? 0)")
    }
  }

  func run() async throws {
    let options = try network.resolve()
    try await study.locked { study in
      let session = TrainingSession()
      try Sweep(study, protocol: study.readProtocol(), options: options, sideBySide: sideBySide).run(
        prepared: session.begin, progress: session.show, finishing: { try session.finish($0, of: study) },
        completing: { runs in
          let folder = study.reportsFolder.appendingPathComponent("sweep-\(runs.last?.id ?? "")")
          try SweepReport.write(runs, to: folder)
          print("Table 5: \(folder.appendingPathComponent("sweep.html").path)")
          if nested { try session.nested(study, options) }
        })
    }
  }
}
