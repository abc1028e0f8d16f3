import Annotation
import DICOM
import Foundation
import GRDB
import Support
import Testing

@testable import ROI
@testable import Study

/// Outlines on series that the selection set aside, and on images that are no CT.
struct UnusedSeriesTests {
  private let exam: OutlinedExam

  init() throws { exam = try OutlinedExam() }

  /// Marks the only series as the selection does.
  private func mark(phase: String?, isUsed: Bool) throws {
    try exam.study.write { database in
      try database.execute(sql: "DELETE FROM seriesPhase")
      try database.execute(
        sql: """
          INSERT INTO seriesPhase (seriesId, phase, confidence, isUsed, reasons)
          SELECT id, ?, 0, ?, '["its slices are turned 90 degrees out of the axial plane"]' FROM series
          """, arguments: [phase, isUsed])
    }
  }

  @Test func aSeriesThatIsSetAsideGivesNoROIs() throws {
    try exam.write()
    #expect(try exam.excludingReasons() == [])
    #expect(try ROISet(exam.study).entries.count == 5)
    try mark(phase: nil, isUsed: false)
    #expect(throws: StudyError.self) { try ROISet(exam.study) }
    let summary = try ROIBuild.run(exam.study)
    #expect(summary.rois == 0 && summary.patients == 0)
    let entries = try exam.study.setAside().filter { $0.stage == .rois }
    #expect(entries.count == 2 && entries.allSatisfy { $0.excludes && $0.reason.contains("90 degrees") })
    #expect(entries.map(\.reason).contains { $0.contains("3 outlines on a series that the selection set aside") })
  }

  @Test(arguments: [(true), (false)]) func spareAndUsedSeriesGiveROIs(isUsed: Bool) throws {
    try exam.write()
    _ = try exam.excludingReasons()
    try mark(phase: "portalVenous", isUsed: isUsed)
    #expect(try ROIBuild.run(exam.study).rois == 5)
  }

  @Test func outlinesElsewhereKeepTheLesion() throws {
    for index in 0..<4 {
      exam.slices.append(exam.slice("beside \(index)", series: "beside", z: 2.5 * Double(index), Int16(21 + 2 * index)))
    }
    for lesion in [1, 2] {
      var contour = exam.contours[lesion == 1 ? 0 : 4]
      contour.annotationID = "B_\(lesion)"
      contour.seriesInstanceUID = exam.uid("beside")
      contour.sopInstanceUID = exam.uid("beside \(lesion)")
      exam.contours.append(contour)
    }
    try FileManager.default.createDirectory(at: exam.dicom, withIntermediateDirectories: true)
    for (index, slice) in exam.slices.enumerated() {
      try slice.write(to: exam.dicom.appendingPathComponent("Mustermann-\(index).dcm"))
    }
    try exam.writeContours()
    let reasons = try exam.excludingReasons()
    #expect(reasons == [])
    let beside = exam.uid("beside")
    try exam.study.write { database in
      try database.execute(
        sql: """
          INSERT INTO seriesPhase (seriesId, phase, confidence, isUsed, reasons)
          SELECT id, NULL, 0, 0, '["a projection"]' FROM series WHERE seriesInstanceUID = ?
          """, arguments: [beside])
    }
    #expect(try ROIBuild.run(exam.study).rois == 5)
    let entries = try exam.study.setAside().filter { $0.stage == .rois }
    #expect(entries.count == 2 && entries.allSatisfy { !$0.excludes && $0.reason.hasSuffix("a projection.") })
  }

  @Test(arguments: [[0, 255], [0, 1], [-1000, 40], [0, 1, 2, 3, 4, 5], [7]])
  func aLabelMapIsNoSlice(_ labels: [Int16]) throws {
    for index in exam.slices.indices {
      exam.slices[index].storedValues = (0..<48 * 48).map { labels[$0 % labels.count] }
    }
    try exam.write()
    let reasons = try exam.excludingReasons()
    #expect(reasons.count == 1 && reasons.first?.contains("only \(labels.count) different value") == true, "\(reasons)")
  }
}
