import Analysis
import ArgumentParser
import Experiment
import Foundation
import Report
import Study

struct RivalsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rivals",
    abstract: "Compare several systems on the same patients and folds.",
    discussion: """
      Each protocol of Protocols/rivals, or of the folder given as --protocols, is cross-validated in the folds of the study: who is \
      in it, the outlines, the ROIs, the folds and the evaluation are those of the study's own protocol. Each becomes a run, and \
      reports/rivals/rivals.html compares them with the reference. A rival that cannot be fitted is listed with the reason. Run it \
      again after an interruption, or with further rivals: complete runs are not repeated.
      """)

  @OptionGroup var study: StudyOption
  @OptionGroup var network: NetworkOptions

  @Option(help: "The rivals to compare, separated by commas (default: all).")
  var only: String?

  @Option(help: "The rival that the others are compared with; name it before you know the results.")
  var reference = "dai"

  @Option(
    help: "A folder with the protocols to compare (default: those of Protocols/rivals, which are built in).",
    completion: .directory, transform: PathArgument.folder)
  var protocols: String?

  @Option(help: "Train every network for this number of epochs (default: as each protocol says).")
  var epochs: Int?

  @Option(help: "The non-inferiority margin: the largest loss at which a rival is still called no worse.")
  var margin = 0.05

  @Flag(help: "Also estimate what choosing the best rival would give, with inner folds; takes several times as long.")
  var nested = false

  func validate() throws {
    guard margin > 0, margin < 1 else { throw ValidationError("The margin must be above 0 and below 1.") }
    guard (epochs ?? 1) >= 1 else { throw ValidationError("--epochs must be at least 1, found \(epochs ?? 0)") }
    guard network.shuffleLabels == nil else {
      throw ValidationError("--shuffle-labels cannot be combined with rivals: use `renalgrade controls` on a run.")
    }
  }

  func run() async throws {
    let names = only?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    let rivals = try RivalProtocols.read(from: protocols.map { URL(fileURLWithPath: $0) }, only: names)
    guard rivals.contains(where: { $0.name == reference }) else {
      throw ValidationError(
        "The reference \(reference) is not among the rivals \(rivals.map(\.name).joined(separator: ", ")); name one of them with "
          + "--reference.")
    }
    try await study.locked { study in
      // A file of weights is for the backbone of the study's own protocol.
      let own = try study.readProtocol()
      let options = network.resolve(weightsFor: own.network?.backbone ?? "resnet50")
      let session = TrainingSession()
      try session.rivals(
        Rivals(
          study, protocol: own, rivals: rivals, epochs: epochs, learners: options.learners, progress: session.show),
        of: study, reference: reference, margin: margin, isNested: nested, options)
    }
  }
}
