public import ArgumentParser
import Foundation
import Intake
import Study
import Support

struct CohortImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take a published cohort into a study: CT slices, grades and contours.",
    discussion: """
      rmac: UCSF RMaC, one HDF5 file per patient and phase_reg_key.csv. \
      kits: KiTS19, KiTS21 or KiTS23, the table of patients and one folder per case. \
      tcia: a collection of The Cancer Imaging Archive, DICOM with segmentations, and a clinical table. \
      An import that was cut short goes on where it was. The cohort's grades and contours replace those that the study has. \
      Who cannot be taken, or has another tumour, is set aside with the reason: see `renalgrade status`.
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
      "rmac: a phase that may carry the contours, in order of preference; repeat it.",
      valueName: "noncon|arterial|portven|delay"))
  var phase: [RMaCSettings.Phase] = [.arterial, .portven]

  @Flag(help: "rmac: leave out masks that are bounding boxes.")
  var withoutBoxes = false

  @Flag(help: "rmac: take only the phase that carries the contours, for want of disk space.")
  var onlyContouredPhase = false

  @Option(help: "A subtype that is taken, as the cohort writes it; repeat it. Clear cell where none is given.")
  var subtype: [String] = []

  @Option(
    help: "tcia: the clinical table, CSV or TSV by the protocol's pathology columns, or KiTS's kits.json.",
    completion: .file(), transform: PathArgument.file)
  var clinical: String?

  @Option(help: "tcia: the clinical table's column with the subtype.")
  var subtypeColumn: String?

  @Option(
    help: ArgumentHelp(
      "tcia: how the table's patients begin, and how the images' do: case_=KiTS- for C4KC-KiTS.",
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
