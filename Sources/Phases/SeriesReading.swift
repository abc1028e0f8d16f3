import DICOM
public import Foundation
public import GRDB
public import Study
public import Support

/// What a study's series was found to be.
public struct SeriesReading: Codable, Equatable, Sendable {
  /// The patient's code.
  public let patientCode: String
  /// StudyInstanceUID.
  public let examUID: String
  /// AcquisitionDate of the first slice, YYYYMMDD.
  public let date: String?
  /// SeriesInstanceUID.
  public let uid: String
  /// SeriesNumber.
  public let number: Int?
  /// SeriesDescription.
  public let description: String?
  /// What becomes of it.
  public var fate: SeriesFate
  /// Its phase and why; nil where it is set aside.
  public let decision: PhaseDecision?
  /// The study's key of the series.
  let seriesId: Int64

  /// Its phase, where it has one.
  public var phase: Phase? { decision?.phase }
}

/// A row of the study's table of phases.
public struct SeriesPhase: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
  /// The series' key.
  public var seriesId: Int64
  /// The phase; nil where the series is set aside.
  public var phase: Phase?
  /// How sure it is, 0...1.
  public var confidence: Double
  /// Whether the series is used for its phase.
  public var isUsed: Bool
  /// Why, in sentences.
  public var reasons: [String]
}

/// Determines the phases of a study's series.
public enum StudyPhases {
  /// Slices that are read of each series: enough for the median of every measure.
  static let sampleSize = 12

  /// Reads headers and a sample of the pixels of all series, tells their phases, and chooses one series for each.
  ///
  /// Exams are read on all cores, one at a time on each; a series whose slices cannot be read is set aside.
  /// - Throws: `StudyError` where the study cannot be read.
  public static func read(
    _ study: StudyFolder, rules: StudyProtocol.Cohort.Series, overrides: PhaseOverrides = PhaseOverrides(),
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(StudyError) -> [SeriesReading] {
    try read(study.tables, in: study.url, rules: rules, overrides: overrides, progress: progress)
  }

  /// The same of some tables; `folder` is the study's, nil where slices have absolute paths.
  public static func read(
    _ tables: StudyTables, in folder: URL?, rules: StudyProtocol.Cohort.Series,
    overrides: PhaseOverrides = PhaseOverrides(), progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(StudyError) -> [SeriesReading] {
    let exams = try tables.read(ExamFiles.all)
    let reader = ExamReader(folder: folder, rules: rules, overrides: overrides)
    return ParallelMap.run(exams, reader.read) { progress?($0, exams.count) }.flatMap { $0 }
  }

  /// Keeps the readings in the table of phases.
  public static func store(_ readings: [SeriesReading], _ database: Database) throws {
    try SeriesPhase.deleteAll(database)
    for reading in readings {
      try SeriesPhase(
        seriesId: reading.seriesId, phase: reading.phase, confidence: reading.decision?.confidence ?? 0,
        isUsed: reading.fate == .used, reasons: reading.decision?.reasons ?? [reading.fate.reason ?? ""]
      ).insert(database)
    }
  }

  /// Keeps the readings in the study's table of phases and in `cohort/phases.csv`, and lists what needs a look.
  public static func store(_ readings: [SeriesReading], in study: StudyFolder) throws(StudyError) {
    try study.write { database in
      try store(readings, database)
      let remarks = readings.flatMap { reading in
        let reasons =
          if case .setAside(_, let reason) = reading.fate { [reason] } else { reading.decision?.doubts ?? [] }
        return reasons.map {
          SetAside(
            stage: .cohort, source: "phases", patientCode: reading.patientCode, excludes: false,
            subject: "series \(reading.uid)", reason: $0)
        }
      }
      try database.replaceSetAside(of: .cohort, from: "phases", with: remarks)
    }
    try AtomicFile.write(csv(readings), to: try study.cohortFile("phases.csv"))
  }

  /// The readings as a table that a person can correct and `PhaseOverrides` reads.
  public static func csv(_ readings: [SeriesReading]) -> String {
    let header = [
      "patient", "exam_date", "series", "number", "description", "use", "phase", "confidence", "reasons", "doubts",
    ]
    let rows = readings.map { reading in
      let use =
        switch reading.fate {
        case .used: "used"
        case .spare(let reason): "spare: \(reason)"
        case .setAside(_, let reason): "set aside: \(reason)"
        }
      return [
        reading.patientCode, reading.date ?? "", reading.uid, reading.number.map(String.init) ?? "",
        reading.description ?? "", use, reading.phase?.rawValue ?? "",
        reading.decision.map { String(format: "%.3f", $0.confidence) } ?? "",
        reading.decision?.reasons.joined(separator: "; ") ?? "", reading.decision?.doubts.joined(separator: "; ") ?? "",
      ]
    }
    return DelimitedTable.text([header] + rows)
  }
}
