import DICOM
import Foundation
import GRDB
public import Study
public import Support

/// Where readers take their cases, and where what they draw is kept: a study's readings behind one door.
///
/// Every function names the reader who asks, and gives nothing of any other: a case that is another's is an unknown one. Functions may
/// be called from several threads at once. What was saved is on disk when `save` returns.
public struct AnnotationDesk: Sendable {
  /// The study.
  public let study: StudyFolder
  /// The study's protocol, as it was when the desk was opened.
  public let settings: StudyProtocol
  /// The time; tests set it.
  let now: @Sendable () -> Date
  let geometry: ExamGeometry
  /// Reads a slice, and gives nil where it cannot be read; tests set it.
  let hounsfield: @Sendable (SlicePlace) -> CTImage?

  /// Opens the desk of a study.
  ///
  /// - Throws: `StudyError` where the protocol cannot be read, or the study has no images.
  public init(_ study: StudyFolder) throws(StudyError) {
    let folder = study.url
    try self.init(study, now: { Date() }) { place in
      try? DICOMFile.image(at: StudyFolder.file(place.path, in: folder), frame: place.frame)
    }
  }

  init(
    _ study: StudyFolder, now: @escaping @Sendable () -> Date,
    hounsfield: @escaping @Sendable (SlicePlace) -> CTImage? = { _ in nil }
  ) throws(StudyError) {
    try study.requireImages(for: "outlines are drawn on slices")
    self.study = study
    settings = try study.readProtocol()
    self.now = now
    self.hounsfield = hounsfield
    geometry = ExamGeometry(folder: study.url)
  }

  /// What tells this study from others whose page a browser has shown: a random name, made when it is first asked for.
  ///
  /// - Throws: `DeskError.failed` where the study cannot be read or written.
  public func identity() throws(DeskError) -> String {
    @Sendable func known(_ database: Database) throws -> String? {
      try Setting.fetchOne(database, key: "annotations.study")?.value
    }
    if let known = try read(known) { return known }
    return try write { database in
      if let known = try known(database) { return known }
      let made = UUID().uuidString.lowercased()
      try Setting(key: "annotations.study", value: made).save(database)
      return made
    }
  }

  /// The port at which the page was served last: browsers keep unsaved edits by address and port.
  ///
  /// - Throws: `DeskError.failed` where the study cannot be read.
  public func lastPort() throws(DeskError) -> UInt16? {
    try read { try Setting.fetchOne($0, key: "annotations.port").flatMap { UInt16($0.value) } }
  }

  /// Remembers the port at which the page is served.
  ///
  /// - Throws: `DeskError.failed` where the study cannot be written.
  public func remember(port: UInt16) throws(DeskError) {
    guard try lastPort() != port else { return }
    try write { try Setting(key: "annotations.port", value: "\(port)").save($0) }
  }

  /// A reader's cases in the reader's own order; cases that are due are added.
  ///
  /// - Throws: `DeskError.failed` where the study cannot be read or written.
  public func worklist(for reader: String) throws(DeskError) -> [Case] {
    try write { database in
      guard let role = try Reader.fetchOne(database, key: reader)?.role, role == .reader else { return [] }
      try Worklist(settings, now: now()).assign(to: reader, database)
      return try Worklist.cases(of: reader, database)
    }
  }

  /// What a reader sees of a case.
  ///
  /// - Throws: `DeskError.noSuchCase` where the reader has none of that name; `.failed` where the study cannot be read.
  public func detail(of name: String, reader: String) throws(DeskError) -> CaseDetail {
    let (reading, exam, payloads, revision, keys) = try read { database in
      let (reading, exam) = try opened(name, reader, database)
      let payloads = try Journal.objects(reading.id ?? 0, database)
      return (
        reading, exam, payloads, try reading.revision(database), try Self.keys(of: reader, but: reading.id, database)
      )
    }
    let objects = payloads.compactMap(exam.numbered).filter { !$0.isDeleted }
    let (series, remarks) = geometry.series(of: exam)
    return CaseDetail(
      case: reading.name, state: reading.state, revision: revision, numbering: exam.numbering(for: reading),
      roi: .init(box: settings.roi.boxSize, pixelSpacing: settings.roi.resampleTo),
      window: .init(center: settings.roi.windowCentre, width: settings.roi.windowWidth),
      lesions: exam.named(objects), series: series, remarks: remarks,
      objects: objects.contains(where: { if case .keys = $0.content { true } else { false } })
        ? objects : objects + keys)
  }

  /// The file and the frame of a case's slice, by the numbers of its series and of the slice in it.
  ///
  /// - Throws: `DeskError.noSuchCase` where the reader has none of that name, or the case has no such slice; `.refused` where
  ///   `numbering`, as the page has it from `CaseDetail`, no longer holds.
  public func slice(
    _ slice: Int, ofSeries series: Int, case name: String, reader: String, numbering: String? = nil
  ) throws(DeskError) -> SlicePlace {
    try read { database in
      let (reading, exam) = try opened(name, reader, database)
      try exam.require(numbering, of: reading)
      guard let place = exam.slice(series, slice) else { throw DeskError.noSuchCase }
      return place
    }
  }

  /// A reader's own reading and its exam.
  func opened(_ name: String, _ reader: String, _ database: Database) throws -> (reading: Reading, exam: ExamPlaces) {
    let role = try Reader.fetchOne(database, key: reader)?.role
    guard role == .reader, let number = Int(name.dropFirst(5)), Reading.name(number) == name,
      let reading = try Reading.filter(Column("reader") == reader && Column("number") == number).fetchOne(database),
      let exam = try ExamPlaces(reading.studyInstanceUID, database)
    else { throw DeskError.noSuchCase }
    return (reading, exam)
  }

  /// What a reading's objects are now, without deleted ones.
  func live(_ reading: Reading, _ exam: ExamPlaces, _ database: Database) throws -> [AnnotationObject] {
    try Journal.objects(reading.id ?? 0, database).compactMap(exam.numbered).filter { !$0.isDeleted }
  }

  /// The keys that a reader chose last in another case, which hold in all of them.
  private static func keys(of reader: String, but reading: Int64?, _ database: Database) throws -> [AnnotationObject] {
    let entry = try Journal.Entry.fetchOne(
      database,
      sql: """
        SELECT annotationEdit.* FROM annotationEdit JOIN reading ON reading.id = readingId
        WHERE reader = ? AND readingId IS NOT ? AND json_extract(payload, '$.object.kind') = 'keys'
        ORDER BY sequence DESC LIMIT 1
        """, arguments: [reader, reading])
    return try entry.flatMap { try $0.decoded().object }.map { $0.isDeleted ? [] : [$0] } ?? []
  }

  func read<T: Sendable>(_ body: @Sendable (Database) throws -> T) throws(DeskError) -> T {
    do { return try study.tables.database.read(body) } catch { throw Self.failure(error) }
  }

  /// Changes the tables in one transaction, which is on disk when this returns.
  func write<T: Sendable>(_ body: @Sendable (Database) throws -> T) throws(DeskError) -> T {
    do { return try study.tables.database.write(body) } catch { throw Self.failure(error) }
  }

  private static func failure(_ error: any Error) -> DeskError {
    switch error {
    case let error as DeskError: error
    case let error as StudyError: .failed(error.description)
    default: .failed("study.sqlite cannot be read or written: \(error). Nothing of this request was kept.")
    }
  }
}

extension ExamPlaces {
  /// Pathology's lesions, and those that the reader's objects name besides.
  func named(_ objects: [AnnotationObject]) -> [CaseDetail.NamedLesion] {
    var names = lesions.map { CaseDetail.NamedLesion(lesion: $0.name, isFromPathology: true) }
    for name in objects.compactMap(\.lesion)
    where !names.contains(where: { Identifier($0.lesion) == Identifier(name) }) {
      names.append(CaseDetail.NamedLesion(lesion: name, isFromPathology: false))
    }
    return names
  }
}
