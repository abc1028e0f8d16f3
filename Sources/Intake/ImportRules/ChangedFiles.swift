import Foundation
import Study

/// The contents of the study are never overwritten, because contours and results may depend on them.
enum ChangedFiles {
  /// Refuses files that hold another image than the study's copy; gives the paths of those that need no copying, since the
  /// study holds their image.
  static func refuse(
    _ frames: [DICOMScan.Frame], comparedWith held: [SlicePlace], in study: URL?, _ findings: inout ImportFindings
  ) -> Set<String> {
    guard let study else { return [] }
    let pathOf = Dictionary(held.map { ($0.sopInstanceUID, $0.path) }) { first, _ in first }
    var compared: Set<String> = []
    var present: Set<String> = []
    for frame in frames where !findings.refused.contains(frame.identity.patientID) {
      guard let path = pathOf[frame.identity.sopInstanceUID], compared.insert(frame.relativePath).inserted
      else { continue }
      let copy = study.appendingPathComponent(path)
      // A copy that has vanished is made again.
      guard FileManager.default.fileExists(atPath: copy.path) else { continue }
      switch RepeatedFiles.Likeness(frame.url, copy) {
      case .sameBytes:
        present.insert(frame.relativePath)
      case .sameImage:
        present.insert(frame.relativePath)
        findings.remark(
          on: frame.identity.patientID, subject: frame.relativePath,
          reason: "the study already has this image in another encoding with equal pixels, and keeps its copy")
      case .different:
        findings.exclude(
          frame.identity.patientID, subject: frame.relativePath,
          reason: "the study already has this SOP Instance UID with other contents, and keeps its copy; import "
            + "the original slice, or make a new study")
      }
    }
    return present
  }
}
