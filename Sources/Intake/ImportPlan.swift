import DICOM
import Foundation
import Study
import Support

/// What an import will take over, and what it leaves and why: the rules, which change nothing yet.
///
/// A reason names no file, UID or patient, for it stands in reports; a subject may, and is withheld where it must be.
struct ImportPlan {
  struct PlannedSlice {
    let attributes: CTAttributes
    let frame: Int
    /// The place in the series along its normal, from 0.
    var ordinal = 0
    /// The copy's path, relative to the study folder: hashes of UIDs, so that it names nobody.
    ///
    /// The file's own, which is absolute, where nothing is copied.
    let path: String
    /// The file to copy; nil where the study holds its contents already, or none is made.
    let source: URL?
    /// What a remark calls the file.
    let subject: String
  }

  struct PlannedSeries {
    let patientID: String
    let studyInstanceUID: String
    let seriesInstanceUID: String
    let description: String?
    /// All slices that the study will hold, in the order of their positions along the normal.
    var slices: [PlannedSlice]

    var subject: String { "series \(seriesInstanceUID)" }
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
  let patientIDs: [String]

  /// Where the slices are copied to; nil where they stay where they lie.
  private let study: URL?
  /// Patients of whom nothing is imported.
  private var refused: Set<String> = []
  /// The files of the folder whose very contents the study holds.
  private var present: Set<String> = []

  /// Compares the files in `scan` with one another and with the slices that the study at `study` holds.
  ///
  /// Without a study nothing is held, and the slices are to stay where they lie.
  init(_ scan: DICOMScan, held: [SlicePlace] = [], study: URL? = nil) {
    self.study = study
    let frames = scan.frames
    var seen: Set<String> = []
    patientIDs = frames.map(\.identity.patientID).filter { seen.insert($0).inserted }
    remarks = scan.failures.map {
      Remark(patientID: nil, excludes: false, subject: $0.relativePath, reason: $0.reason)
    }
    remarkOnInventedIDs(frames)
    refuseSeveralOwners(Set(frames.map(\.identity) + held.map(SliceIdentity.init)))
    let distinct = dropDuplicates(frames)
    refuseChangedContents(distinct, held)
    let heldBySeries = Dictionary(grouping: held, by: \.seriesInstanceUID)
    let bySeries = Dictionary(grouping: distinct.filter { !refused.contains($0.identity.patientID) }) {
      $0.identity.seriesInstanceUID
    }
    for (uid, members) in bySeries.sorted(by: { $0.key < $1.key }) { plan(members, held: heldBySeries[uid] ?? []) }
  }

  private mutating func exclude(_ patientID: String, subject: String, reason: String) {
    remarks.append(Remark(patientID: patientID, excludes: true, subject: subject, reason: reason))
    refused.insert(patientID)
  }

  private mutating func remarkOnInventedIDs(_ frames: [DICOMScan.Frame]) {
    for id in Set(frames.map(\.identity).filter(\.hasFolderName).map(\.patientID)).sorted() {
      remarks.append(
        Remark(
          patientID: id, excludes: false, subject: "(0010,0020) PatientID",
          reason: "the PatientID is empty; the name of the patient's folder is used instead"))
    }
  }

  /// A UID under two owners means that one of the two is wrong: nobody but the user can tell which.
  private mutating func refuseSeveralOwners(_ identities: Set<SliceIdentity>) {
    typealias Part = KeyPath<SliceIdentity, String>
    let kinds: [(name: String, uid: Part, owners: String, owner: Part)] = [
      ("study", \.studyInstanceUID, "PatientIDs", \.patientID),
      ("series", \.seriesInstanceUID, "studies", \.studyInstanceUID),
      ("SOP instance", \.sopInstanceUID, "series", \.seriesInstanceUID),
    ]
    for kind in kinds {
      var latest: [String: SliceIdentity] = [:]
      var contested: Set<String> = []
      for identity in identities {
        guard let other = latest.updateValue(identity, forKey: identity[keyPath: kind.uid]) else { continue }
        guard other.patientID != identity.patientID || other[keyPath: kind.owner] != identity[keyPath: kind.owner]
        else { continue }
        contested.insert(identity[keyPath: kind.uid])
      }
      for uid in contested.sorted() {
        let members = identities.filter { $0[keyPath: kind.uid] == uid }
        let owners = Set(members.map { [$0.patientID, $0[keyPath: kind.owner]] })
        let patients = Set(members.map(\.patientID))
        guard !patients.isSubset(of: refused) else { continue }
        let found = patients.count > 1 ? "\(patients.count) PatientIDs" : "\(owners.count) \(kind.owners)"
        for patient in patients.sorted() {
          exclude(
            patient, subject: "\(kind.name) \(uid)",
            reason: "this \(kind.name) stands under \(found); correct the wrong one and import all of them again, into "
              + "a new study if this one holds the wrong one")
        }
      }
    }
  }

  /// The frames without those of files whose SOP instance another file gave before.
  private mutating func dropDuplicates(_ frames: [DICOMScan.Frame]) -> [DICOMScan.Frame] {
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
      let subject = "\(path) and \(first.relativePath)"
      if FileContents.areEqual(first.url, frame.url) {
        remarks.append(
          Remark(
            patientID: frame.identity.patientID, excludes: false, subject: subject,
            reason: "two files of the same contents; taken once"))
      } else {
        exclude(
          frame.identity.patientID, subject: subject,
          reason: "two files of one SOP Instance UID, but different contents; remove the wrong one")
      }
      return false
    }
  }

  /// What the study holds is never overwritten, for contours and results may rest on it.
  private mutating func refuseChangedContents(_ frames: [DICOMScan.Frame], _ held: [SlicePlace]) {
    guard let study else { return }
    let pathOf = Dictionary(held.map { ($0.sopInstanceUID, $0.path) }) { first, _ in first }
    var compared: Set<String> = []
    for frame in frames where !refused.contains(frame.identity.patientID) {
      guard let path = pathOf[frame.identity.sopInstanceUID], compared.insert(frame.relativePath).inserted
      else { continue }
      let copy = study.appendingPathComponent(path)
      // A copy that has vanished is made again.
      guard FileManager.default.fileExists(atPath: copy.path) else { continue }
      if FileContents.areEqual(frame.url, copy) {
        present.insert(frame.relativePath)
      } else {
        exclude(
          frame.identity.patientID, subject: frame.relativePath,
          reason: "the study holds a slice of the same SOP Instance UID with other contents, and keeps it; import the "
            + "slice as it was, or make a new study")
      }
    }
  }

  private mutating func plan(_ members: [DICOMScan.Frame], held: [SlicePlace]) {
    guard let first = members.first else { return }
    // Scouts often share the series of the slices that were planned on them.
    let axial = members.filter { !$0.attributes.imageType.contains("LOCALIZER") }
    for scout in members where scout.attributes.imageType.contains("LOCALIZER") {
      remarks.append(
        Remark(
          patientID: scout.identity.patientID, excludes: false, subject: scout.relativePath,
          reason: "a localizer (scout) image, not an axial slice"))
    }
    guard !axial.isEmpty else { return }
    let subject = "series \(first.identity.seriesInstanceUID)"
    let folder = study.map { _ in
      "dicom/\(hash(first.identity.studyInstanceUID, 12))/\(hash(first.identity.seriesInstanceUID, 12))"
    }
    var slices = axial.map { planned($0, in: folder) }
    do throws(DICOMError) {
      slices += try heldElsewhere(held, than: slices)
    } catch {
      exclude(
        first.identity.patientID, subject: subject,
        reason: "a slice of this series in the study can no longer be read; import it again: \(error.problem)")
      return
    }
    let geometry = SeriesGeometry(slices.map(\.attributes))
    for defect in geometry.defects {
      remarks.append(
        Remark(
          patientID: first.identity.patientID, excludes: defect.isMixture, subject: subject,
          reason: defect.description + (defect.isMixture ? "; these are two series under one UID" : "")))
    }
    // Images over time are left like a localizer; a mixture costs the patient, for nobody knows which series is meant.
    guard !geometry.defects.contains(where: { $0.isMixture || $0.isTimeSeries }) else { return }
    series.append(
      PlannedSeries(
        patientID: first.identity.patientID, studyInstanceUID: first.identity.studyInstanceUID,
        seriesInstanceUID: first.identity.seriesInstanceUID, description: first.attributes.seriesDescription,
        slices: geometry.order.enumerated().map { ordinal, place in
          var slice = slices[place]
          slice.ordinal = ordinal
          return slice
        }))
  }

  /// The slice in `folder` of the study, or where it lies.
  private func planned(_ member: DICOMScan.Frame, in folder: String?) -> PlannedSlice {
    PlannedSlice(
      attributes: member.attributes, frame: member.frame,
      path: folder.map { "\($0)/\(hash(member.identity.sopInstanceUID, 24)).dcm" } ?? member.url.path,
      source: folder == nil || present.contains(member.relativePath) ? nil : member.url, subject: member.relativePath)
  }

  /// The series' slices from former imports that are not among `slices`, their headers read from the study's copies.
  private func heldElsewhere(
    _ held: [SlicePlace], than slices: [PlannedSlice]
  ) throws(DICOMError) -> [PlannedSlice] {
    guard let study else { return [] }
    let inFolder = Set(slices.map(\.path))
    let others = Dictionary(grouping: held.filter { !inFolder.contains($0.path) }, by: \.path)
    var result: [PlannedSlice] = []
    for (path, frames) in others.sorted(by: { $0.key < $1.key }) {
      let headers = try DICOMFile.attributes(of: study.appendingPathComponent(path))
      for held in frames where headers.indices.contains(held.frame) {
        result.append(
          PlannedSlice(attributes: headers[held.frame], frame: held.frame, path: path, source: nil, subject: path))
      }
    }
    return result
  }

  /// The first `digits` hexadecimal digits of the text's SHA-256.
  private func hash(_ text: String, _ digits: Int) -> String {
    SHA256.hash(data: Data(text.utf8)).prefix(digits / 2).hexadecimal
  }
}
