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
      throw StudyError(.file, "\(folder.path) is no folder; unpack the collection and give the folder")
    }
    let mapping = try study.readProtocol().pathology
    let records = try ClinicalTable(clinical, mapping, settings).patients
    var summary = Summary(patients: records.count)
    summary.slices = try DICOMImport.run(folder, into: study, progress: progress).slices
    let table = try writeTables(records, mapping, in: study)
    summary.lesions = try PathologyImport.run(table, into: study).lesions
    var slices = try StudySlices(study)
    var remarks: [(subject: String, patient: CohortPatient)] = []
    let taken = Set(records.filter { $0.tumour != nil }.map { Identifier($0.patientID) })
    var outlines = SegmentationOutlines(settings)
    var read: [String] = []
    for path in try unreadPaths(of: folder, in: study) {
      let url = folder.appendingPathComponent(path)
      guard SegmentationFile.isSegmentation(url) else { continue }
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

/// The study's slices by what a segmentation calls them.
struct StudySlices {
  private let study: StudyFolder
  private let byInstance: [String: [SlicePlace]]
  private let bySeries: [String: [SlicePlace]]
  private var headers: [String: CTAttributes] = [:]

  init(_ study: StudyFolder) throws(StudyError) {
    self.study = study
    let slices = try study.read { try SlicePlace.all($0) }
    byInstance = Dictionary(grouping: slices, by: \.sopInstanceUID)
    bySeries = Dictionary(grouping: slices, by: \.seriesInstanceUID)
  }

  var patientIDs: Set<String> { Set(byInstance.values.joined().map(\.patientID)) }

  /// The slice that a frame names or, where it names none, that lies where the frame does.
  mutating func slice(of frame: SegmentationFile.Frame, series: String?) throws(DICOMError) -> SlicePlace? {
    if let uid = frame.sopInstanceUID {
      return byInstance[uid]?.first { $0.frame == frame.sourceFrame ?? 0 }
    }
    guard let series, let position = frame.position else { return nil }
    for slice in bySeries[series] ?? [] {
      let found = try header(slice).imagePosition
      if let found, (found - position).length < 0.1 { return slice }
    }
    return nil
  }

  /// Whether the frame's pixels are the slice's.
  mutating func agrees(_ slice: SlicePlace, with frame: SegmentationFile.Frame) throws(DICOMError) -> Bool {
    let header = try header(slice)
    func differ(_ a: SIMD3<Double>?, _ b: SIMD3<Double>?, by limit: Double) -> Bool {
      guard let a, let b else { return false }
      return (a - b).length > limit
    }
    if differ(header.imagePosition, frame.position, by: 0.1) { return false }
    if differ(header.rowDirection, frame.rowDirection, by: 0.01) { return false }
    if differ(header.columnDirection, frame.columnDirection, by: 0.01) { return false }
    guard let a = header.pixelSpacing, let b = frame.pixelSpacing else { return true }
    return abs(a.row - b.row) < 1e-3 * a.row && abs(a.column - b.column) < 1e-3 * a.column
  }

  private mutating func header(_ slice: SlicePlace) throws(DICOMError) -> CTAttributes {
    let key = "\(slice.path) \(slice.frame)"
    if let known = headers[key] { return known }
    let frames = try DICOMFile.attributes(of: study.url.appendingPathComponent(slice.path))
    let header = frames.indices.contains(slice.frame) ? frames[slice.frame] : frames[0]
    headers[key] = header
    return header
  }
}

/// The tumours of segmentations as contours on the study's slices.
struct SegmentationOutlines {
  private let settings: TCIASettings
  private(set) var contours: [Contour] = []
  /// How many segmentations were drawn on each series.
  private var drawn: [String: Int] = [:]

  init(_ settings: TCIASettings) { self.settings = settings }

  /// Adds the outlines of one file; where a frame cannot be tied to a slice, the patient gets a remark that excludes.
  mutating func add(
    _ file: SegmentationFile, _ slices: inout StudySlices, _ patient: inout CohortPatient
  ) throws(DICOMError) {
    let tumours = file.segments.filter { segment in
      settings.tumourLabels.contains { segment.label.lowercased().contains($0.lowercased()) }
    }
    guard !tumours.isEmpty else {
      let labels = Set(file.segments.map(\.label)).sorted().map { "\"\($0)\"" }.joined(separator: ", ")
      patient.remark(.contours, "no segment is named as a tumour; the segments are \(labels)")
      return
    }
    var found: [Contour] = []
    for (index, frame) in file.frames.enumerated() {
      for tumour in tumours where frame.segment == nil || frame.segment == tumour.number {
        let mask = PixelMask(
          columns: file.columns, rows: file.rows, values: try file.mask(of: tumour.number, frame: index))
        guard mask.count > 0 else { continue }
        guard let slice = try slices.slice(of: frame, series: file.sourceSeriesUID) else {
          patient.remark(
            .contours, excludes: true, "frame \(index + 1) lies on no slice of the study; import its series")
          return
        }
        guard (slice.columns, slice.rows) == (file.columns, file.rows), try slices.agrees(slice, with: frame) else {
          patient.remark(
            .contours, excludes: true, "frame \(index + 1) has other pixels than its slice, so no outline can be drawn")
          return
        }
        found += outlines(of: mask, on: slice, frame: index)
      }
    }
    contours += found
    for series in Set(found.compactMap(\.seriesInstanceUID)) { drawn[series, default: 0] += 1 }
  }

  /// Several segmentations of one series are several readers', for one reader's outlines count together.
  private func outlines(of mask: PixelMask, on slice: SlicePlace, frame: Int) -> [Contour] {
    let reader = "segmentation \((drawn[slice.seriesInstanceUID] ?? 0) + 1)"
    return mask.outlines().enumerated().map { index, polygon in
      Contour(
        annotationID: "frame \(frame + 1), outline \(index + 1)", studyInstanceUID: slice.studyInstanceUID,
        seriesInstanceUID: slice.seriesInstanceUID, sopInstanceUID: slice.sopInstanceUID, frame: slice.frame,
        labelName: "Tumor", reader: reader, vertices: polygon.vertices, width: mask.columns, height: mask.rows)
    }
  }
}
