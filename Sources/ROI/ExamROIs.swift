public import Foundation
import Intake
public import Study
import Support

/// The ROIs of one exam outside of any study: images and contours go in, crops come out, nothing is written.
///
/// They are imported, planned and cut as a study's are, in memory: what would leave the patient out of a study is an error
/// with the same reason.
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
    /// boxSize x boxSize values in 0...1, row by row; where the protocol has neighbours, those of the slice before and after it
    /// around them.
    public let crop: [Float]
  }

  /// The PatientID in the files: no text for a reader to see.
  public let patientID: String
  /// The exam's DICOM UID.
  public let studyInstanceUID: String
  /// Whether the images are synthetic.
  public let isSynthetic: Bool
  /// The ROIs, lesion by lesion, in the order of the slices.
  public let entries: [Entry]
  /// Sentences on what was not used and what is worth knowing; they name no file.
  public let remarks: [String]

  /// Reads an exam.
  ///
  /// - Parameters:
  ///   - dicom: a folder with the exam's files, at any depth, or a zip archive of one; other series of the same patient may
  ///     lie beside them.
  ///   - contours: a JSON export of MD.ai; contours of exams that are not there do not matter.
  ///   - settings: which labels, readers and slices count, and how they are cropped.
  /// - Throws: `ExamError` where no contour lies on a slice, those of several exams do, or a study would leave the patient
  ///   out; `AnnotationError` and `StudyError` where contours or images cannot be read.
  public init(dicom: URL, contours: URL, settings: StudyProtocol) throws {
    self = try ExamStudy.read(dicom: dicom, contours: contours, protocol: settings) { try ExamROIs($0) }
  }

  private init(_ exam: ExamStudy) throws {
    let plan = try exam.tables.read { try ROIPlan(exam.settings, $0) }
    var crops: [[Float]] = []
    let made = try ROIBuild.cut(plan, exam.settings.roi, in: nil, prepare: { $0 }, keep: { crops.append($0) })
    let rows = try exam.tables.write { database in
      try made.store(database)
      return try ROISet.entries(database)
    }
    remarks = try exam.remarks()
    patientID = exam.patientID
    studyInstanceUID = exam.studyInstanceUID
    isSynthetic = exam.isSynthetic
    entries = zip(rows, crops).map { row, crop in
      Entry(
        lesion: row.lesion, slice: row.slice, sliceOrdinal: row.sliceOrdinal, pixelHash: row.pixelHash, crop: crop)
    }
  }
}
