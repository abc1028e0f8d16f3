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

  func run() async throws {
    let options = try network.resolve()
    try await study.locked { study in
      let session = TrainingSession()
      let validation = try CrossValidation(study, protocol: study.readProtocol(), options: options)
      session.begin(validation)
      try session.finish(validation.run(progress: session.show), of: study)
    }
  }
}
