public import ArgumentParser
import Foundation
public import Intake
import Study
import Support

extension ContoursCommand {
  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Write the outlines for other programs: MD.ai, NRRD, NIfTI, DICOM SEG, DICOM RTSTRUCT, KiTS-like masks.",
      discussion: """
        Each reader's outlines are written as they were drawn; carried outlines and hidden repeats are not. mdai is one file, \
        contours.json. The other formats have one file for each reader, patient and series: READER/PATIENT/SERIES-UID with .seg.nrrd, \
        .nii.gz or .dcm. masks are READER/PATIENT/segmentation.nii.gz, in which 2 is tumour as in KiTS; there, all lesions of a patient \
        are one. `renalgrade import --contours` reads all of them. What a format cannot express is not written, and the reason is printed.

        The files contain the study's codes for patients and the DICOM UIDs of their images, and no other identity.
        """)

    @OptionGroup var study: StudyOption

    @Option(help: "The format.")
    var format: ContourExport.Format

    @Option(parsing: .upToNextOption, help: "The readers (default: all).")
    var reader: [String] = []

    @Option(parsing: .upToNextOption, help: "Only outlines on series of these phases (default: all).")
    var phase: [Phase] = []

    @Option(name: .shortAndLong, help: "The folder to write to.", transform: PathArgument.outputFolder)
    var output: String

    func run() async throws {
      let folder = URL(fileURLWithPath: output)
      let summary = try ContourExport.run(study.open(), as: format, readers: reader, phases: phase, to: folder)
      print("Wrote \(summary.files.count) file\(summary.files.count == 1 ? "" : "s") to \(folder.path).")
      for refusal in summary.refused { print("Not written: \(refusal).") }
      if summary.files.isEmpty { throw StudyError(.file, "nothing could be written as \(format.rawValue)") }
    }
  }
}

extension ContourExport.Format: ExpressibleByArgument {}
