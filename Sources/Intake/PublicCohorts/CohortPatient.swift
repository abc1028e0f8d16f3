import Annotation
import Study

/// What a cohort's files say of one patient, besides the images.
struct CohortPatient: Codable, Sendable {
  /// Something left out, or taken with a remark.
  struct Remark: Codable, Equatable, Sendable {
    let stage: SetAside.Stage
    let excludes: Bool
    let reason: String
  }

  /// The tumour of a patient who is taken.
  struct Tumour: Codable, Sendable {
    let grade: Grade
    /// Further columns of the pathology table.
    let attributes: [String: String]

    func adding(_ further: [String: String]) -> Tumour {
      Tumour(grade: grade, attributes: attributes.merging(further) { $1 })
    }
  }

  let patientID: String
  /// What the cohort's record says, also for patients who are not imported.
  var record: [String: String] = [:]
  /// The grade as the record writes it.
  var statedGrade: String?
  /// Nil where the patient is not taken: a remark says why.
  var tumour: Tumour?
  var contours: [Contour] = []
  var remarks: [Remark] = []
  /// Whether the study held a volume already, which was not read again: what was said of it then still holds.
  var isHeld = false

  init(patientID: String) { self.patientID = patientID }

  /// Why the patient is not taken; nil for those who are.
  var reasonLeftOut: String? {
    guard tumour == nil else { return nil }
    let reasons = remarks.filter(\.excludes).map(\.reason)
    return reasons.isEmpty ? "the import gives no reason" : reasons.joined(separator: "; ")
  }

  mutating func remark(_ stage: SetAside.Stage, excludes: Bool = false, _ reason: String) {
    remarks.append(Remark(stage: stage, excludes: excludes, reason: reason))
  }
}

/// A patient in a cohort's folder, not yet read.
struct CohortEntry: Sendable {
  let patientID: String
  /// What remarks call the patient's file or record.
  let subject: String
}

/// A public cohort's layout.
protocol CohortLayout {
  /// The cohort's name, as it stands in headers.
  var name: String { get }
  /// The patients in the folder, in a stable order.
  var entries: [CohortEntry] { get }

  /// All that reading a patient depends on: settings, records, and the size and time of each file.
  func stamp(of entry: CohortEntry) -> [String]

  /// Reads one patient and hands the volumes to `staging`, one at a time.
  ///
  /// - Throws: `PublicCohortError` where the patient cannot be taken at all; `StudyError` where the study cannot be written.
  func read(_ entry: CohortEntry, _ staging: SeriesStaging) throws -> CohortPatient
}
