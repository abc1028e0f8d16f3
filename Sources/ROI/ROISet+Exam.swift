import Foundation
public import Intake
public import Study
public import Support

extension ROISet {
  /// The ROIs of one exam outside of any study: they are planned and cut as a study's are, in memory, and put into the exam's tables.
  ///
  /// - Throws: `ExamError` where a study would exclude the patient, with the same reason.
  public init(_ exam: ExamStudy) throws {
    let settings = exam.settings.roi
    let plan = try exam.tables.read { try ROIPlan(exam.settings, $0) }
    var crops = Data()
    let made = try ROIBuild.cut(
      plan, settings, in: nil, prepare: { crop in crop.withUnsafeBytes { Data($0) } }, keep: { crops.append($0) })
    let entries = try exam.tables.write { database in
      try made.store(database)
      return try Self.entries(database)
    }
    _ = try exam.remarks()
    self.init(entries, boxSize: settings.boxSize, neighbours: exam.settings.inputs.neighbours ?? 0, crops: crops)
  }

  /// What the ROIs in a study's tables are of, without a look at their crops.
  ///
  /// - Throws: `StudyError` where the study cannot be read.
  public static func entries(of study: StudyFolder) throws(StudyError) -> [Entry] { try study.read(entries) }
}
