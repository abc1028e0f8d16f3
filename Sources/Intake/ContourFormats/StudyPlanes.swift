import Annotation
import DICOM
import Foundation
import Imaging
import Study
import Support

/// The study's slices by series, and where their pixels lie; headers are read when they are asked for.
struct StudyPlanes {
  /// A series.
  struct Series {
    let uid: String
    /// Ascending.
    let slices: [SlicePlace]

    fileprivate func isNamed(by hints: Set<String>) -> Bool { hints.contains(uid) }

    fileprivate func isOfPatient(namedBy hints: Set<String>) -> Bool {
      slices.first.map { hints.contains($0.patientID) || hints.contains($0.patientCode) } == true
    }
  }

  /// All series, by UID.
  let series: [Series]
  private let folder: URL
  private let byInstance: [String: [SlicePlace]]
  private var headers: [String: [CTAttributes]] = [:]

  init(_ study: StudyFolder) throws(StudyError) {
    folder = study.url
    let slices = try study.read { try SlicePlace.all($0) }
    byInstance = Dictionary(grouping: slices, by: \.sopInstanceUID)
    series = Dictionary(grouping: slices, by: \.seriesInstanceUID).sorted { $0.key < $1.key }
      .map { Series(uid: $0.key, slices: $0.value.sorted { $0.ordinal < $1.ordinal }) }
  }

  /// The series in which a file may lie: the one that it names, else those of its frame of reference, else all; of these only those
  /// that `hints` name, where they name any.
  ///
  /// - Throws: `DICOMError` where a slice cannot be read.
  mutating func candidates(
    _ hints: Set<String>, series uid: String? = nil, frameOfReference: String? = nil
  ) throws -> [Series] {
    var found = series
    if let uid {
      found = found.filter { $0.uid == uid }
    } else if let frameOfReference {
      found = try found.filter { series in
        try series.slices.first.map { try header($0)?.frameOfReferenceUID == frameOfReference } == true
      }
    }
    let named = Self.named(by: hints, among: found)
    return named.isEmpty ? found : named
  }

  /// The series that `hints` name by SeriesInstanceUID or, where they name none so, by PatientID or the patient's code.
  func series(namedBy hints: Set<String>) -> [Series] { Self.named(by: hints, among: series) }

  private static func named(by hints: Set<String>, among series: [Series]) -> [Series] {
    let found = series.filter { $0.isNamed(by: hints) }
    return found.isEmpty ? series.filter { $0.isOfPatient(namedBy: hints) } : found
  }

  /// How many patients `hints` name, by themselves or by a series of theirs.
  func patients(namedBy hints: Set<String>) -> Int {
    let found = series.filter { $0.isNamed(by: hints) || $0.isOfPatient(namedBy: hints) }
    return Set(found.compactMap(\.slices.first?.patientID)).count
  }

  /// Whether each slice of a series is known to lie higher along the normal than the one before it (by more than 0.01 mm).
  ///
  /// - Throws: `DICOMError` where a slice cannot be read.
  mutating func isAscending(_ series: Series) throws -> Bool {
    var planes: [ImagePlane] = []
    for slice in series.slices {
      guard let plane = try plane(of: slice) else { return false }
      planes.append(plane)
    }
    return zip(planes, planes.dropFirst()).allSatisfy { $0.pixel($1.origin).height > 0.01 }
  }

  /// The slice that a file names; nil where the study lacks it, or it is one of several frames and none is named.
  func slice(_ sopInstanceUID: String, frame: Int?) -> SlicePlace? {
    let frames = byInstance[sopInstanceUID] ?? []
    guard let frame else { return frames.count == 1 ? frames.first : nil }
    return frames.first { $0.frame == frame }
  }

  /// Where a slice's pixels lie; nil where its header does not say.
  ///
  /// - Throws: `DICOMError` where it cannot be read.
  mutating func plane(of slice: SlicePlace) throws -> ImagePlane? {
    guard let header = try header(slice), let origin = header.imagePosition, let row = header.rowDirection,
      let column = header.columnDirection, let spacing = header.pixelSpacing
    else { return nil }
    return ImagePlane(
      columns: slice.columns, rows: slice.rows, origin: origin, columnStep: row * spacing.column,
      rowStep: column * spacing.row)
  }

  /// The header of a slice; nil where its file has no such frame.
  ///
  /// - Throws: `DICOMError` where it cannot be read.
  mutating func header(_ slice: SlicePlace) throws -> CTAttributes? {
    let frames = try frames(of: slice)
    return frames.indices.contains(slice.frame) ? frames[slice.frame] : nil
  }

  /// How many frames the file of a slice has.
  ///
  /// - Throws: `DICOMError` where it cannot be read.
  mutating func frameCount(of slice: SlicePlace) throws -> Int { try frames(of: slice).count }

  private mutating func frames(of slice: SlicePlace) throws -> [CTAttributes] {
    if let known = headers[slice.path] { return known }
    let frames = try DICOMFile.attributes(of: StudyFolder.file(slice.path, in: folder))
    headers[slice.path] = frames
    return frames
  }
}

extension LabelMap.Mismatch {
  /// What differs, as the end of a sentence.
  var sentence: String {
    switch self {
    case .otherSteps: "its rows, columns or spacing differ from those of the series' slices"
    case .shifted(let distance):
      "its voxels lie up to \((distance * 100).rounded() / 100) of a voxel from the slices' pixels; at most "
        + "\(LabelMap.tolerance) is accepted"
    }
  }
}
