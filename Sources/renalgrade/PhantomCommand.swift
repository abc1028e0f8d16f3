public import ArgumentParser
import Foundation
public import Phantom

struct PhantomCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "phantom", abstract: "Make a cohort of virtual patients: DICOM, contours and pathology.",
    discussion: "Virtual patients test the software and the statistics; they say nothing about real patients.")

  @Argument(help: "The folder to make.", completion: .directory, transform: PathArgument.outputFolder)
  var folder: String

  @Option(help: "How many low-grade patients.")
  var low = 26

  @Option(help: "How many high-grade patients.")
  var high = 14

  @Option(help: "The random seed; the same seed gives identical files.")
  var seed: UInt64 = 1

  @Option(help: "How strongly the images depend on the grade; 0 means not at all.")
  var signal = 1.0

  @Option(
    help: """
      What depends on the grade: everything, or only the texture, the shape, or the enhancement, which takes two phases to see; \
      for nothing at all, use --signal 0.
      """)
  var signalIn = PhantomSettings.SignalSource.everything

  @Option(help: "Slices beyond the annotated ones on each side (default: both kidneys from pole to pole).")
  var margin: Int?

  @Option(help: "The maximum number of annotated slices per lesion, around its largest section (default: all).")
  var annotatedSlices: Int?

  @Option(
    help: """
      Add a second reader whose outlines wander from the tumour's edge by this standard deviation in mm, besides a reader's usual \
      unsteadiness (default: one reader).
      """)
  var secondReader: Double?

  @Option(parsing: .upToNextOption, help: "The phases to make (default: all four).")
  var phases = ContrastPhase.allCases

  func run() throws {
    var settings = PhantomSettings()
    settings.lowGradePatients = low
    settings.highGradePatients = high
    settings.seed = seed
    settings.signal = signal
    settings.signalIn = signalIn
    settings.phases = phases
    settings.maximumAnnotatedSlices = annotatedSlices
    settings.secondReaderWobble = secondReader
    if let margin { settings.coverage = .annotated(margin: margin) }
    let bar = ProgressBar("Virtual patients")
    let summary = try PhantomCohort(settings).write(to: URL(fileURLWithPath: folder)) { bar.show(done: $0, of: $1) }
    bar.finish()
    print(
      "Wrote \(summary.patients) virtual patients with \(summary.lesions) tumours to \(folder): \(summary.images) slices, "
        + "\(summary.contours) contours. All of it is synthetic.")
  }
}

extension ContrastPhase: ExpressibleByArgument {}
extension PhantomSettings.SignalSource: ExpressibleByArgument {}
