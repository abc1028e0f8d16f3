import ArgumentParser
import Report
import Study
import Training

struct SweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Cross-validate at each of the protocol's batch sizes, and make Table 5.")

  @OptionGroup var study: StudyOption
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let options = try network.resolve()
    try await study.locked { study in
      var settings = try study.readProtocol()
      var runs: [Run] = []
      for batchSize in settings.sweep.batchSizes {
        settings.training.batchSize = batchSize
        let run = try TrainingSession.run(study, protocol: settings, options: options)
        try TrainingSession.report(run, of: study)
        runs.append(run)
      }
      let folder = study.reportsFolder.appendingPathComponent("sweep-\(runs.last?.id ?? "")")
      try SweepReport.write(runs, of: study, to: folder)
      print("Table 5: \(folder.appendingPathComponent("sweep.html").path)")
    }
  }
}
