import DICOM
import Foundation
import Imaging
import Study
import Support

/// The study's slices by what a segmentation calls them.
struct StudySlices {
  private let study: StudyFolder
  private let byInstance: [String: [SlicePlace]]
  private let bySeries: [String: [SlicePlace]]
  private let seriesByPatient: [String: Set<String>]
  private var headers: [String: CTAttributes] = [:]

  /// How far two positions may lie apart that are the same (mm).
  private static let tolerance = 0.1

  init(_ study: StudyFolder) throws(StudyError) {
    self.study = study
    let slices = try study.read { try SlicePlace.all($0) }
    byInstance = Dictionary(grouping: slices, by: \.sopInstanceUID)
    bySeries = Dictionary(grouping: slices, by: \.seriesInstanceUID)
    seriesByPatient = Dictionary(grouping: slices, by: \.patientID).mapValues { Set($0.map(\.seriesInstanceUID)) }
  }

  var patientIDs: Set<String> { Set(byInstance.values.joined().map(\.patientID)) }

  /// The series in which a segmentation's frames lie: the one that it names or, where it names none, each of its patient's
  /// that shares its frame of reference and has a slice of the same pixels wherever one of the frames lies.
  mutating func series(
    of file: SegmentationFile, at frames: [SegmentationFile.Frame]
  ) throws(DICOMError) -> [String] {
    if let named = file.sourceSeriesUID { return [named] }
    guard let reference = file.frameOfReferenceUID else { return [] }
    var series: [String] = []
    for uid in (seriesByPatient[file.patientID] ?? []).sorted() {
      if try holds(uid, frames, in: reference, columns: file.columns, rows: file.rows) { series.append(uid) }
    }
    return series
  }

  private mutating func holds(
    _ series: String, _ frames: [SegmentationFile.Frame], in reference: String, columns: Int, rows: Int
  ) throws(DICOMError) -> Bool {
    for frame in frames {
      guard let slice = try slice(at: frame.position, in: series), (slice.columns, slice.rows) == (columns, rows),
        try header(slice).frameOfReferenceUID == reference, try agrees(slice, with: frame)
      else { return false }
    }
    return true
  }

  /// The slice that a frame names or, where it names none, that lies where the frame does.
  mutating func slice(of frame: SegmentationFile.Frame, series: String?) throws(DICOMError) -> SlicePlace? {
    if let uid = frame.sopInstanceUID {
      return byInstance[uid]?.first { $0.frame == frame.sourceFrame ?? 0 }
    }
    guard let series else { return nil }
    return try slice(at: frame.position, in: series)
  }

  private mutating func slice(at position: SIMD3<Double>?, in series: String) throws(DICOMError) -> SlicePlace? {
    guard let position else { return nil }
    for slice in bySeries[series] ?? [] {
      let found = try header(slice).imagePosition
      if let found, (found - position).length < Self.tolerance { return slice }
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
    if differ(header.imagePosition, frame.position, by: Self.tolerance) { return false }
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
