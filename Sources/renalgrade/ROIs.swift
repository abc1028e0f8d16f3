import ArgumentParser
import Foundation
import ROI
import Study

struct ROIs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rois", abstract: "Make the crops that the network sees, and show them.",
    subcommands: [Build.self, Montage.self])

  struct Build: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make the ROIs from slices and contours.")

    @OptionGroup var study: StudyOption

    func run() async throws {
      try await study.locked { study in
        let bar = ProgressBar("Making ROIs")
        let summary = try ROIBuild.run(study) { bar.show(done: $0, of: $1) }
        bar.finish()
        print(
          "ROIs: \(summary.rois) of \(summary.lesions) lesions in \(summary.patients) patients; \(summary.setAside) remarks."
        )
        if summary.unfinished > 0 {
          print(
            "Note: the outlines of \(summary.unfinished) exam\(summary.unfinished == 1 ? "" : "s") come from cases that are still open "
              + "and are used as they are now. When the readers have finished them, run this command again.")
        }
      }
    }
  }

  struct Montage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Write a picture of what the network will see.")

    @OptionGroup var study: StudyOption

    @Option(
      name: .shortAndLong, help: "The SVG file (default: reports/montage.svg in the study).", completion: .file(),
      transform: PathArgument.outputFile)
    var output: String?

    func validate() throws {
      guard output.map({ $0.lowercased().hasSuffix(".svg") }) ?? true else {
        throw ValidationError("The picture is an SVG file: give it a name that ends in .svg.")
      }
    }

    func run() throws {
      let study = try study.open()
      let url = output.map { URL(fileURLWithPath: $0) } ?? study.reportsFolder.appendingPathComponent("montage.svg")
      let montage = try ROIMontage(ROISet(study))
      try montage.write(to: url)
      // The first sentence says what is shown; the rest lists every patient, for readers who cannot see the picture.
      print("Wrote \(url.path). \(montage.text.prefix { $0 != "." }).")
    }
  }
}
