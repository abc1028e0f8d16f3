import DICOM
import Foundation
import Support

/// Of several files of one SOP instance, one is imported if all of them contain the same image.
enum RepeatedFiles {
  /// The frames without those of files whose SOP instance another file gave before.
  static func removed(from frames: [DICOMScan.Frame], _ findings: inout ImportFindings) -> [DICOMScan.Frame] {
    var fileOf: [String: DICOMScan.Frame] = [:]
    var duplicates: Set<String> = []
    return frames.filter { frame in
      let path = frame.relativePath
      guard let first = fileOf[frame.identity.sopInstanceUID] else {
        fileOf[frame.identity.sopInstanceUID] = frame
        return true
      }
      if first.relativePath == path { return true }
      guard duplicates.insert(path).inserted else { return false }
      let (patientID, subject) = (frame.identity.patientID, "\(path) and \(first.relativePath)")
      switch Likeness(first.url, frame.url) {
      case .sameBytes:
        findings.remark(on: patientID, subject: subject, reason: "two files with the same contents; imported once")
      case .sameImage:
        findings.remark(
          on: patientID, subject: subject,
          reason: "two files of one image in different encodings, with equal pixels; imported once")
      case .different:
        findings.exclude(
          patientID, subject: subject,
          reason: "two files with one SOP Instance UID, but different contents; remove the wrong one")
      }
      return false
    }
  }

  /// How much two files of one SOP instance have in common.
  enum Likeness {
    case sameBytes
    /// Another transfer syntax, or elements that nothing here depends on.
    case sameImage
    case different

    init(_ first: URL, _ second: URL) {
      if FileContents.areEqual(first, second) {
        self = .sameBytes
      } else {
        // What cannot be decoded cannot be compared: it is not known to be the same.
        self = (try? DICOMFile.isSameImage(first, second)) == true ? .sameImage : .different
      }
    }
  }
}
