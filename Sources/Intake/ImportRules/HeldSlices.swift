import DICOM
import Foundation
import Study

/// The slices of former imports: a series is judged as a whole, including the slices that the study already has.
struct HeldSlices {
  private let study: URL?
  private let byFolder: [String: [SlicePlace]]
  private let bySeries: [String: [SlicePlace]]

  init(_ held: [SlicePlace], in study: URL?) {
    self.study = study
    // The folder's name follows from the series that the file names, whatever the study made of it.
    byFolder = Dictionary(grouping: held) {
      String($0.path.prefix(upTo: $0.path.lastIndex(of: "/") ?? $0.path.endIndex))
    }
    bySeries = Dictionary(grouping: held, by: \.seriesInstanceUID)
  }

  /// Whether the study has a series of that UID.
  func contains(_ seriesInstanceUID: String) -> Bool { bySeries[seriesInstanceUID] != nil }

  /// The stack's slices from former imports that are not among `slices`, their headers read from the study's copies.
  func slices(
    of stack: SliceStack, besides slices: [ImportPlan.PlannedSlice]
  ) throws(DICOMError) -> [ImportPlan.PlannedSlice] {
    guard let study else { return [] }
    let folders = Set(stack.frames.map { SliceCopies.folder(of: $0.identity) })
    let held = folders.flatMap { byFolder[$0] ?? [] } + (bySeries[stack.seriesInstanceUID] ?? [])
    let known = Set(slices.map(\.path))
    let others = Dictionary(grouping: held.filter { !known.contains($0.path) }, by: \.path)
    var result: [ImportPlan.PlannedSlice] = []
    for (path, frames) in others.sorted(by: { $0.key < $1.key }) {
      let headers = try DICOMFile.attributes(of: study.appendingPathComponent(path))
      for frame in Set(frames.map(\.frame)).sorted() where headers.indices.contains(frame) {
        result.append(
          ImportPlan.PlannedSlice(attributes: headers[frame], frame: frame, path: path, source: nil, subject: path))
      }
    }
    return result
  }
}
