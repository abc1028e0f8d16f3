public import ArgumentParser
import Foundation
import ROI
public import Study

struct ContoursCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contours",
    abstract: "Carry outlines to other phases of an exam, export them, or remove them.",
    subcommands: [Carry.self, Confirm.self, Drop.self, Export.self, Remove.self])

  /// The table that `carry` and `confirm` write.
  static func table(of study: StudyFolder) -> URL {
    study.reportsFolder.appendingPathComponent("carried-outlines.csv")
  }

  struct Carry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Carry the drawn outlines to the other phases of each exam.",
      discussion: """
        Each lesion is carried by its place in the patient, corrected by a rigid shift of up to 15 mm along each axis: the one with the \
        highest normalised cross-correlation of the lesion's surroundings. Nothing is carried to a phase in which the same reader \
        outlined the lesion. A score below 0.7, a shift at the edge of the search, or an outline that lies partly beyond the other \
        series is poor: the outline is not used until you confirm it with `renalgrade contours confirm`.

        The shifts and scores are written to reports/carried-outlines.csv. Outlines that were carried before are replaced. Carried \
        outlines remain those of their reader. They are used where a protocol names phases (inputs.phases, radiomics.phases), and \
        nowhere else. Run `renalgrade rois build` afterwards. The phase of each series must be known (`renalgrade cohort select`).
        """)

    @OptionGroup var study: StudyOption

    @Option(parsing: .upToNextOption, help: "The phases to carry to (default: all).")
    var phases: [Phase] = []

    func run() async throws {
      try await study.locked { study in
        let bar = ProgressBar("Carrying outlines")
        let summary = try ContourCarrying.run(study, to: phases) { bar.show(done: $0, of: $1) }
        bar.finish()
        let file = ContoursCommand.table(of: study)
        try CarriedOutlines.write(study, to: file)
        print(
          "Carried outlines: \(summary.used) are used, \(summary.poor) need confirmation, \(summary.failed) could not be carried; see "
            + "\(file.path).")
      }
    }
  }

  struct Confirm: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Confirm carried outlines that were flagged as poor, so that they are used.",
      discussion: "Look at them first, for example in a viewer at the shift that reports/carried-outlines.csv states.")

    @OptionGroup var study: StudyOption

    @Argument(help: "The outlines, each as PATIENT/LESION or PATIENT/LESION/PHASE.")
    var names: [String]

    func run() async throws {
      try await study.locked { study in
        let confirmed = try ContourCarrying.confirm(names, in: study)
        try CarriedOutlines.write(study, to: ContoursCommand.table(of: study))
        print(
          confirmed == 0
            ? "None of these outlines needs confirmation."
            : "Confirmed \(confirmed) carried outlines. Now run `renalgrade rois build`.")
      }
    }
  }

  struct Drop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove all carried outlines; drawn outlines stay.")

    @OptionGroup var study: StudyOption

    func run() async throws {
      try await study.locked { study in
        print("Removed \(try ContourCarrying.drop(from: study)) carried outlines.")
      }
    }
  }
}

extension Phase: ExpressibleByArgument {}
