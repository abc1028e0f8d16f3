import ArgumentParser
import Foundation
import Study

struct NestedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nested",
    abstract: "Cross-validate, choosing the batch size, backbone or learner of each fold without its patients.",
    discussion: """
      For each fold, an inner cross-validation of the other patients chooses among the batch sizes of the study's protocol and of \
      the protocols given as --protocol. The result estimates the whole procedure, including the choice, whereas the best row of a \
      table is optimistic. Run it again after an interruption: it continues from the last complete epoch.
      """)

  @OptionGroup var study: StudyOption
  @OptionGroup var network: NetworkOptions

  @Option(
    name: .customLong("protocol"),
    help: "Another protocol to choose among, such as one with another backbone; may be repeated.", completion: .file(),
    transform: PathArgument.file)
  var protocols: [String] = []

  func run() async throws {
    let alternatives = try protocols.map { try StudyProtocol(contentsOf: URL(fileURLWithPath: $0)) }
    try await study.locked { study in
      let own = try study.readProtocol().network
      guard network.weights == nil || own?.initialisation == .imagenet else {
        throw ValidationError("--weights is for a network that starts from weights: the study's protocol has none.")
      }
      let options = network.resolve(weightsFor: alternatives.isEmpty ? nil : own?.backbone)
      try TrainingSession().nested(study, among: alternatives, options)
    }
  }
}
