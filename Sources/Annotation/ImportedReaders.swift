import GRDB
import Study
import Support

/// The readers whose contours a file carries: what the study had of them from files before gives way, and nothing else.
struct ImportedReaders {
  private let readers: Set<String>

  init(_ contours: [Contour]) { readers = Set(contours.map(\.reader)) }

  init(reader: String) { readers = [reader] }

  /// What entries of the whole file name as their source: the readers, one in a line; empty for a file without contours.
  var source: String { readers.sorted().joined(separator: "\n") }

  /// Removes these readers' imported contours, and the outlines that were carried from them.
  ///
  /// - Returns: how many carried outlines were removed.
  /// - Throws: `StudyError` where one of the readers outlines on the page; SQLite's error where the tables cannot be written.
  @discardableResult func removeFormer(_ database: Database) throws -> Int {
    // A person who may outline on the page is a reader of the study, also before the first outline.
    if let reader = try Reader.fetchAll(database).map(\.id).sorted().first(where: readers.contains) {
      throw StudyError(
        .file,
        "the file carries outlines of the reader \(reader), who outlines in RenalGrade: an import replaces nothing that was drawn there. "
          + "Rename the reader in the file, then import it again")
    }
    var carried = 0
    for reader in readers.sorted() {
      carried += try CarriedOutline.removeAll(database, of: reader)
      try StoredContour.filter(Column("reader") == reader && Column("source") == StoredContour.Source.import.rawValue)
        .deleteAll(database)
    }
    return carried
  }

  /// Forgets what was set aside of these readers' files, and their settings.
  func forget(_ database: Database) throws {
    try store([], nil, database)
    for reader in readers { try ContourSettings.forget(reader, database) }
  }

  /// Keeps what was set aside in place of what earlier files of these readers had, and with what settings they were read.
  ///
  /// Entries without a source, of any file, concern all readers together and are replaced by each import.
  func store(_ entries: [SetAside], _ settings: ContourSettings?, _ database: Database) throws {
    let former = try String.fetchSet(
      database, sql: "SELECT DISTINCT source FROM setAside WHERE stage = ?",
      arguments: [SetAside.Stage.contours.rawValue])
    for source in former
    where source.isEmpty || !readers.isDisjoint(with: source.split(separator: "\n").map(String.init)) {
      try database.replaceSetAside(of: .contours, from: source, with: [])
    }
    for entry in entries { try entry.insert(database) }
    try settings?.store(of: readers, database)
  }
}
