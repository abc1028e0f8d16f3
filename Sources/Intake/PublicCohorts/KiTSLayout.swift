import DICOM
import Foundation
import Imaging
import Support

/// What is taken of KiTS.
public struct KiTSSettings: Equatable, Sendable {
  /// The `tumor_histologic_subtype` that is taken, in any case.
  public var subtypes: [String]

  /// Clear cell carcinomas alone, unless said otherwise.
  public init(subtypes: [String] = ["clear_cell_rcc"]) { self.subtypes = subtypes }
}

/// KiTS19, KiTS21 and KiTS23: a table of patients (`kits.json`, `kits23.json`) and, per case, a folder with
/// `imaging.nii.gz` and the labels' map (`segmentation.nii.gz`, in KiTS21 `aggregated_MAJ_seg.nii.gz`).
///
/// Labels are 1 kidney, 2 tumour, 3 cyst. The table has one record per patient, so all that is labelled tumour is one
/// lesion.
struct KiTSLayout: CohortLayout {
  let name = "KiTS"
  let entries: [CohortEntry]
  private let folder: URL
  private let records: [String: KiTSRecord]
  private let settings: KiTSSettings
  /// Whether any case has images: where none was fetched, the records alone are a cohort.
  private let hasImages: Bool

  private static let tables = ["kits.json", "kits23.json", "kits21.json", "kits19.json"]
  private static let maps = ["segmentation", "aggregated_MAJ_seg"]
  private static let (kidney, tumour, cyst): (Int16, Int16, Int16) = (1, 2, 3)

  init(_ folder: URL, _ settings: KiTSSettings) throws(StudyError) {
    self.folder = folder
    self.settings = settings
    let tables = Self.tables.map { folder.appendingPathComponent($0) }
    guard let table = tables.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
      throw StudyError(
        .file,
        "\(folder.path) is not a folder of KiTS: it has no \(Self.tables.joined(separator: ", ")). "
          + "Give the folder that contains the table and the case folders")
    }
    let records = try KiTSRecord.all(at: table)
    self.records = Dictionary(records.map { ($0.caseID, $0) }) { first, _ in first }
    hasImages = records.contains { Self.file(["imaging"], of: $0.caseID, in: folder) != nil }
    entries = records.map { CohortEntry(patientID: $0.caseID, subject: $0.caseID) }.sorted { $0.subject < $1.subject }
  }

  func stamp(of entry: CohortEntry) -> [String] {
    let fields = (records[entry.patientID]?.fields ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    let files = [file(Self.maps, of: entry), file(["imaging"], of: entry)].compactMap { $0 }
    return ["\(settings) \(hasImages)"] + fields + CohortJournal.stamp(ofFiles: files)
  }

  func read(_ entry: CohortEntry, _ staging: SeriesStaging) throws -> CohortPatient {
    var patient = CohortPatient(patientID: entry.patientID)
    guard let record = records[entry.patientID] else { return patient }
    (patient.record, patient.statedGrade) = (record.attributes, record.statedGrade)
    var tumour: CohortPatient.Tumour
    do throws(PublicCohortError) {
      tumour = try record.tumour(subtypes: settings.subtypes)
    } catch {
      patient.remark(.pathology, excludes: true, error.description)
      return patient
    }
    let labels = try volume(Self.maps, of: entry)
    let outline = try labels.map { labels throws(PublicCohortError) in try MaskOutline(labels, label: Self.tumour) }
    if let labels { tumour = tumour.adding(measures(labels)) }
    patient.tumour = tumour
    guard let imaging = file(["imaging"], of: entry) else {
      patient.remark(
        .dicom, excludes: hasImages,
        "imaging.nii.gz is not in the case's folder; download it with the challenge's own script, then import again")
      return patient
    }
    guard let labels, let outline else {
      patient.remark(.contours, excludes: true, "the case has no label map, so its tumour is not outlined")
      return patient
    }
    let identity = SeriesIdentity(cohort: name, patientID: entry.patientID, phase: "imaging", space: "imaging")
    if !staging.isHeld(identity, slices: labels.grid.slices) {
      let volume = try NIfTIFile.volume(at: imaging)
      guard volume.grid.agrees(with: labels.grid) else {
        throw PublicCohortError("imaging and labels have different voxel grids; download both again")
      }
      var header = record.header
      header[.seriesDescription] = "contrast-enhanced"
      try staging.write(volume, identity, header: header)
    }
    patient.contours = outline.contours(identity)
    return patient
  }

  private func file(_ stems: [String], of entry: CohortEntry) -> URL? {
    Self.file(stems, of: entry.patientID, in: folder)
  }

  private static func file(_ stems: [String], of caseID: String, in folder: URL) -> URL? {
    stems.flatMap { ["\($0).nii.gz", "\($0).nii"] }
      .map { folder.appendingPathComponent(caseID).appendingPathComponent($0) }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }

  private func volume(_ stems: [String], of entry: CohortEntry) throws(PublicCohortError) -> Volume? {
    guard let url = file(stems, of: entry) else { return nil }
    return try NIfTIFile.volume(at: url)
  }

  /// The labels' volumes in cubic millimetres, as columns of the pathology table.
  private func measures(_ labels: Volume) -> [String: String] {
    let counts = labels.counts(of: [Self.kidney, Self.tumour, Self.cyst])
    let names = [Self.kidney: "kidney_mm3", Self.tumour: "tumor_mm3", Self.cyst: "cyst_mm3"]
    var measures: [String: String] = [:]
    for (label, count) in counts {
      guard let name = names[label] else { continue }
      measures[name] = String(format: "%.1f", Double(count) * labels.grid.voxelVolume)
    }
    return measures
  }
}
