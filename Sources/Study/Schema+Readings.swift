import GRDB

extension Schema {
  /// Readers, what each of them reads, and the journal of what was drawn, which nothing can change afterwards.
  static func addReadings(_ database: Database) throws {
    try database.alter(table: "contour") { table in
      table.add(column: "occasion", .integer).notNull().defaults(to: 1).check { $0 >= 1 }
      table.add(column: "source", .text).notNull().defaults(to: "import").check { ["import", "page"].contains($0) }
    }
    try database.create(indexOn: "contour", columns: ["reader", "annotationID"])
    try database.create(table: "reader") { table in
      table.column("id", .text).primaryKey()
      table.column("role", .text).notNull().check { ["reader", "adjudicator", "owner", "consensus"].contains($0) }
      table.column("password", .text)
    }
    // Exams are named by their UID: the journal outlives the rows of an exam that is imported again.
    try database.create(table: "reading") { table in
      table.autoIncrementedPrimaryKey("id")
      table.column("reader", .text).notNull().references("reader")
      table.column("studyInstanceUID", .text).notNull()
      table.column("occasion", .integer).notNull().check { $0 >= 1 }
      table.column("number", .integer).notNull().check { $0 >= 1 }
      table.column("state", .text).notNull().check { ["open", "done", "locked"].contains($0) }
      table.column("finishedAt", .text)
      table.uniqueKey(["reader", "studyInstanceUID", "occasion"])
      table.uniqueKey(["reader", "number"])
    }
    try database.create(table: "annotationEdit") { table in
      table.primaryKey("sequence", .integer)
      table.column("readingId", .integer).notNull().references("reading")
      table.column("revision", .integer).notNull().check { $0 >= 1 }
      table.column("editId", .text).notNull().unique()
      table.column("objectId", .text)
      table.column("window", .text)
      table.column("actor", .text).notNull()
      table.column("at", .text).notNull()
      table.column("payload", .jsonText).notNull()
      table.column("previous", .text).notNull()
      table.column("hash", .text).notNull()
      table.uniqueKey(["readingId", "revision"])
    }
    try database.create(indexOn: "annotationEdit", columns: ["readingId", "objectId", "revision"])
    for change in ["UPDATE", "DELETE"] {
      try database.execute(
        sql: """
          CREATE TRIGGER annotationEdit\(change) BEFORE \(change) ON annotationEdit BEGIN
            SELECT RAISE(ABORT, 'the journal of annotations is only ever appended to');
          END
          """)
    }
    // REPLACE would delete a row without the trigger above.
    try database.execute(
      sql: """
        CREATE TRIGGER annotationEditINSERT BEFORE INSERT ON annotationEdit
        WHEN NEW.sequence <> 1 + (SELECT COALESCE(MAX(sequence), 0) FROM annotationEdit)
          OR EXISTS (SELECT 1 FROM annotationEdit WHERE editId = NEW.editId)
          OR EXISTS (SELECT 1 FROM annotationEdit WHERE readingId = NEW.readingId AND revision = NEW.revision) BEGIN
          SELECT RAISE(ABORT, 'the journal of annotations is only ever appended to');
        END
        """)
  }
}
