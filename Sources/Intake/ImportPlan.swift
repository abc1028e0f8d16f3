import DICOM
import Foundation
import Study

/// What an import will take over, what it will not, and why; nothing is changed yet.
///
/// The rules are in `ImportRules`, one file each, and are applied here in order: first those about the patient of a
/// file, which may exclude a patient; then those that assemble the files into stacks of slices.
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
    /// The files' own or, where a rule joined or parted series, one that follows from theirs.
    let seriesInstanceUID: String
    let description: String?
    /// The frame of reference, where all slices agree.
    var frameOfReferenceUID: String? {
      let frames = Set(slices.map(\.attributes.frameOfReferenceUID))
      // DICOM's own are those of atlases.
      return frames.count == 1 ? (frames.first ?? nil).flatMap { DICOMUID.isWellKnown($0) ? nil : $0 } : nil
    }
    /// All slices that the study will hold, in the order of their positions along the normal.
    var slices: [PlannedSlice]

    var subject: String { "series \(seriesInstanceUID)" }
  }

  typealias Remark = ImportFindings.Remark

  private(set) var series: [PlannedSeries] = []
  /// Every PatientID seen, in the order of first appearance.
  let patientIDs: [String]
  private var findings: ImportFindings

  var remarks: [Remark] { findings.remarks }

  /// Compares the files in `scan` with one another and with the slices that the study at `study` holds.
  ///
  /// Without a study there is nothing to compare with, and the slices are not copied.
  init(_ scan: DICOMScan, held: [SlicePlace] = [], study: URL? = nil) {
    let frames = scan.frames
    var findings = ImportFindings(scan.failures)
    var seen: Set<String> = []
    patientIDs = frames.map(\.identity.patientID).filter { seen.insert($0).inserted }
    PatientIDRemarks.add(on: frames, &findings)
    let files = Dictionary(frames.map { (SliceCopies.path(of: $0.identity), $0.identity) }) { first, _ in first }
    ContestedUIDs.refuse(
      in: Set(frames.map(\.identity) + held.map { SliceIdentity($0, files: files) }), &findings)
    let distinct = RepeatedFiles.removed(from: frames, &findings)
    let present = ChangedFiles.refuse(distinct, comparedWith: held, in: study, &findings)
    let usable = distinct.filter { !findings.refused.contains($0.identity.patientID) }
    let axial = Localizers.removed(from: usable, &findings)
    let heldSlices = HeldSlices(held, in: study)
    let stacks = SeriesPerSlice.joined(SliceStack.bySeries(axial), held: heldSlices, &findings)
    self.findings = findings
    let copies = SliceCopies(study: study, present: present)
    for stack in stacks { plan(stack, copies, heldSlices) }
  }

  /// Makes the study's series of a stack: none where it cannot be used, several where it holds several.
  private mutating func plan(_ stack: SliceStack, _ copies: SliceCopies, _ held: HeldSlices) {
    var slices = stack.frames.map(copies.planned)
    do throws(DICOMError) {
      slices += try held.slices(of: stack, besides: slices)
    } catch {
      findings.exclude(
        stack.patientID, subject: stack.subject,
        reason: "a slice of this series in the study can no longer be read; import it again: \(error.problem)")
      return
    }
    slices = MisplacedSlices.removed(from: slices, of: stack, &findings)
    slices = StraySlices.removed(from: slices, of: stack, &findings)
    for pass in AcquisitionPasses.parted(slices, of: stack, &findings) {
      let geometry = SeriesGeometry(pass.slices.map(\.attributes))
      for defect in geometry.defects {
        findings.add(
          Remark(
            patientID: stack.patientID, excludes: defect.isMixture, subject: pass.subject,
            reason: defect.description + (defect.isMixture ? "; these are two series under one UID" : "")))
      }
      // Images over time are left like a localizer; a mixture costs the patient, for nobody knows which series is meant.
      guard !geometry.defects.contains(where: { $0.isMixture || $0.isTimeSeries }) else { continue }
      HeaderRemarks.add(on: pass.slices.map(\.attributes), of: stack.patientID, subject: pass.subject, &findings)
      series.append(
        PlannedSeries(
          patientID: stack.patientID, studyInstanceUID: stack.studyInstanceUID,
          seriesInstanceUID: pass.seriesInstanceUID, description: pass.slices.first?.attributes.seriesDescription,
          slices: geometry.order.enumerated().map { ordinal, place in
            var slice = pass.slices[place]
            slice.ordinal = ordinal
            return slice
          }))
    }
  }
}
