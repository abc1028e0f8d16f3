import GRDB
import Imaging
public import Study
import Support

/// One exam that two readers have read, as the list of an adjudicator shows it.
public struct AdjudicationCase: Codable, Equatable, Sendable {
  /// The case's name, such as `adjudication-0001`.
  public var `case`: String
  /// What the readers are called here; their names are not shown.
  public var readers: [String]
  /// The lesions that one of them outlined.
  public var lesions: [String]
  /// The mean Dice coefficient of the slices that one of them outlined, 0...1; nil where there is none.
  public var dice: Double?
  /// Whether the consensus can be changed.
  public var state: CaseState
}

/// What two readers made of an exam, and the consensus so far.
public struct Disagreement: Encodable, Equatable, Sendable {
  /// The case as a reader would see it; its objects are the consensus.
  public var detail: CaseDetail
  /// The two readings.
  public var readings: [AnonymousReading]
  /// The outlined slices of each lesion and series, ascending.
  public var strip: [SliceAgreement]

  /// One reader's objects without the reader's name.
  public struct AnonymousReading: Codable, Equatable, Sendable {
    /// `A` or `B`.
    public var reader: String
    /// What the reader made.
    public var objects: [AnnotationObject]
  }

  /// How far both agree on a slice.
  public struct SliceAgreement: Codable, Equatable, Sendable {
    /// The lesion's name.
    public var lesion: String
    /// The series' number in the case.
    public var series: Int
    /// The slice's number in the series.
    public var slice: Int
    /// The Dice coefficient of the pixels inside, 0...1: 0 where only one of both outlined the slice.
    public var dice: Double
  }

  private enum Key: String, CodingKey { case readings, strip }

  /// Writes the case's own keys, and beside them `readings` and `strip`.
  public func encode(to encoder: any Encoder) throws {
    try detail.encode(to: encoder)
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(readings, forKey: .readings)
    try values.encode(strip, forKey: .strip)
  }
}

extension Disagreement.SliceAgreement {
  /// The agreement of two readings on every slice that one of them outlined.
  static func all(_ first: [AnnotationObject], _ second: [AnnotationObject], _ exam: ExamPlaces) -> [Self] {
    struct Place: Hashable {
      let lesion: String
      let series: Int
      let slice: Int
    }
    func regions(_ objects: [AnnotationObject]) -> [Place: PolygonRegion] {
      let outlines = objects.compactMap(\.outline)
      return Dictionary(grouping: outlines) {
        Place(lesion: exam.canonical($0.lesion), series: $0.series, slice: $0.slice)
      }.mapValues { PolygonRegion($0.map { Polygon(vertices: $0.vertices) }) }
    }
    let (a, b) = (regions(first), regions(second))
    let places = Set(a.keys).union(b.keys).sorted {
      ($0.lesion, $0.series, $0.slice) < ($1.lesion, $1.series, $1.slice)
    }
    return ParallelMap.run(places, chunk: 4) { place in
      var dice = 0.0
      if let one = a[place], let other = b[place], let slice = exam.slice(place.series, place.slice) {
        let masks = [one, other].map { $0.unionMask(columns: slice.columns, rows: slice.rows) }
        let sum = masks[0].count + masks[1].count
        // Outlines so small that no pixel's centre is inside agree where they are the same.
        let both = zip(masks[0].values, masks[1].values).count { $0 && $1 }
        dice = sum == 0 ? (one == other ? 1 : 0) : 2 * Double(both) / Double(sum)
      }
      return Self(lesion: place.lesion, series: place.series, slice: place.slice, dice: dice)
    }
  }
}

/// Which exams are adjudicated, and between whom.
enum Adjudication {
  private static let prefix = "adjudication-"

  /// What an adjudicator calls a consensus.
  static func name(_ number: Int) -> String { prefix + Reading.name(number).dropFirst(5) }
  /// The number in such a name; nil for anything else.
  static func number(_ name: String) -> Int? {
    Int(name.dropFirst(prefix.count)).flatMap { Self.name($0) == name ? $0 : nil }
  }

  private static func key(_ exam: String) -> String { "adjudication of \(exam)" }

  /// Adds a consensus for each exam that two readers have finished, in an order and with A and B drawn from the seed.
  ///
  /// Of more than two readers the first two of that draw are compared, and stay so.
  static func assign(seed: UInt64, _ database: Database) throws {
    let finished = try Reading.fetchAll(
      database,
      sql: """
        SELECT reading.* FROM reading JOIN reader ON reader.id = reading.reader
        WHERE reader.role = 'reader' AND occasion = 1 AND state <> 'open'
          AND studyInstanceUID NOT IN (SELECT studyInstanceUID FROM reading WHERE reader = 'consensus')
        """)
    func draw(_ exam: String, _ reader: String) -> String {
      var encoding = CanonicalEncoding(of: "adjudication", version: 1)
      encoding.field("seed", Int64(bitPattern: seed))
      encoding.field("exam", exam)
      encoding.field("reader", reader)
      return encoding.digest
    }
    let pairs = Dictionary(grouping: finished, by: \.studyInstanceUID).filter { $0.value.count >= 2 }
    guard !pairs.isEmpty else { return }
    try Reader(id: Reader.consensus, role: .consensus).save(database)
    var number =
      try Int.fetchOne(
        database, sql: "SELECT COALESCE(MAX(number), 0) FROM reading WHERE reader = 'consensus'") ?? 0
    for (exam, readings) in pairs.sorted(by: { draw($0.key, "") < draw($1.key, "") }) {
      number += 1
      var consensus = Reading(reader: Reader.consensus, studyInstanceUID: exam, occasion: 1, number: number)
      try consensus.insert(database)
      let readers = readings.map(\.reader).sorted { draw(exam, $0) < draw(exam, $1) }.prefix(2)
      try Setting(key: key(exam), value: readers.joined(separator: "\n")).save(database)
    }
  }

  /// The two readings that a consensus compares, A first; nil where one of them is open again.
  static func pair(of consensus: Reading, _ database: Database) throws -> [Reading]? {
    let names = try Setting.fetchOne(database, key: key(consensus.studyInstanceUID))?.value.split(separator: "\n") ?? []
    let readings = try names.compactMap { reader in
      try Reading.filter(
        Column("reader") == String(reader) && Column("studyInstanceUID") == consensus.studyInstanceUID
          && Column("occasion") == 1 && Column("state") != CaseState.open.rawValue
      ).fetchOne(database)
    }
    return readings.count == 2 ? readings : nil
  }
}

extension AnnotationDesk {
  /// The exams that two readers have finished, for an adjudicator; a person of another role has none.
  ///
  /// - Throws: `DeskError.failed` where the study cannot be read or written.
  public func disagreements(for adjudicator: String) throws(DeskError) -> [AdjudicationCase] {
    let seed = settings.folds.seed
    return try write { database in
      guard try Reader.fetchOne(database, key: adjudicator)?.role == .adjudicator else { return [] }
      try Adjudication.assign(seed: seed, database)
      let all = try Reading.filter(Column("reader") == Reader.consensus).order(Column("number")).fetchAll(database)
      return try all.compactMap { consensus in
        guard let pair = try Adjudication.pair(of: consensus, database),
          let exam = try ExamPlaces(consensus.studyInstanceUID, database)
        else { return nil }
        let strip = Disagreement.SliceAgreement.all(
          try live(pair[0], exam, database), try live(pair[1], exam, database), exam)
        return AdjudicationCase(
          case: Adjudication.name(consensus.number), readers: ["A", "B"], lesions: Set(strip.map(\.lesion)).sorted(),
          dice: strip.isEmpty ? nil : strip.reduce(0) { $0 + $1.dice } / Double(strip.count), state: consensus.state)
      }
    }
  }

  /// What two readers made of an exam, and the consensus so far.
  ///
  /// - Throws: `DeskError.noSuchCase` where the adjudicator has none of that name; `.failed`.
  public func disagreement(_ name: String, by adjudicator: String) throws(DeskError) -> Disagreement {
    let (consensus, exam, revision, all) = try read { database in
      let (consensus, exam, pair) = try adjudicated(name, adjudicator, database)
      let all = try ([consensus] + pair).map { try live($0, exam, database) }
      return (consensus, exam, try consensus.revision(database), all)
    }
    let (series, remarks) = geometry.series(of: exam)
    return Disagreement(
      detail: CaseDetail(
        case: name, state: consensus.state, revision: revision, numbering: exam.numbering(for: consensus),
        roi: .init(box: settings.roi.boxSize, pixelSpacing: settings.roi.resampleTo),
        window: .init(center: settings.roi.windowCentre, width: settings.roi.windowWidth),
        lesions: exam.named(all.flatMap { $0 }), series: series, remarks: remarks, objects: all[0]),
      readings: zip(["A", "B"], all.dropFirst()).map { .init(reader: $0, objects: $1.filter { !$0.isPersonal }) },
      strip: Disagreement.SliceAgreement.all(all[1], all[2], exam))
  }

  /// The file and the frame of a slice of an adjudicated exam.
  ///
  /// - Throws: `DeskError.noSuchCase` where the adjudicator has none of that name, or there is no such slice; `.failed`.
  public func adjudicationSlice(
    _ slice: Int, ofSeries series: Int, case name: String, by adjudicator: String, numbering: String? = nil
  ) throws(DeskError) -> SlicePlace {
    try read { database in
      let (consensus, exam, _) = try adjudicated(name, adjudicator, database)
      try exam.require(numbering, of: consensus)
      guard let place = exam.slice(series, slice) else { throw DeskError.noSuchCase }
      return place
    }
  }

  /// Saves edits of a consensus, as `save` does with a reader's; its outlines are those of the reader `consensus`.
  ///
  /// - Throws: `DeskError` as `save` does.
  public func saveConsensus(
    _ edits: [Edit], case name: String, by adjudicator: String, base: Int, window: String, numbering: String? = nil
  ) throws(DeskError) -> Revision {
    try EditChecks.checkRequest(edits, window)
    return try write { database in
      let (consensus, exam, _) = try adjudicated(name, adjudicator, database)
      return try save(
        edits, of: consensus, exam, base: base, window: window, numbering: numbering, actor: adjudicator, database)
    }
  }

  /// The profile of a consensus.
  ///
  /// - Throws: `DeskError.noSuchCase`; `.failed`.
  public func consensusProfile(case name: String, by adjudicator: String) throws(DeskError) -> CaseProfile {
    let (objects, exam) = try consensusObjects(name, adjudicator)
    return CaseProfile(objects, exam, hounsfield)
  }

  /// Proposals between the slices of a consensus.
  ///
  /// - Throws: `DeskError` as `proposals` does.
  public func consensusProposals(
    case name: String, by adjudicator: String, lesion: String, series: Int
  ) throws(DeskError) -> Proposals {
    let (objects, exam) = try consensusObjects(name, adjudicator)
    return try Proposals(objects, exam, lesion: lesion, series: series)
  }

  /// Finishes a consensus, or opens it again.
  ///
  /// It is done only when it has an outline or an assessment of each lesion, as a reading is.
  /// - Throws: `DeskError` as `setState` does.
  public func setConsensusState(
    _ state: CaseState, case name: String, by adjudicator: String, base: Int, confirmed: [String] = []
  ) throws(DeskError) -> CaseStatus {
    try setState(state, base: base, actor: adjudicator, confirmed: confirmed) { database in
      let (consensus, exam, _) = try adjudicated(name, adjudicator, database)
      return (consensus, exam)
    }
  }

  private func consensusObjects(
    _ name: String, _ adjudicator: String
  ) throws(DeskError) -> ([AnnotationObject], ExamPlaces) {
    try read { database in
      let (consensus, exam, _) = try adjudicated(name, adjudicator, database)
      return (try live(consensus, exam, database), exam)
    }
  }

  private func adjudicated(
    _ name: String, _ adjudicator: String, _ database: Database
  ) throws -> (consensus: Reading, exam: ExamPlaces, pair: [Reading]) {
    guard try Reader.fetchOne(database, key: adjudicator)?.role == .adjudicator,
      let number = Adjudication.number(name),
      let consensus = try Reading.filter(Column("reader") == Reader.consensus && Column("number") == number)
        .fetchOne(database),
      let pair = try Adjudication.pair(of: consensus, database),
      let exam = try ExamPlaces(consensus.studyInstanceUID, database)
    else { throw DeskError.noSuchCase }
    return (consensus, exam, pair)
  }
}

extension AnnotationObject {
  /// Whether it is a setting of the reader, and no finding.
  fileprivate var isPersonal: Bool { if case .keys = content { true } else { false } }
}
