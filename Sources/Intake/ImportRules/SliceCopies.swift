import Foundation
import Support

/// Where slices are copied: into the study's folder under names that identify nobody, or nowhere.
struct SliceCopies {
  /// The study's folder; nil where the slices are not copied.
  let study: URL?
  /// The paths, seen from the folder that is read, of the files that the study holds already.
  let present: Set<String>

  /// The slice in the study's folder, or where it lies.
  func planned(_ frame: DICOMScan.Frame) -> ImportPlan.PlannedSlice {
    let isCopied = study != nil && !present.contains(frame.relativePath)
    return ImportPlan.PlannedSlice(
      attributes: frame.attributes, frame: frame.frame,
      path: study == nil
        ? frame.url.path
        : Self.path(of: frame.identity),
      source: isCopied ? frame.url : nil, subject: frame.relativePath)
  }

  /// Where a slice is copied to, by what its file says of it, relative to the study's folder.
  static func path(of slice: SliceIdentity) -> String { "\(folder(of: slice))/\(hash(slice.sopInstanceUID, 24)).dcm" }

  /// The folder of a series' slices, as its files name it, relative to the study's.
  static func folder(of slice: SliceIdentity) -> String {
    "dicom/\(hash(slice.studyInstanceUID, 12))/\(hash(slice.seriesInstanceUID, 12))"
  }

  /// The first `digits` hexadecimal digits of the text's SHA-256.
  private static func hash(_ text: String, _ digits: Int) -> String {
    SHA256.hash(data: Data(text.utf8)).prefix(digits / 2).hexadecimal
  }
}
