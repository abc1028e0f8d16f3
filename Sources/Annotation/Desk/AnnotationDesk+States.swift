import Foundation
import GRDB
import Study
import Support

extension AnnotationDesk {
  /// Finishes a case, or opens a finished one again.
  ///
  /// - Parameters:
  ///   - state: `done` or `open`.
  ///   - name: the case.
  ///   - reader: who asks.
  ///   - base: the revision that the page knows.
  ///   - confirmed: the ids of the profile's warnings that the reader has confirmed.
  /// - Returns: the case's state and revision.
  /// - Throws: `DeskError`: `.conflict` where the case was changed since `base`, `.unconfirmed` where a warning is not confirmed,
  ///   `.refused` where a lesion has neither an outline nor an assessment, `.locked`, `.noSuchCase`, `.failed`.
  public func setState(
    _ state: CaseState, case name: String, reader: String, base: Int, confirmed: [String] = []
  ) throws(DeskError) -> CaseStatus {
    try setState(state, base: base, actor: reader, confirmed: confirmed) { try opened(name, reader, $0) }
  }

  /// The same for the reading that `opened` finds.
  func setState(
    _ state: CaseState, base: Int, actor: String, confirmed: [String],
    _ opened: @Sendable (Database) throws -> (reading: Reading, exam: ExamPlaces)
  ) throws(DeskError) -> CaseStatus {
    guard state != .locked else { throw .refused("a reader sets a case to done or open", edit: nil) }
    guard confirmed.count <= 10_000, confirmed.allSatisfy({ $0.count <= 200 }) else {
      throw .refused("too many warnings are confirmed", edit: nil)
    }
    // Slices are read for the profile before the tables are locked; the revision tells whether it still holds.
    let (profiled, warnings) = state == .done ? try unconfirmed(confirmed, opened) : (base, [])
    return try write { database in
      var (reading, exam) = try opened(database)
      let revision = try reading.revision(database)
      guard reading.state != .locked else {
        throw DeskError.locked("the case is locked; ask the owner of the study to open it")
      }
      guard reading.state != state else { return CaseStatus(state: state, revision: revision) }
      guard base == revision, profiled == revision else {
        let others = try Journal.objects(reading.id ?? 0, since: base, database)
        throw DeskError.conflict(revision: revision, objects: others.compactMap(exam.numbered))
      }
      guard warnings.isEmpty else {
        throw DeskError.unconfirmed(
          warnings.count == 1
            ? "the profile has a warning that is not confirmed"
            : "the profile has \(warnings.count) warnings that are not confirmed", warnings: warnings)
      }
      if state == .done {
        if let lesion = exam.unread(try live(reading, exam, database)) {
          throw DeskError.refused(
            "the lesion \(lesion) has neither an outline nor an assessment; outline it, or state that there is no lesion or that it is "
              + "not assessable", edit: nil)
        }
      }
      let latest = try change(
        &reading, to: state, confirmed: state == .done ? confirmed : nil, actor: actor, reason: nil, database)
      return CaseStatus(state: state, revision: latest)
    }
  }

  /// Locks the finished readings of some readers: from then on only an owner opens them again.
  ///
  /// - Parameters:
  ///   - readers: whose readings; empty for everybody's.
  ///   - owner: who locks them.
  /// - Returns: how many were locked.
  /// - Throws: `DeskError.refused` where a reader is not known, `.failed` where the study cannot be written.
  @discardableResult public func lock(readers: [String] = [], by owner: String) throws(DeskError) -> Int {
    try write { database in
      for reader in readers where try !Reader.exists(database, key: reader) {
        throw DeskError.refused("the study has no reader \(reader)", edit: nil)
      }
      var count = 0
      for var reading in try Reading.filter(Column("state") == CaseState.done.rawValue).fetchAll(database)
      where readers.isEmpty || readers.contains(reading.reader) {
        try change(&reading, to: .locked, confirmed: nil, actor: owner, reason: nil, database)
        count += 1
      }
      return count
    }
  }

  /// Opens a locked case again; the reason stands in the journal.
  ///
  /// - Parameters:
  ///   - name: the case.
  ///   - reader: whose case.
  ///   - owner: who opens it.
  ///   - reason: why, in 1 to 1,000 characters.
  /// - Throws: `DeskError`: `.noSuchCase`, `.refused` where the case is not locked or no reason is given, `.failed`.
  public func reopen(_ name: String, of reader: String, by owner: String, reason: String) throws(DeskError) {
    guard !reason.allSatisfy(\.isWhitespace), reason.count <= 1_000 else {
      throw .refused("a locked case is opened only with a reason of 1 to 1,000 characters", edit: nil)
    }
    try write { database in
      var (reading, _) = try opened(name, reader, database)
      guard reading.state == .locked else {
        throw DeskError.refused("the case is \(reading.state.rawValue), not locked; its reader can open it", edit: nil)
      }
      try change(&reading, to: .open, confirmed: nil, actor: owner, reason: reason, database)
    }
  }

  /// Checks the whole journal: that no entry was changed, added or removed, and that the study's outlines are those that it says.
  ///
  /// - Returns: how many entries there are, and what is wrong, in sentences; empty for nothing.
  /// - Throws: `DeskError.failed` where the study cannot be read.
  public func verify() throws(DeskError) -> (entries: Int, problems: [String]) { try read { try Journal.verify($0) } }

  /// Makes the study's outlines again from the journal.
  ///
  /// - Throws: `DeskError.failed` where the journal is damaged, or the study cannot be written.
  public func repair() throws(DeskError) {
    try write { database in
      let (_, problems) = try Journal.verify(database, withContours: false)
      guard problems.isEmpty else { throw DeskError.failed(problems.joined(separator: "; ")) }
      try DerivedContours.rebuild(database)
    }
  }

  @discardableResult func change(
    _ reading: inout Reading, to state: CaseState, confirmed: [String]?, actor: String, reason: String?,
    _ database: Database
  ) throws -> Int {
    let moment = now()
    let revision = try Journal.append(
      Journal.Payload(state: state, confirmed: confirmed, reason: reason), to: reading,
      edit: UUID().uuidString.lowercased(), window: nil, actor: actor, at: moment, database)
    if state == .done { reading.finishedAt = Moment.text(moment) }
    if state == .open { reading.finishedAt = nil }
    reading.state = state
    try reading.update(database)
    return revision
  }

  /// The revision that the profile was made of, and its warnings that are not confirmed.
  private func unconfirmed(
    _ confirmed: [String], _ opened: @Sendable (Database) throws -> (reading: Reading, exam: ExamPlaces)
  ) throws(DeskError) -> (revision: Int, [ProfileWarning]) {
    let (objects, exam, revision) = try read { database in
      let (reading, exam) = try opened(database)
      return (try live(reading, exam, database), exam, try reading.revision(database))
    }
    let warnings = CaseProfile(objects, exam, hounsfield).lesions.flatMap(\.warnings)
    return (revision, warnings.filter { !confirmed.contains($0.warning) })
  }
}

extension ExamPlaces {
  /// The first lesion with neither an outline nor an assessment; nil where all have one, or the exam was assessed as a whole.
  func unread(_ objects: [AnnotationObject]) -> String? {
    var read: Set<Identifier> = []
    for object in objects {
      switch object.content {
      case .outline(let outline): read.insert(Identifier(outline.lesion))
      case .assessment(let lesion?, _): read.insert(Identifier(lesion))
      case .assessment(nil, let value) where value != .present: return nil
      default: break
      }
    }
    let names = named(objects).map(\.lesion)
    if names.isEmpty && read.isEmpty { return "of this exam" }
    return names.first { !read.contains(Identifier($0)) }
  }
}
