import ArgumentParser
import Study

struct NestedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nested", abstract: "Cross-validate with the batch size of each fold chosen without its patients.",
    discussion: """
      For each fold an inner cross-validation of the other patients chooses among the protocol's batch sizes: what results is the \
      estimate of the whole procedure, choice included, where the best row of a sweep flatters. Interrupted, it goes on from the \
      last whole epoch when it is started again.
      """)

  @OptionGroup var study: StudyOption
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let options = try network.resolve()
    try await study.locked { study in
      try TrainingSession().nested(study, options)
    }
  }
}
