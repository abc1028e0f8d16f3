import ArgumentParser
import Foundation
import Phantom

struct CohortHospital: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hospital",
    abstract: "Make a virtual hospital: CT series and a clinical table, with the faults of real ones.",
    discussion: """
      truth.json lists the faults and findings that were planted. Virtual patients test the software; they say nothing about \
      real patients.
      """)

  @Argument(help: "The folder to make.", completion: .directory, transform: PathArgument.outputFolder)
  var folder: String

  @Option(help: "How many patients.")
  var patients = 120

  @Option(help: "The random seed; the same seed gives identical files.")
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
