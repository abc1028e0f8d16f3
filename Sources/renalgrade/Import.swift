import Annotation
import ArgumentParser
import Foundation
import Intake
import Study
import Support

struct Import: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Import CT slices, pathology and contours into a study.",
    discussion: """
      Give any of the three; they are read in that order. Slices are added to those in the study; a pathology table \
      replaces the previous one, and contours replace those of the same readers. What cannot be used is set aside with its reason: see `renalgrade status`. \
      Run it again after an interruption: it continues where it stopped. Links are followed once. It is an error if none of the \
      DICOM files can be used.
      """)

  @OptionGroup var study: StudyOption

  @Option(
    help: "A folder with DICOM files, at any depth, or a zip archive of one.", completion: .file(),
    transform: PathArgument.fileOrFolder)
  var dicom: String?

  @Option(help: "The pathology table, CSV or TSV.", completion: .file(), transform: PathArgument.file)
  var pathology: String?

  @Option(
    help: """
      The contours: a JSON export of MD.ai, a mask in NRRD or NIfTI, a DICOM segmentation or structure set, or a folder of these. Formats \
      are recognised by their contents.
      """,
    completion: .file(), transform: PathArgument.fileOrFolder)
  var contours: String?

  @Option(help: "The reader who drew the contours, unless the file is an export of MD.ai (default: import).")
  var reader: String?

  @Option(
    parsing: .upToNextOption,
    help: """
      The labels, segments or ROIs that are lesions, by number, such as 2 or 1=left (default: those named as in annotation.lesionLabels, \
      or the only one).
      """)
  var labels: [MaskLabel] = []

  @Option(
    help: ArgumentHelp(
      """
      How masks lie whose files do not state where they lie in the patient: what the file's axes count, columns,rows,slices or \
      rows,columns,slices; slices ascend along the normal (usually from the feet to the head), and -slices descend. Such a mask is laid on \
      the series that its path names, if the sizes are equal. Files that state their place ignore the option.
      """, valueName: "axes"),
    transform: ArrayAxes.init(typed:))
  var arrayAxes: ArrayAxes?

  func validate() throws {
    guard dicom != nil || pathology != nil || contours != nil else {
      throw ValidationError("Nothing to import: give --dicom, --pathology or --contours.")
    }
    guard Set(labels.map(\.value)).count == labels.count else {
      throw ValidationError("--labels names a label twice.")
    }
    guard arrayAxes == nil || contours != nil else { throw ValidationError("--array-axes requires --contours.") }
  }

  func run() async throws {
    try await study.locked { study in
      if let dicom {
        let unpacking = ProgressBar("Unpacking the archive")
        let bar = ProgressBar("Reading DICOM headers")
        let summary = try DICOMImport.run(URL(fileURLWithPath: dicom), into: study) { done, count in
          unpacking.show(done: done, of: count)
          if done == count { unpacking.finish() }
        } progress: {
          bar.show(done: $0, of: $1)
        }
        bar.finish()
        print(
          "Slices: \(summary.slices) new in \(summary.series) series; the study has \(summary.patients) patients; "
            + "\(summary.setAside) remarks.")
        if pathology == nil { for note in try DICOMImport.unmatched(in: study) { print("Note: \(note)") } }
        if summary.identityNotRemoved {
          print("Note: some files do not state that the patient's identity was removed (0012,0062).")
        }
        if let obstacle = summary.obstacle { throw StudyError(.file, "Nothing of \(dicom) was taken: \(obstacle).") }
        let settings = try study.readProtocol()
        if let problem = try study.read({ try SelectionBasis.problem(settings, $0) }) { print("Note: \(problem).") }
      }
      if let pathology {
        let summary = try PathologyImport.run(URL(fileURLWithPath: pathology), into: study)
        print(
          "Pathology: \(summary.lesions) lesions; \(summary.withoutImages) rows of patients without CT; "
            + "\(summary.setAside) remarks.")
        for note in summary.notes { print("Note: \(note)") }
        if summary.fromTableAlone > 0 {
          print("Note: the study has no images; its \(summary.fromTableAlone) patients come from the table alone.")
        }
        print(
          "Cells not understood: \(summary.notUnderstood)"
            + (summary.notUnderstood > 0 ? ", listed by `renalgrade status`." : "."))
        if summary.removedLesions > 0 {
          print("\(summary.removedLesions) lesions of the previous table were removed, with their contours and ROIs.")
        }
      }
      if let contours {
        let settings = ContourFile.Settings(reader: reader, labels: labels.byValue, arrayAxes: arrayAxes)
        let summary = try ContourFile.run(URL(fileURLWithPath: contours), settings, into: study)
        print("Contours: \(summary.contours) on \(summary.slices) slices; \(summary.setAside) remarks.")
      }
    }
  }
}

/// The number of a label, segment or ROI, and the lesion that it is.
struct MaskLabel: ExpressibleByArgument {
  let value: Int
  let lesion: String

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let value = Int(parts[0]), value > 0, parts.count == 1 || !parts[1].isEmpty else { return nil }
    self.value = value
    lesion = parts.count == 2 ? String(parts[1]) : ContourFile.unnamedLesion
  }
}

extension [MaskLabel] {
  fileprivate var byValue: [Int: String] { Dictionary(map { ($0.value, $0.lesion) }) { first, _ in first } }
}
