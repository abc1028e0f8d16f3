import Foundation
import Intake
import LesionFeatures
import Phases
public import ROI
public import Study
import Support

/// What a run's models predict: examples of each kind that they ask for.
public protocol PredictedExamples {
  /// The examples of the kind that a protocol asks for.
  ///
  /// - Throws: `StudyError` where what they are made of is missing.
  func examples(_ settings: StudyProtocol) throws -> ExampleSet

  /// Takes sentences on what is worth knowing of the examples.
  func remark(_ sentences: [String])
}

/// An exam as the examples of one patient, made by the code that makes a study's.
///
/// Not `Sendable`: its files may be there for as long only as the exam is read.
public final class ExamExamples: PredictedExamples {
  private let exam: ExamStudy
  private let ownROIs: ROISet?
  private var made: [StudyProtocol.ExampleKind: ExampleSet] = [:]
  /// Sentences on what examples could not be made of, and what is worth knowing.
  private(set) var notes: [String] = []

  /// Determines the phases of the exam's series where `needsPhases`, and cuts its ROIs.
  ///
  /// - Throws: `ExamError` where a study would exclude the patient.
  init(_ exam: ExamStudy, _ settings: StudyProtocol, needsPhases: Bool) throws {
    self.exam = exam
    guard exam.hasImages else {
      ownROIs = nil
      return
    }
    if needsPhases {
      let readings = try StudyPhases.read(exam.tables, in: nil, rules: settings.cohort?.series ?? .init())
      try exam.tables.write { try StudyPhases.store(readings, $0) }
      notes += readings.flatMap { reading in
        (reading.decision?.doubts ?? []).map { "The series in the \(reading.phase?.name ?? "unknown") phase: \($0)." }
      }
    }
    ownROIs = try ROISet(exam)
  }

  /// The exam as examples of the kind that a protocol asks for; made once.
  ///
  /// - Throws: `StudyError` where the exam lacks what they are made of.
  public func examples(_ settings: StudyProtocol) throws -> ExampleSet {
    let kind = settings.inputs.examples
    if let set = made[kind] { return set }
    let set = try ExampleSet(of: self, settings)
    remark(set.notes)
    made[kind] = set
    return set
  }

  /// Adds sentences on what is worth knowing of the examples, each once.
  public func remark(_ sentences: [String]) { notes += sentences.filter { !notes.contains($0) } }

  /// The ROIs; none where there are no images.
  var entries: [ROISet.Entry] { ownROIs?.entries ?? [] }
}

extension ExamExamples: ExampleSource {
  var wording: ExampleWording { .exam }
  func hasImages() -> Bool { exam.hasImages }

  func rois() throws -> ROISet {
    guard let ownROIs else { throw Self.noImages }
    return ownROIs
  }

  /// Outlines of an exam are used as they were drawn.
  func carriedOutlines() -> [CarriedOutlines.Entry] { [] }

  func lesions(_ settings: StudyProtocol) throws -> [RunLesion] {
    var settings = settings
    // Whether the patient belongs to the cohort is not asked.
    settings.cohort = nil
    return try RunLesion.all(exam.tables, in: nil, settings, extents: LesionExtent.all(exam.tables))
  }

  func features(
    _ settings: StudyProtocol, progress: @escaping @Sendable (Int, Int) -> Void
  ) throws -> LesionFeatureTable {
    guard exam.hasImages, let radiomics = settings.radiomics else { throw Self.noImages }
    let lesions = try exam.tables.read { [exam] in try OutlinedLesion.all($0, exam.settings, folder: nil) }
    let table = LesionFeatureTable(
      lesions, radiomics, by: try RadiomicsExtraction(radiomics), store: nil, progress: progress)
    let remarks = table.remarks.map { "Lesion \($0.lesion): \($0.reason)." }
    guard !table.columns.isEmpty else {
      throw StudyError(.file, "the exam has no radiomic features to predict by. \(remarks.joined(separator: " "))")
    }
    notes += remarks
    return table
  }

  /// A model's features were chosen when it was fitted.
  func secondFeatures(
    _ settings: StudyProtocol, progress: @escaping @Sendable (Int, Int) -> Void
  ) throws -> LesionFeatureTable? { nil }

  private static let noImages = StudyError(
    .file, "the run's models need the exam's images: give its DICOM files (--dicom) and contours (--contours)")
}
