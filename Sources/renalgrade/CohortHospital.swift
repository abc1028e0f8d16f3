import ArgumentParser
import Foundation
import Phantom

struct CohortHospital: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hospital",
    abstract: "Make a virtual hospital: CT series and a clinical table, kept as badly as real ones.",
    discussion: "truth.json tells what was planted. Virtual patients prove the engine, never the medicine.")

  @Argument(help: "The folder to make.", completion: .directory, transform: PathArgument.outputFolder)
  var folder: String

  @Option(help: "How many patients.")
  var patients = 120

  @Option(help: "The same seed gives the same bytes.")
  var seed: UInt64 = 1

  func run() throws {
    var settings = HospitalSettings()
    settings.patients = patients
    settings.seed = seed
    let bar = ProgressBar("Virtual patients")
    let truth = try PhantomHospital(settings).write(to: URL(fileURLWithPath: folder)) { bar.show(done: $0, of: $1) }
    bar.finish()
    print("Wrote \(truth.patients.count) virtual patients with \(truth.series.count) series to \(folder).")
  }
}
