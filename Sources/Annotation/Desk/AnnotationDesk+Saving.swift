import Foundation
import GRDB
import Study
import Support

extension AnnotationDesk {
  /// Saves edits of a case, all of them or none; edits that were saved before are acknowledged again and written once.
  ///
  /// - Parameters:
  ///   - edits: the edits in their order.
  ///   - name: the case.
  ///   - reader: who asks.
  ///   - base: the revision that the page knows.
  ///   - window: the id of the browser's window.
  ///   - numbering: `CaseDetail.numbering` as the page knows it; nil is not checked.
  /// - Returns: the case's revision, and the ids of the edits.
  /// - Throws: `DeskError`: `.conflict` where another window has saved since `base`, `.refused` for an edit that cannot be right,
  ///   `.locked` where the case is not open, `.noSuchCase`, `.failed`.
  public func save(
    _ edits: [Edit], case name: String, reader: String, base: Int, window: String, numbering: String? = nil
  ) throws(DeskError) -> Revision {
    try EditChecks.checkRequest(edits, window)
    return try write { database in
      let (reading, exam) = try opened(name, reader, database)
      return try save(
        edits, of: reading, exam, base: base, window: window, numbering: numbering, actor: reader, database)
    }
  }

  func save(
    _ edits: [Edit], of reading: Reading, _ exam: ExamPlaces, base: Int, window: String, numbering: String?,
    actor: String, _ database: Database
  ) throws -> Revision {
    guard let readingId = reading.id else { throw DeskError.noSuchCase }
    let revision = try reading.revision(database)
    let isNumbered = numbering == nil || numbering == exam.numbering(for: reading)
    var fresh: [(edit: Edit, payload: Journal.Payload)] = []
    var seen: [String: AnnotationObject] = [:]
    for edit in edits {
      if let same = seen[edit.id] {
        guard same == edit.object else { throw EditChecks.reused(edit) }
        continue
      }
      seen[edit.id] = edit.object
      if let stored = try Journal.Entry.filter(Column("editId") == edit.id).fetchOne(database) {
        // With other numbers of slices the content cannot be compared.
        guard stored.readingId == readingId, stored.objectId == edit.object.object,
          try !isNumbered || EditChecks.isSame(stored, edit, exam)
        else { throw EditChecks.reused(edit) }
      } else {
        try exam.require(numbering, of: reading)
        fresh.append((edit, try EditChecks.payload(of: edit, in: exam)))
      }
    }
    let acknowledged = edits.map(\.id)
    guard !fresh.isEmpty else { return Revision(revision: revision, acknowledged: acknowledged) }
    guard reading.state == .open else {
      throw DeskError.locked(
        reading.state == .done
          ? "the case is done; open it again to change it" : "the case is locked; ask the owner of the study to open it"
      )
    }
    guard (0...revision).contains(base) else {
      throw DeskError.refused("the case has no revision \(base); load it again", edit: nil)
    }
    let others = try Journal.objects(readingId, since: base, butFor: window, database)
    guard others.isEmpty else {
      throw DeskError.conflict(revision: revision, objects: others.compactMap(exam.numbered))
    }
    try EditChecks.checkCount(adding: fresh.map(\.edit), to: readingId, database)
    var latest = revision
    for (edit, payload) in fresh {
      latest = try Journal.append(
        payload, to: reading, edit: edit.id, window: window, actor: actor, at: now(), database)
      try DerivedContours.update(payload, of: reading, exam, database)
    }
    return Revision(revision: latest, acknowledged: acknowledged)
  }
}
