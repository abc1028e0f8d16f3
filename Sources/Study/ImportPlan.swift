import Crypto
import DICOM
import Foundation

/// What an import will take over, and what it leaves and why: the rules, apart from disk and tables.
struct ImportPlan {
  struct PlannedSlice {
    let frame: DICOMScan.Frame
    /// The copy's path, relative to the study folder; hashes of UIDs, so that it names nobody.
    let path: String
  }

  struct PlannedSeries {
    let patientID: String
    let studyInstanceUID: String
    let seriesInstanceUID: String
    let description: String?
    /// In the order of their positions along the normal.
    let slices: [PlannedSlice]
  }

  struct Remark: Equatable {
    /// The PatientID in the files; the import turns it into the patient's code.
    let patientID: String?
    let excludes: Bool
    let subject: String
    let reason: String
  }

  private(set) var series: [PlannedSeries] = []
  private(set) var remarks: [Remark] = []
  /// Every PatientID seen, in the order of first appearance.
  private(set) var patientIDs: [String] = []

  init(_ scan: DICOMScan, rootName: String) {
    remarks = scan.failures.map {
      Remark(patientID: nil, excludes: false, subject: $0.relativePath, reason: $0.reason)
    }
    let frames = scan.frames.map { Identified($0, rootName: rootName) }
    for frame in frames where !patientIDs.contains(frame.patientID) { patientIDs.append(frame.patientID) }
    remarkOnInventedIDs(frames)
    var refused = refuseSharedUIDs(frames)
    let distinct = dropDuplicates(frames, refused: &refused)
    let bySeries = Dictionary(grouping: distinct.filter { !refused.contains($0.patientID) }) { $0.seriesInstanceUID }
    for (_, members) in bySeries.sorted(by: { $0.key < $1.key }) { plan(members) }
  }

  /// A frame with the identifiers that the study goes by, where the header is silent.
  private struct Identified {
    let frame: DICOMScan.Frame
    let patientID: String
    let studyInstanceUID: String
    var seriesInstanceUID: String { frame.attributes.seriesInstanceUID }
    var sopInstanceUID: String { frame.attributes.sopInstanceUID }
    let isInvented: Bool

    init(_ frame: DICOMScan.Frame, rootName: String) {
      self.frame = frame
      let stated = frame.attributes.patientID.trimmingCharacters(in: .whitespaces)
      // De-identified collections often blank the PatientID and keep one folder per patient.
      let parts = frame.relativePath.split(separator: "/")
      patientID = stated.isEmpty ? (parts.count > 1 ? String(parts[0]) : rootName) : stated
      let study = frame.attributes.studyInstanceUID
      studyInstanceUID = study.isEmpty ? "exam-of-series-\(frame.attributes.seriesInstanceUID)" : study
      isInvented = stated.isEmpty
    }
  }

  private mutating func remarkOnInventedIDs(_ frames: [Identified]) {
    for id in Set(frames.filter(\.isInvented).map(\.patientID)).sorted() {
      remarks.append(
        Remark(
          patientID: id, excludes: false, subject: "(0010,0020) PatientID",
          reason: "the PatientID is empty; the name of the patient's folder is used instead"))
    }
  }

  /// A UID under two patients means that one of the two ids is wrong: nobody but the user can tell which.
  private mutating func refuseSharedUIDs(_ frames: [Identified]) -> Set<String> {
    var refused: Set<String> = []
    let kinds: [(name: String, value: (Identified) -> String)] = [
      ("study", { $0.studyInstanceUID }), ("series", { $0.seriesInstanceUID }),
      ("SOP instance", { "\($0.sopInstanceUID)" }),
    ]
    for kind in kinds {
      let groups = Dictionary(grouping: frames, by: kind.value)
      for (uid, members) in groups.sorted(by: { $0.key < $1.key }) {
        let patients = Set(members.map(\.patientID))
        guard patients.count > 1, !patients.isSubset(of: refused) else { continue }
        for patient in patients.sorted() {
          remarks.append(
            Remark(
              patientID: patient, excludes: true, subject: "\(kind.name) \(uid)",
              reason: "this \(kind.name) stands under \(patients.count) PatientIDs; correct the wrong one"))
        }
        refused.formUnion(patients)
      }
    }
    return refused
  }

  private mutating func dropDuplicates(_ frames: [Identified], refused: inout Set<String>) -> [Identified] {
    var kept: [String: Identified] = [:]
    var order: [Identified] = []
    for frame in frames {
      let key = "\(frame.sopInstanceUID)#\(frame.frame.frame)"
      guard let first = kept[key] else {
        kept[key] = frame
        order.append(frame)
        continue
      }
      let same = FileManager.default.contentsEqual(atPath: first.frame.url.path, andPath: frame.frame.url.path)
      if !same { refused.insert(frame.patientID) }
      remarks.append(
        Remark(
          patientID: frame.patientID, excludes: !same, subject: frame.frame.relativePath,
          reason: same
            ? "the same file as \(first.frame.relativePath); taken once"
            : "has the SOP Instance UID of \(first.frame.relativePath), but other contents"))
    }
    return order
  }

  private mutating func plan(_ members: [Identified]) {
    guard let first = members.first else { return }
    // Scouts often share the series of the slices that were planned on them.
    let scouts = members.filter { $0.frame.attributes.imageType.contains("LOCALIZER") }
    for scout in scouts {
      remarks.append(
        Remark(
          patientID: scout.patientID, excludes: false, subject: scout.frame.relativePath,
          reason: "a localizer (scout) image, not an axial slice"))
    }
    let axial = members.filter { !$0.frame.attributes.imageType.contains("LOCALIZER") }
    guard !axial.isEmpty else { return }
    let geometry = SeriesGeometry(axial.map(\.frame.attributes))
    let subject = "series \(first.seriesInstanceUID)"
    var mixed = false
    for defect in geometry.defects {
      mixed = mixed || defect.isMixture
      remarks.append(
        Remark(
          patientID: first.patientID, excludes: defect.isMixture, subject: subject,
          reason: defect.description + (defect.isMixture ? "; these are two series under one UID" : "")))
    }
    guard !mixed else { return }
    series.append(
      PlannedSeries(
        patientID: first.patientID, studyInstanceUID: first.studyInstanceUID,
        seriesInstanceUID: first.seriesInstanceUID,
        description: first.frame.attributes.seriesDescription,
        slices: geometry.order.map { index in
          let member = axial[index]
          let folder = "dicom/\(hash(member.studyInstanceUID, 12))/\(hash(member.seriesInstanceUID, 12))"
          return PlannedSlice(frame: member.frame, path: "\(folder)/\(hash(member.sopInstanceUID, 24)).dcm")
        }))
  }

  private func hash(_ text: String, _ length: Int) -> String {
    String(SHA256.hash(data: Data(text.utf8)).map { String(format: "%02x", $0) }.joined().prefix(length))
  }
}
