public import GRDB
public import Support

/// A person, known by a code that identifies nobody.
public struct Patient: Codable, Equatable, Sendable, FetchableRecord, MutablePersistableRecord {
  /// The table's key.
  public var id: Int64?
  /// What the study calls the patient in results.
  public var code: String
  /// The PatientID in the files; never shown unless the protocol says that it is a code.
  public var sourceID: String

  /// Makes a row from its columns; `id` is nil until it is inserted.
  public init(id: Int64? = nil, code: String, sourceID: String) {
    (self.id, self.code, self.sourceID) = (id, code, sourceID)
  }

  /// Takes over the key that SQLite gave.
  public mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }
}

/// A DICOM study of one patient.
public struct Exam: Codable, Equatable, Sendable, FetchableRecord, MutablePersistableRecord {
  /// The table's key.
  public var id: Int64?
  /// The patient's key.
  public var patientId: Int64
  /// DICOM (0020,000D).
  public var studyInstanceUID: String

  /// Makes a row from its columns; `id` is nil until it is inserted.
  public init(id: Int64? = nil, patientId: Int64, studyInstanceUID: String) {
    (self.id, self.patientId, self.studyInstanceUID) = (id, patientId, studyInstanceUID)
  }

  /// Takes over the key that SQLite gave.
  public mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }
}

/// A DICOM series of one exam.
public struct Series: Codable, Equatable, Sendable, FetchableRecord, MutablePersistableRecord {
  /// The table's key.
  public var id: Int64?
  /// The exam's key.
  public var examId: Int64
  /// DICOM (0020,000E).
  public var seriesInstanceUID: String
  /// DICOM (0008,103E).
  public var description: String?
  /// DICOM (0020,0052), where all slices agree; nil in studies of versions that did not keep it.
  public var frameOfReferenceUID: String?

  /// Makes a row from its columns; `id` is nil until it is inserted.
  public init(
    id: Int64? = nil, examId: Int64, seriesInstanceUID: String, description: String?, frameOfReferenceUID: String? = nil
  ) {
    (self.id, self.examId, self.seriesInstanceUID, self.description) = (id, examId, seriesInstanceUID, description)
    self.frameOfReferenceUID = frameOfReferenceUID
  }

  /// The table's name.
  public static let databaseTableName = "series"

  /// Takes over the key that SQLite gave.
  public mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }
}

/// One axial image of a series.
public struct SliceRecord: Codable, Equatable, Sendable, FetchableRecord, MutablePersistableRecord {
  /// The table's key.
  public var id: Int64?
  /// The series' key.
  public var seriesId: Int64
  /// DICOM (0008,0018).
  public var sopInstanceUID: String
  /// The frame within the instance, from 0.
  public var frame: Int
  /// The file, relative to the study folder; absolute where there is none and the slices stay where they lie.
  public var path: String
  /// The place in the series along its normal, from 0.
  public var ordinal: Int
  /// Pixels per row.
  public var columns: Int
  /// Pixels per column.
  public var rows: Int
  /// The distance of two rows in mm.
  public var rowSpacing: Double?
  /// The distance of two columns in mm.
  public var columnSpacing: Double?

  /// Makes a row from its columns; `id` is nil until it is inserted.
  public init(
    id: Int64? = nil, seriesId: Int64, sopInstanceUID: String, frame: Int, path: String, ordinal: Int, columns: Int,
    rows: Int, rowSpacing: Double?, columnSpacing: Double?
  ) {
    (self.id, self.seriesId, self.sopInstanceUID, self.frame) = (id, seriesId, sopInstanceUID, frame)
    (self.path, self.ordinal, self.columns, self.rows) = (path, ordinal, columns, rows)
    (self.rowSpacing, self.columnSpacing) = (rowSpacing, columnSpacing)
  }

  /// The table's name.
  public static let databaseTableName = "slice"

  /// Takes over the key that SQLite gave.
  public mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }
}

/// A tumour of one patient, with its grade from pathology.
public struct Lesion: Codable, Equatable, Sendable, FetchableRecord, MutablePersistableRecord {
  /// The table's key.
  public var id: Int64?
  /// The patient's key.
  public var patientId: Int64
  /// The lesion's name, unique within the patient.
  public var name: String
  /// The grade, 1...4.
  public var grade: Grade
  /// The pathology table's further columns.
  public var attributes: [String: String]

  /// Makes a row from its columns; `id` is nil until it is inserted.
  public init(id: Int64? = nil, patientId: Int64, name: String, grade: Grade, attributes: [String: String]) {
    (self.id, self.patientId, self.name) = (id, patientId, name)
    (self.grade, self.attributes) = (grade, attributes)
  }

  /// Takes over the key that SQLite gave.
  public mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }
}

/// Something that the study leaves out, or takes with a remark, and why.
public struct SetAside: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
  /// The step of the study that found it; repeating the step replaces its entries.
  public enum Stage: String, Codable, Sendable, CaseIterable {
    /// Reading CT slices.
    case dicom
    /// Reading the pathology table.
    case pathology
    /// Telling phases and applying the selection rules.
    case cohort
    /// Reading contours.
    case contours
    /// Making ROIs.
    case rois
  }

  /// The step that found it.
  public var stage: Stage
  /// The file or folder that was read; reading it again replaces its entries.
  public var source: String
  /// The patient concerned; nil where the file does not say.
  public var patientCode: String?
  /// Whether the patient is left out of the study for it.
  public var excludes: Bool
  /// The file, line, series or annotation concerned.
  public var subject: String
  /// What was expected, what was found.
  public var reason: String

  /// Makes an entry from its parts.
  public init(
    stage: Stage, source: String = "", patientCode: String?, excludes: Bool, subject: String, reason: String
  ) {
    self.stage = stage
    self.source = source
    self.patientCode = patientCode
    self.excludes = excludes
    self.subject = subject
    self.reason = reason
  }
}

extension Database {
  /// Replaces what `stage` set aside: all of it, or only what it found in `source`.
  public func replaceSetAside(of stage: SetAside.Stage, from source: String? = nil, with entries: [SetAside]) throws {
    var former = SetAside.filter(Column("stage") == stage.rawValue)
    if let source { former = former.filter(Column("source") == source) }
    try former.deleteAll(self)
    for entry in entries { try entry.insert(self) }
  }

  /// The codes of the patients that some step before `stage` has excluded.
  public func excludedPatientCodes(before stage: SetAside.Stage) throws -> Set<String> {
    try String.fetchSet(
      self, sql: "SELECT DISTINCT patientCode FROM setAside WHERE excludes AND patientCode IS NOT NULL AND stage <> ?",
      arguments: [stage.rawValue])
  }
}

extension StudyFolder {
  /// The name of the `Setting` that an import leaves where an image says of itself that it was made and not taken.
  public static let syntheticKey = "images.synthetic"
  /// The name of the `Setting` with the value that `pathology.patientIDs` had when images were imported.
  public static let patientIDsKey = "pathology.patientIDs"

  /// Whether any imported image says of itself that it was made and not taken (SyntheticData, (0008,001C)).
  public func isSynthetic() throws(StudyError) -> Bool {
    try read { try Setting.fetchOne($0, key: Self.syntheticKey) != nil }
  }
}

/// A fact about the study as a whole.
public struct Setting: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
  /// Its name.
  public var key: String
  /// Its value.
  public var value: String

  /// States `key` to be `value`.
  public init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}
