import ArgumentParser
import Foundation
import Study

struct NestedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nested",
    abstract: "Cross-validate with the batch size, backbone or protocol of each fold chosen without its patients.",
    discussion: """
      For each fold an inner cross-validation of the other patients chooses among the protocol's batch sizes, and those of the \
      protocols given with --protocol: what results is the estimate of the whole procedure, choice included, where the best row of \
      a table flatters. Interrupted, it goes on from the last whole epoch when it is started again.
      """)

  @OptionGroup var study: StudyOption
  @OptionGroup var network: NetworkOptions

  @Option(
    name: .customLong("protocol"),
    help: "Another protocol to choose among, such as one with another backbone; may be repeated.", completion: .file())
  var protocols: [String] = []

  func run() async throws {
    let options = try network.resolve()
    let alternatives = try protocols.map { try StudyProtocol(contentsOf: URL(fileURLWithPath: $0)) }
    try await study.locked { study in
      try TrainingSession().nested(study, among: alternatives, options)
    }
  }
}
