import Imaging
import Annotation
import DICOM
public import Foundation
import GRDB
import Imaging
public import Study
import Support

extension CohortImport {
  /// Imports a collection in the layout of The Cancer Imaging Archive: DICOM files at any depth, among them the
  /// segmentations, and a clinical table by the protocol's `pathology` columns, or `kits.json`.
  ///
  /// The table has one record per patient, so all that is segmented as tumour is one lesion. `progress` is told the
  /// numbers of DICOM files done and found.
  /// - Throws: `StudyError` where folder or table cannot be read, or the study not be written.
  public static func tcia(
    _ folder: URL, clinical: URL, settings: TCIASettings = TCIASettings(), into study: StudyFolder,
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws -> Summary {
    guard (try? folder.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true else {
      throw StudyError(.file, "\(folder.path) is not a folder; unpack the collection and give the folder")
    }
    // Segmentations are read again after the import, by the paths that remarks call them.
    let aliases = study.url.appendingPathComponent(SliceCopying.cohortScratchName)
    let mapping = try study.readProtocol().pathology
    let records = try ClinicalTable(clinical, mapping, settings).patients
    var summary = Summary(patients: records.count)
    let images = try DICOMImport.run(folder, into: study, progress: progress)
    summary.slices = images.slices
    summary.obstacle = images.obstacle
    let table = try writeTables(records, mapping, in: study)
    summary.lesions = try PathologyImport.run(table, into: study).lesions
    var slices = try StudySlices(study)
    var remarks: [(subject: String, patient: CohortPatient)] = []
    let taken = Set(records.filter { $0.tumour != nil }.map { Identifier($0.patientID) })
    var outlines = SegmentationOutlines(settings)
    var read: [String] = []
    defer { try? FileManager.default.removeItem(at: aliases) }
    let files = try FolderListing(folder, aliases: aliases).files
    let urls = Dictionary(files.map { ($0.path, $0.url) }) { first, _ in first }
    for path in try unreadPaths(of: folder, in: study) {
      guard let url = urls[path], SegmentationFile.isSegmentation(url) else { continue }
      read.append(path)
      var patient = CohortPatient(patientID: "")
      do throws(DICOMError) {
        let segmentation = try SegmentationFile(url)
        patient = CohortPatient(patientID: segmentation.patientID)
        // What is said of the others already suffices.
        guard taken.contains(Identifier(patient.patientID)) else { continue }
        try outlines.add(segmentation, &slices, &patient)
      } catch {
        patient.remark(.contours, excludes: !patient.patientID.isEmpty, error.problem)
      }
      remarks.append((path, patient))
    }
    summary.contours = try importContours(outlines.contours, source: "segmentations", into: study)
    try forget(read, of: folder, in: study)
    let known = Set(slices.patientIDs.map(Identifier.init))
    remarks += records.filter { known.contains(Identifier($0.patientID)) }.map { (clinical.lastPathComponent, $0) }
    try list(remarks, source: "\(folder.path) segmentations", mapping, in: study)
    summary.setAside = try study.setAside().count
    return summary
  }

  /// The files that gave no CT slice, as paths below the folder.
  private static func unreadPaths(of folder: URL, in study: StudyFolder) throws(StudyError) -> [String] {
    try study.setAside().filter { $0.stage == .dicom && $0.source == folder.path && $0.patientCode == nil }
      .map(\.subject).sorted()
  }

  /// A segmentation that was read is nothing to remark on.
  private static func forget(_ paths: [String], of folder: URL, in study: StudyFolder) throws(StudyError) {
    let source = folder.path
    try study.write { database in
      for path in paths {
        try SetAside.filter(
          Column("stage") == SetAside.Stage.dicom.rawValue && Column("source") == source && Column("subject") == path
        ).deleteAll(database)
      }
    }
  }
}
