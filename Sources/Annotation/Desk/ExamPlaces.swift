import GRDB
import Study
import Support

/// An exam's series, slices and lesions as the tables hold them, in the order in which a case numbers them.
struct ExamPlaces: Sendable {
  /// The patient's code.
  let patientCode: String
  /// The slices of each series, ascending; series in the order in which they were imported, so that a new one changes no number.
  let series: [[SlicePlace]]
  /// The phase of each series.
  let phases: [Phase?]
  /// Pathology's lesions in the order of their keys.
  let lesions: [(id: Int64, name: String)]
  private let numbers: [Journal.Place: (series: Int, slice: Int)]

  /// The exam of that UID; nil where the study has no slices of it.
  init?(_ studyInstanceUID: String, _ database: Database) throws {
    let places = try SlicePlace.all(ofExam: studyInstanceUID, database)
    guard let first = places.first else { return nil }
    patientCode = first.patientCode
    let groups = Dictionary(grouping: places, by: \.seriesId).sorted { $0.key < $1.key }
    series = groups.map { $0.value.sorted { $0.ordinal < $1.ordinal } }
    let known = Dictionary(
      uniqueKeysWithValues: try Row.fetchAll(
        database,
        sql: """
          SELECT seriesId, phase FROM seriesPhase JOIN series ON series.id = seriesId JOIN exam ON exam.id = series.examId
          WHERE phase IS NOT NULL AND exam.studyInstanceUID = ?
          """, arguments: [studyInstanceUID]
      ).map { ($0[0] as Int64, Phase(rawValue: $0[1])) })
    phases = groups.map { known[$0.key] ?? nil }
    lesions = try Row.fetchAll(
      database,
      sql: """
        SELECT lesion.id, lesion.name FROM lesion JOIN exam ON exam.patientId = lesion.patientId
        WHERE exam.studyInstanceUID = ? ORDER BY lesion.id
        """, arguments: [studyInstanceUID]
    ).map { ($0[0], $0[1]) }
    var numbers: [Journal.Place: (series: Int, slice: Int)] = [:]
    for (number, slices) in series.enumerated() {
      for (slice, place) in slices.enumerated() {
        numbers[Self.key(Self.place(of: place))] = (number, slice)
        if slice == 0 { numbers[Journal.Place(series: place.seriesInstanceUID)] = (number, 0) }
      }
    }
    self.numbers = numbers
  }

  private static func place(of slice: SlicePlace) -> Journal.Place {
    Journal.Place(series: slice.seriesInstanceUID, instance: slice.sopInstanceUID, frame: slice.frame)
  }

  /// What finds a place: slices by their instance alone, since another import may join or part their series.
  private static func key(_ place: Journal.Place) -> Journal.Place {
    place.instance == nil ? place : Journal.Place(series: "", instance: place.instance, frame: place.frame)
  }

  /// The slice by its numbers; nil where there is none.
  func slice(_ series: Int, _ slice: Int) -> SlicePlace? {
    self.series.indices.contains(series) && self.series[series].indices.contains(slice)
      ? self.series[series][slice] : nil
  }

  /// The slice at a place of the journal; nil where the study no longer has it.
  func slice(at place: Journal.Place) -> SlicePlace? { numbers[Self.key(place)].flatMap { slice($0.series, $0.slice) } }

  /// The place of a slice, or of a series, by its numbers; nil where there is none.
  func place(series: Int, slice: Int?) -> Journal.Place? {
    guard let slice else { return self.slice(series, 0).map { Journal.Place(series: $0.seriesInstanceUID) } }
    return self.slice(series, slice).map(Self.place)
  }

  /// The key of pathology's lesion of that name; nil for a lesion that the reader added.
  func lesionId(named name: String) -> Int64? {
    lesions.first { Identifier($0.name) == Identifier(name) }?.id
  }

  /// Stands for the numbers of series and slices as this case has them now: another import may change them.
  ///
  /// It is the reading's own, so that it does not tell which other case shows the same exam.
  func numbering(for reading: Reading) -> String {
    var encoding = CanonicalEncoding(of: "numbering of slices", version: 1)
    encoding.field("reader", reading.reader)
    encoding.field("number", reading.number)
    for (number, slices) in series.enumerated() {
      encoding.field("series", number)
      encoding.field("slices", slices.map { "\($0.sopInstanceUID) \($0.frame)" })
    }
    return String(encoding.digest.prefix(16))
  }

  /// Throws where a page has other numbers of slices than the case has now; nil for one that has just asked.
  func require(_ numbering: String?, of reading: Reading) throws(DeskError) {
    guard numbering == nil || numbering == self.numbering(for: reading) else {
      throw .refused(
        "the study's images were imported again after this case was opened, and its slices have other numbers now: load the "
          + "page again", edit: nil)
    }
  }

  /// The object with the numbers that its place has now; nil where the study no longer has its slice.
  func numbered(_ payload: Journal.Payload) -> AnnotationObject? {
    guard var object = payload.object else { return nil }
    guard let place = payload.place else { return object }
    guard let (series, slice) = numbers[Self.key(place)] else { return nil }
    switch object.content {
    case .outline(var outline):
      (outline.series, outline.slice) = (series, slice)
      object.content = .outline(outline)
    case .diameter(var diameter):
      (diameter.series, diameter.slice) = (series, slice)
      object.content = .diameter(diameter)
    case .offset(_, let millimetres): object.content = .offset(series: series, millimetres: millimetres)
    case .lesion, .assessment, .note, .keys: break
    }
    return object
  }
}
