import Annotation
import DICOM
public import Foundation
public import Study
import Support

/// The ROIs of one exam outside of any study: DICOM files and contours go in, crops come out, nothing is written.
///
/// Reader, slices and crop are chosen as `ROIBuild` chooses them. Without a pathology table a lesion is what carries one label.
public struct ExamROIs: Sendable {
  /// One ROI.
  public struct Entry: Equatable, Sendable {
    /// The lesion: its label in the contours.
    public let lesion: String
    /// The slice's SOP instance UID, with `#frame` for frames after the first.
    public let slice: String
    /// The slice's place in its series, from 0.
    public let sliceOrdinal: Int
    /// The hash of the slice's pixels: `CTImage.pixelHash`.
    public let pixelHash: String
    /// boxSize x boxSize values in 0...1, row by row.
    public let crop: [Float]
  }

  /// The PatientID in the files: no text for a reader to see.
  public let patientID: String
  /// The exam's DICOM UID.
  public let studyInstanceUID: String
  /// Whether the images were made and not taken.
  public let isSynthetic: Bool
  /// The ROIs, lesion by lesion, in the order of the slices.
  public let entries: [Entry]
  /// Sentences on what was left out and what is worth knowing, which name no file.
  public let remarks: [String]

  /// Reads an exam.
  ///
  /// - Parameters:
  ///   - dicom: a folder with the exam's files, at any depth; other series of the same patient may lie beside them.
  ///   - contours: a JSON export of MD.ai; contours of other exams in it do not matter.
  ///   - settings: which labels, readers and slices count, and how they are cropped.
  /// - Throws: `ExamError` where no contour lies on a slice of the folder, or those of several exams do;
  ///   `AnnotationError` and `StudyError` where contours or folder cannot be read.
  public init(dicom: URL, contours: URL, settings: StudyProtocol) throws {
    let export = try MDAI.read(contours, lesionLabels: settings.annotation.lesionLabels)
    guard !export.contours.isEmpty else { throw ExamError(noContours: export, in: contours, settings.annotation) }
    let scan = try DICOMScan(dicom)
    guard !scan.frames.isEmpty else { throw ExamError(noSlices: scan) }
    var placed = PlacedContours(export.contours, on: scan, settings.annotation)
    guard let exam = placed.exams.first else { throw ExamError(noMatch: placed, export, scan) }
    guard placed.exams.count == 1 else { throw ExamError(exams: placed.exams.count) }
    placed.note(missingFrom: exam, export, scan)
    let candidates = placed.candidates(settings)
    let cutter = ROICutter(ROISettings(settings.roi))
    let results = ParallelMap.run(candidates, chunk: 1) { Self.cut($0, cutter) }
    var entries: [Entry] = []
    var remarks = placed.remarks
    for (candidate, result) in zip(candidates, results) {
      let place = "Slice \(candidate.ordinal + 1) of \(candidate.lesion)"
      switch result {
      case .failure(let refusal):
        remarks.append("\(place) is left out: \(refusal.reason).")
      case .success((let crop, let pixelHash)):
        remarks += crop.warnings.map { "\(place): \($0)." }
        entries.append(
          Entry(
            lesion: candidate.lesion, slice: candidate.slice, sliceOrdinal: candidate.ordinal, pixelHash: pixelHash,
            crop: crop.values))
      }
    }
    guard !entries.isEmpty else { throw ExamError(remarks: remarks) }
    patientID = exam.patientID
    studyInstanceUID = exam.studyInstanceUID
    isSynthetic = candidates.contains { $0.frame.attributes.isSynthetic }
    self.entries = entries
    self.remarks = remarks
  }

  private struct Refusal: Error {
    let reason: String
  }

  private static func cut(
    _ candidate: PlacedContours.Candidate, _ cutter: ROICutter
  ) -> Result<(crop: ROICrop, pixelHash: String), Refusal> {
    let spacing = candidate.frame.attributes.pixelSpacing
    do {
      let image = try DICOMFile.image(at: candidate.frame.url, frame: candidate.frame.frame)
      let crop = try cutter.cut(
        image, around: candidate.polygons, pixelSize: spacing.map { ($0.row, $0.column) })
      return .success((crop, image.pixelHash))
    } catch let error as DICOMError {
      return .failure(Refusal(reason: error.problem))
    } catch {
      return .failure(Refusal(reason: "\(error)"))
    }
  }
}

/// Why an exam cannot be predicted: what was expected, what was found, and what to do.
public struct ExamError: Error, CustomStringConvertible, Equatable, Sendable {
  /// One or more sentences for the person at the terminal.
  public let description: String

  fileprivate init(noContours export: MDAIExport, in url: URL, _ settings: StudyProtocol.Annotation) {
    let labels = settings.lesionLabels.isEmpty ? "any label" : settings.lesionLabels.joined(separator: ", ")
    description =
      "\(url.lastPathComponent) has no outline of a lesion (polygon or freeform) under \(labels), the run's "
      + "annotation.lesionLabels; it has \(export.skipped.count) other annotations"
      + (export.skipped.first.map { ", the first of which: \($0.reason)" } ?? "")
      + ". Outline the lesion under that label."
  }

  fileprivate init(noSlices scan: DICOMScan) {
    description =
      "the folder holds no CT slice that can be read"
      + (scan.failures.first.map { "; \(scan.failures.count) files are none, the first because \($0.reason)" } ?? "")
      + ". Give the folder with the exam's DICOM files."
  }

  fileprivate init(noMatch placed: PlacedContours, _ export: MDAIExport, _ scan: DICOMScan) {
    description =
      "none of the \(export.contours.count) outlines can be laid on the \(scan.frames.count) CT slices of the folder: "
      + (placed.remarks.first ?? "their SOP instance UIDs are others")
      + ". Give the folder and the export of the same exam, not de-identified apart from one another."
  }

  fileprivate init(exams: Int) {
    description =
      "the folder holds outlined slices of \(exams) exams; a prediction is of one. Give the folder of a single exam."
  }

  fileprivate init(remarks: [String]) {
    description = "nothing of the exam can be predicted. " + remarks.joined(separator: " ")
  }
}
