import ArgumentParser
import Foundation
import Phantom

struct PhantomCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "phantom", abstract: "Make a cohort of virtual patients: DICOM, contours and pathology.",
    discussion: "Virtual patients prove the engine and the statistics, never the medicine.")

  @Argument(help: "The folder to make.", completion: .directory)
  var folder: String

  @Option(help: "How many low-grade patients.")
  var low = 26

  @Option(help: "How many high-grade patients.")
  var high = 14

  @Option(help: "The same seed gives the same bytes.")
  var seed: UInt64 = 1

  @Option(help: "How strongly grade shows in the images; 0 is not at all.")
  var signal = 1.0

  @Option(help: "Slices beyond the tumour on either side (default: the whole of both kidneys).")
  var margin: Int?

  func run() throws {
    let bar = ProgressBar("Virtual patients")
    var settings = PhantomSettings()
    settings.lowGradeCount = low
    settings.highGradeCount = high
    settings.seed = seed
    settings.signal = signal
    settings.margin = margin
    let cohort = PhantomCohort(settings)
    try cohort.write(to: URL(fileURLWithPath: folder)) { bar.show(done: $0, of: $1) }
    bar.finish()
    print("Wrote \(low + high) virtual patients to \(folder).")
  }
}
