/// What the rules of an import have found so far: remarks, and the patients of whom nothing is imported.
///
/// A reason names no file, UID or patient, because it appears in reports; a subject may, and is withheld where
/// necessary.
struct ImportFindings {
  struct Remark: Equatable {
    /// The PatientID in the files; the import turns it into the patient's code.
    let patientID: String?
    let excludes: Bool
    let subject: String
    let reason: String
  }

  private(set) var remarks: [Remark]
  /// The PatientIDs of those of whom nothing is imported.
  private(set) var refused: Set<String> = []

  /// Begins with the files that could not be read.
  init(_ failures: [DICOMScan.Failure]) {
    remarks = failures.map { Remark(patientID: nil, excludes: false, subject: $0.relativePath, reason: $0.reason) }
  }

  mutating func add(_ remark: Remark) {
    remarks.append(remark)
  }

  mutating func remark(on patientID: String, subject: String, reason: String) {
    add(Remark(patientID: patientID, excludes: false, subject: subject, reason: reason))
  }

  /// Excludes a patient, with all files.
  mutating func exclude(_ patientID: String, subject: String, reason: String) {
    add(Remark(patientID: patientID, excludes: true, subject: subject, reason: reason))
    refused.insert(patientID)
  }

  /// What a remark calls one or several files.
  static func subject(_ paths: [String]) -> String {
    let first = paths.first ?? ""
    switch paths.count {
    case ...1: return first
    case 2: return "\(first) and 1 more file"
    default: return "\(first) and \(paths.count - 1) more files"
    }
  }
}
