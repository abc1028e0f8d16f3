import GRDB
public import Study
public import Support

/// What a reading on the page says of its exam's lesions, by its journal.
public struct ReadingFindings: Equatable, Sendable {
  /// What a reading says of one of pathology's lesions.
  public struct Lesion: Equatable, Sendable {
    /// The lesion's name in pathology's list.
    public let name: String
    /// What the reading says, where an outline means `present`; nil where it says nothing, or contradicts itself.
    public let verdict: AnnotationObject.Assessment?
  }

  /// A lesion that the reader outlined and pathology does not list.
  public struct Added: Equatable, Sendable {
    /// The reader's name for it.
    public let name: String
    /// How many slices are outlined.
    public let slices: Int
  }

  /// A diameter that the reader drew.
  public struct Diameter: Equatable, Sendable {
    /// The lesion's name.
    public let lesion: String
    /// The series' DICOM UID.
    public let series: String
    /// The longest that the reader drew of the lesion on the series, in mm.
    public let millimetres: Double
  }

  /// The reader's id; `Reader.consensus` for an adjudicated consensus.
  public let reader: String
  /// 1 for the first time, 2 for a hidden repeat.
  public let occasion: Int
  /// The patient's code.
  public let patient: String
  /// The exam's DICOM UID.
  public let exam: String
  /// Whether the reader has finished the case.
  public let isFinished: Bool
  /// Pathology's lesions of the patient.
  public let lesions: [Lesion]
  /// Lesions that pathology does not list.
  public let added: [Added]
  /// The longest drawn diameter of each lesion and series that has one.
  public let diameters: [Diameter]

  /// All readings of the study's exams, by reader, exam and occasion; excluded patients take no part.
  ///
  /// - Throws: `StudyError` where the study cannot be read.
  public static func all(in study: StudyFolder) throws(StudyError) -> [ReadingFindings] {
    try study.read { database in
      let excluded = try database.excludedPatientCodes(before: .rois)
      let readings = try Reading.fetchAll(
        database, sql: "SELECT * FROM reading ORDER BY reader, studyInstanceUID, occasion")
      var exams: [String: ExamPlaces] = [:]
      return try readings.compactMap { reading in
        let known = try exams[reading.studyInstanceUID] ?? ExamPlaces(reading.studyInstanceUID, database)
        guard let exam = known, !excluded.contains(exam.patientCode) else { return nil }
        exams[reading.studyInstanceUID] = exam
        let objects = try Journal.objects(reading.id ?? 0, database).compactMap(exam.numbered)
        return ReadingFindings(reading, exam, objects.filter { !$0.isDeleted })
      }
    }
  }

  private init(_ reading: Reading, _ exam: ExamPlaces, _ objects: [AnnotationObject]) {
    (reader, occasion, self.exam) = (reading.reader, reading.occasion, reading.studyInstanceUID)
    patient = exam.patientCode
    isFinished = reading.state != .open
    let outlines = Dictionary(grouping: objects.compactMap(\.outline)) { Identifier($0.lesion) }
    let assessments = objects.compactMap { object -> (lesion: Identifier?, value: AnnotationObject.Assessment)? in
      guard case .assessment(let lesion, let value) = object.content else { return nil }
      return (lesion.map(Identifier.init), value)
    }
    // "Present" of the whole exam does not say which lesion.
    let ofExam = Set(assessments.filter { $0.lesion == nil && $0.value != .present }.map(\.value))
    lesions = exam.lesions.map { lesion in
      let name = Identifier(lesion.name)
      let own = Set(assessments.filter { $0.lesion == name }.map(\.value))
      let said = (own.isEmpty ? ofExam : own).union(outlines[name] == nil ? [] : [.present])
      return Lesion(name: lesion.name, verdict: said.count == 1 ? said.first : nil)
    }
    added = outlines.filter { name, _ in !exam.lesions.contains { Identifier($0.name) == name } }
      .map { _, drawn in
        Added(name: drawn[0].lesion, slices: Set(drawn.map { [$0.series, $0.slice] }).count)
      }.sorted { $0.name < $1.name }
    var longest: [[String]: Double] = [:]
    for object in objects {
      guard case .diameter(let drawn) = object.content, drawn.ends.count == 2,
        let slice = exam.slice(drawn.series, drawn.slice), let row = slice.rowSpacing, let column = slice.columnSpacing
      else { continue }
      let offset = (drawn.ends[1] - drawn.ends[0]) * SIMD2(column, row)
      let key = [exam.canonical(drawn.lesion), slice.seriesInstanceUID]
      longest[key] = max(longest[key] ?? 0, (offset * offset).sum().squareRoot())
    }
    diameters = longest.map { Diameter(lesion: $0.key[0], series: $0.key[1], millimetres: $0.value) }
      .sorted { ($0.lesion, $0.series) < ($1.lesion, $1.series) }
  }
}
