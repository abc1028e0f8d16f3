import Annotation
import DICOM
import Foundation
import Imaging
import Study
import Support

/// UCSF RMaC: one HDF5 file per patient, `<PID>.hdf5`, and `phase_reg_key.csv`.
///
/// The layout is that of the data set's own description and of the scripts that made it
/// (github.com/LarsonLab/UCSF-RMaC).
struct RMaCLayout: CohortLayout {
  let name = "UCSF RMaC"
  let entries: [CohortEntry]
  private let folder: URL
  private let key: RMaCKey
  private let settings: RMaCSettings
  /// Why a file cannot be opened, by its name as it is printed.
  private let unreadable: [String: String]

  init(_ folder: URL, _ settings: RMaCSettings) throws(StudyError) {
    self.folder = folder
    self.settings = settings
    let listing = try FolderListing(folder, aliases: nil)
    // The files that cannot be opened are patients too.
    unreadable = Dictionary(listing.failures.map { ($0.relativePath, $0.reason) }) { first, _ in first }
    let names = listing.files.map(\.path) + unreadable.keys
    let files = names.filter { name in
      !name.contains("/") && [".hdf5", ".h5"].contains { name.lowercased().hasSuffix($0) }
    }
    let table = folder.appendingPathComponent("phase_reg_key.csv")
    guard !files.isEmpty, FileManager.default.fileExists(atPath: table.path) else {
      throw StudyError(
        .file,
        "\(folder.path) is not a folder of UCSF RMaC: expected phase_reg_key.csv and one .hdf5 file per patient, found "
          + "\(files.count) such files and \(names.contains(table.lastPathComponent) ? "the" : "no") key")
    }
    key = try RMaCKey(table)
    entries = files.sorted().map { name in
      let stem = URL(fileURLWithPath: name).deletingPathExtension().lastPathComponent
      return CohortEntry(patientID: stem.trimmingCharacters(in: .whitespaces), subject: name)
    }
  }

  func stamp(of entry: CohortEntry) -> [String] {
    let table = folder.appendingPathComponent("phase_reg_key.csv")
    return ["\(settings)"] + CohortJournal.stamp(ofFiles: [table, folder.appendingPathComponent(entry.subject)])
  }

  func read(_ entry: CohortEntry, _ staging: SeriesStaging) throws -> CohortPatient {
    if let reason = unreadable[entry.subject] { throw PublicCohortError(reason) }
    let file = try RMaCFile(folder.appendingPathComponent(entry.subject))
    let record = try RMaCRecord(file)
    if let stated = record.patientID, stated != entry.patientID {
      throw PublicCohortError("the attribute PID is not the file's name; one of the two is wrong")
    }
    guard let status = try key.status(of: entry.patientID) else {
      throw PublicCohortError(
        "phase_reg_key.csv has no row for this patient, so nothing says which volumes are registered")
    }
    var patient = CohortPatient(patientID: entry.patientID)
    (patient.record, patient.statedGrade) = (record.attributes, record.grade)
    let tumour: CohortPatient.Tumour
    do throws(PublicCohortError) {
      tumour = try record.tumour(subtypes: settings.subtypes)
    } catch {
      patient.remark(.pathology, excludes: true, error.description)
      return patient
    }
    let volumes = try presentVolumes(file, status, &patient)
    let mask = try file.mask()
    guard let carrier = try carrier(volumes, mask.grid, file, &patient) else { return patient }
    let outline = try MaskOutline(mask)
    guard settings.takesBoxes || !outline.isBox else {
      patient.remark(.contours, excludes: true, "the mask is a bounding box, not an outline, and boxes are excluded")
      return patient
    }
    for volume in volumes where volume.phase == carrier || !settings.onlyContouredPhase {
      do {
        try write(volume, record, file, staging, &patient)
      } catch let error as PublicCohortError where volume.phase != carrier {
        patient.remark(.dicom, "the volume \(volume.phase.rawValue) is not imported: \(error)")
      }
    }
    patient.contours = outline.contours(identity(patient.patientID, (carrier, .registered)))
    patient.tumour = tumour.adding(outline.attributes).adding(["mask_phase": carrier.rawValue])
    return patient
  }

  private typealias PresentVolume = (phase: RMaCSettings.Phase, status: RMaCKey.Status)

  /// The volumes that the file and the key both have; what only one of them has is remarked on.
  private func presentVolumes(
    _ file: RMaCFile, _ status: [RMaCSettings.Phase: RMaCKey.Status], _ patient: inout CohortPatient
  ) throws(PublicCohortError) -> [PresentVolume] {
    var present: [PresentVolume] = []
    for phase in RMaCSettings.Phase.allCases {
      let stated = status[phase] ?? .absent
      let isThere = try file.has(phase.rawValue)
      if isThere != (stated != .absent) {
        patient.remark(
          .dicom,
          isThere
            ? "phase_reg_key.csv says that there is no volume \(phase.rawValue), but the file has one; it is not imported"
            : "the file lacks the volume \(phase.rawValue), which phase_reg_key.csv lists")
      } else if isThere {
        present.append((phase, stated))
      }
    }
    return present
  }

  /// The phase that carries the contours: the first in the order of preference on whose voxels the mask lies.
  private func carrier(
    _ volumes: [PresentVolume], _ mask: AxialGrid, _ file: RMaCFile, _ patient: inout CohortPatient
  ) throws(PublicCohortError) -> RMaCSettings.Phase? {
    for phase in settings.contouredPhases {
      guard volumes.contains(where: { $0.phase == phase && $0.status == .registered }) else { continue }
      if try file.grid(phase.rawValue, isRegistered: true).agrees(with: mask) { return phase }
      patient.remark(
        .contours,
        "the volume \(phase.rawValue) is listed as registered, but its voxels differ from the mask; no contours on it")
    }
    let wanted = settings.contouredPhases.map(\.rawValue).joined(separator: ", ")
    patient.remark(
      .contours, excludes: true,
      "the mask is on the unenhanced volume, and no phase that may carry contours (\(wanted)) is present and "
        + "registered to it")
    return nil
  }

  private func write(
    _ present: PresentVolume, _ record: RMaCRecord, _ file: RMaCFile, _ staging: SeriesStaging,
    _ patient: inout CohortPatient
  ) throws {
    let name = present.phase.rawValue
    if present.status == .unregistered {
      patient.remark(
        .contours, "the volume \(name) is not registered, so the mask does not apply to it: no contours on it")
    }
    let identity = identity(patient.patientID, present)
    let isRegistered = present.status == .registered
    if staging.isHeld(identity, slices: try file.grid(name, isRegistered: isRegistered).slices) {
      patient.isHeld = true
      return
    }
    let volume = try file.volume(name, isRegistered: isRegistered)
    if volume.notFiniteCount > 0 {
      patient.remark(.dicom, "\(volume.notFiniteCount) voxels of the volume \(name) are not numbers; read as air")
    }
    var header = record.header
    header[.seriesDescription] = present.phase.description
    header[.seriesNumber] = "\((RMaCSettings.Phase.allCases.firstIndex(of: present.phase) ?? 0) + 1)"
    try staging.write(volume, identity, header: header)
  }

  private func identity(_ patientID: String, _ volume: PresentVolume) -> SeriesIdentity {
    SeriesIdentity(
      cohort: name, patientID: patientID, phase: volume.phase.rawValue,
      space: volume.status == .registered ? RMaCSettings.Phase.noncon.rawValue : volume.phase.rawValue)
  }
}
