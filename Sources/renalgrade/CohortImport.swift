public import ArgumentParser
import Foundation
import Intake
import Study
import Support

struct CohortImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Import a published cohort into a study: CT slices, grades and contours.",
    discussion: """
      rmac: UCSF RMaC, one HDF5 file per patient and phase_reg_key.csv. \
      kits: KiTS19, KiTS21 or KiTS23, the table of patients and one folder per case. \
      tcia: a collection of The Cancer Imaging Archive, DICOM with segmentations, and a clinical table. \
      Run it again after an interruption: it continues where it stopped. The cohort's grades and contours replace those in the \
      study. Patients who cannot be used, or who have another type of tumour, are set aside with the reason: see `renalgrade status`.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case rmac
    case kits
    case tcia
  }

  @OptionGroup var study: StudyOption

  @Option(help: "The cohort's layout.")
  var format: Format

  @Argument(
    help: "The folder that the cohort was downloaded to.", completion: .directory, transform: PathArgument.folder)
  var folder: String

  @Option(
    help: ArgumentHelp(
      "rmac: a phase that may carry the contours, in order of preference; may be repeated.",
      valueName: "noncon|arterial|portven|delay"))
  var phase: [RMaCSettings.Phase] = [.arterial, .portven]

  @Flag(help: "rmac: ignore masks that are bounding boxes.")
  var withoutBoxes = false

  @Flag(help: "rmac: import only the phase that carries the contours, to save disk space.")
  var onlyContouredPhase = false

  @Option(help: "A subtype to include, as the cohort writes it; may be repeated (default: clear cell).")
  var subtype: [String] = []

  @Option(
    help: "tcia: the clinical table, CSV or TSV with the protocol's pathology columns, or KiTS's kits.json.",
    completion: .file(), transform: PathArgument.file)
  var clinical: String?

  @Option(help: "tcia: the clinical table's column with the subtype.")
  var subtypeColumn: String?

  @Option(
    help: ArgumentHelp(
      "tcia: the prefix of patient IDs in the table, and the one in the images: case_=KiTS- for C4KC-KiTS.",
      valueName: "table=images"))
  var patientPrefix: TCIASettings.PatientPrefix?

  func validate() throws {
    if format == .tcia, clinical == nil { throw ValidationError("--format tcia needs --clinical TABLE.") }
    if subtypeColumn != nil, subtype.isEmpty { throw ValidationError("--subtype-column needs --subtype as well.") }
  }

  func run() async throws {
    let source = URL(fileURLWithPath: folder)
    try await study.locked { study in
      let bar = ProgressBar("Reading patients")
      let summary: CohortImport.Summary
      switch format {
      case .rmac:
        var settings = RMaCSettings(
          contouredPhases: phase, takesBoxes: !withoutBoxes, onlyContouredPhase: onlyContouredPhase)
        if !subtype.isEmpty { settings.subtypes = subtype }
        summary = try CohortImport.rmac(source, settings: settings, into: study) { bar.show(done: $0, of: $1) }
      case .kits:
        var settings = KiTSSettings()
        if !subtype.isEmpty { settings.subtypes = subtype }
        summary = try CohortImport.kits(source, settings: settings, into: study) { bar.show(done: $0, of: $1) }
      case .tcia:
        summary = try CohortImport.tcia(
          source, clinical: URL(fileURLWithPath: clinical ?? ""),
          settings: TCIASettings(subtypeColumn: subtypeColumn, subtypes: subtype, patientPrefix: patientPrefix),
          into: study
        ) { bar.show(done: $0, of: $1) }
      }
      bar.finish()
      print(
        "Patients: \(summary.lesions) of \(summary.patients) taken; \(summary.slices) new slices; "
          + "\(summary.contours) contours; \(summary.setAside) remarks.")
      if let obstacle = summary.obstacle {
        throw StudyError(.file, "No image of \(folder) was taken: \(obstacle).")
      }
      guard summary.lesions > 0 else {
        throw StudyError(
          .file,
          "None of the \(summary.patients) patients of \(folder) was taken; `renalgrade status` lists the reasons.")
      }
    }
  }
}

extension RMaCSettings.Phase: ExpressibleByArgument {}

extension TCIASettings.PatientPrefix: ExpressibleByArgument {
  init?(argument: String) { self.init(argument) }
}
