import Annotation
import DICOM
import Foundation
import Study
import TestSupport
import Testing

@testable import Intake
@testable import ROI

/// An exam is read as a study is: what leaves the patient out of a study is why an exam is refused, by the same words.
struct ExamROIsTests {
  private let exam: OutlinedExam
  init() throws { exam = try OutlinedExam() }

  @Test func `an exam's crops are a study's`() throws {
    try exam.write()
    #expect(try exam.excludingReasons().isEmpty)
    let rois = try ROISet(exam.study)
    let alone = try exam.rois()
    #expect(alone.entries.count == 5)
    #expect(alone.entries.map(\.lesion) == ["Tumor 1", "Tumor 1", "Tumor 1", "Tumor 2", "Tumor 2"])
    #expect(alone.entries.map(\.slice) == rois.entries.map(\.slice))
    #expect(alone.entries.map(\.sliceOrdinal) == [1, 2, 3, 4, 5])
    #expect(alone.entries.map(\.pixelHash) == rois.entries.map(\.pixelHash))
    // The name holds the hash of the crops.
    #expect(alone.rois.fileName == rois.fileName)
    #expect(alone.exam.patientID == OutlinedExam.patientID && alone.exam.studyInstanceUID == exam.uid("exam"))
    #expect(alone.exam.isSynthetic == false && alone.exam.hasImages && alone.remarks.isEmpty)
  }

  @Test func `only as many slices as the protocol says, by the reader it prefers`() throws {
    exam.contours += exam.contours.prefix(2).map {
      var other = $0
      other.annotationID += " again"
      other.reader = "U_2"
      return other
    }
    exam.settings.annotation.readers = ["U_2", "U_1"]
    exam.settings.roi.maximumSlicesPerLesion = 1
    try exam.write()
    #expect(try exam.excludingReasons().isEmpty)
    #expect(try exam.rois().entries.map(\.sliceOrdinal) == [2, 5])
    #expect(try ROISet(exam.study).entries.map(\.sliceOrdinal) == [2, 5])
  }

  @Test(arguments: ExamFault.allCases)
  func `what leaves the patient out of a study refuses the exam`(fault: ExamFault) throws {
    try fault.spoil(exam)
    try exam.write()
    try fault.damageFiles(of: exam)
    let reasons = try exam.excludingReasons()
    try #require(!reasons.isEmpty)
    #expect(reasons.contains { $0.contains(fault.reason) }, "\(reasons)")
    let error = #expect(throws: ExamError.self) { try exam.rois() }
    let said = error?.description ?? ""
    // Each of the study's reasons, and no other.
    for reason in reasons { #expect(said.contains(": \(reason)."), "\(said)") }
    let rest = reasons.reduce(said) { $0.replacing(": \($1).", with: "") }
    let subject = /(The images|An outline|Slice \d+ of its series|Lesion Tumor \d)( \(\d+ times\))?/
    #expect(
      rest.replacing(subject, with: "").trimmingCharacters(in: .whitespaces)
        == "the exam cannot be predicted; a study would also exclude its patient.", "\(said)")
    for secret in exam.secrets { #expect(!said.contains(secret), "\(said)") }
  }

  @Test func `what is only a remark in a study is a note`() throws {
    try exam.write()
    // A gap, a file twice, one that is no image, and a box that leaves the image.
    try FileManager.default.removeItem(at: exam.file(8))
    try FileManager.default.copyItem(at: exam.file(7), to: exam.dicom.appendingPathComponent("Mustermann copy.dcm"))
    try Data("Mustermann".utf8).write(to: exam.dicom.appendingPathComponent("Mustermann.txt"))
    exam.contours[0].vertices = exam.contours[0].vertices.map { $0 - 16 }
    try exam.writeContours()
    #expect(try exam.excludingReasons().isEmpty)
    let remarks = try exam.study.setAside().map(\.reason)
    let notes = try exam.rois().remarks
    #expect(remarks.count == 4 && notes.count == 4, "\(notes)")
    for remark in remarks { #expect(notes.contains { $0.contains(remark) }, "\(remark): \(notes)") }
    #expect(notes.contains { $0.hasPrefix("Slice 2 of its series: ") }, "\(notes)")
    #expect(notes.contains { $0.hasPrefix("1 file in the folder cannot be read as CT; the first: ") }, "\(notes)")
    for note in notes { for secret in exam.secrets { #expect(!note.contains(secret), "\(note)") } }
  }

  @Test func `other patients' and absent exams' contours do not matter`() throws {
    try exam.write()
    var other = exam.contours[0]
    other.annotationID = "other"
    (other.studyInstanceUID, other.seriesInstanceUID) = (exam.uid("other exam"), exam.uid("other series"))
    other.sopInstanceUID = exam.uid("other slice")
    other.vertices = [[1, 1]]
    exam.contours.append(other)
    try exam.writeContours()
    #expect(try exam.rois().entries.count == 5 && exam.rois().remarks.isEmpty)
    // Nor do files of another patient, be they as faulty as they may.
    for value in 0..<2 {
      try exam.slice("stranger", patient: "STRANGER", exam: "other exam", series: "other series", z: 0, Int16(value))
        .write(to: exam.dicom.appendingPathComponent("stranger-\(value).dcm"))
    }
    #expect(try exam.rois().entries.count == 5 && exam.rois().remarks.isEmpty)
  }

  @Test func `nothing is written`() throws {
    try exam.write()
    func everything() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: exam.folder.url.path) }
    let before = try everything().sorted()
    _ = try exam.rois()
    #expect(try everything().sorted() == before)
  }
}
