import ArgumentParser
import Foundation
import Report
import Study
import Training

struct CrossValidate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crossvalidate", abstract: "Train and predict all folds, and report what came out.")

  @OptionGroup var study: StudyOption
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let options = try network.resolve()
    try await study.locked { study in
      let run = try TrainingSession.run(study, protocol: study.readProtocol(), options: options)
      try TrainingSession.report(run, of: study)
    }
  }
}
