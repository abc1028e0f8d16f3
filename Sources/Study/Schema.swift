import GRDB

/// The study's tables.
///
/// Migrations are only ever appended; what must hold is a constraint.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1: patients to ROIs") { database in
      try database.create(table: "patient") { table in
        table.autoIncrementedPrimaryKey("id")
        table.column("code", .text).notNull().unique()
        table.column("sourceID", .text).notNull().unique()
      }
      try database.create(table: "exam") { table in
        table.autoIncrementedPrimaryKey("id")
        table.belongsTo("patient", onDelete: .cascade).notNull()
        table.column("studyInstanceUID", .text).notNull().unique()
      }
      try database.create(table: "series") { table in
        table.autoIncrementedPrimaryKey("id")
        table.belongsTo("exam", onDelete: .cascade).notNull()
        table.column("seriesInstanceUID", .text).notNull().unique()
        table.column("description", .text)
      }
      try database.create(table: "slice") { table in
        table.autoIncrementedPrimaryKey("id")
        table.belongsTo("series", onDelete: .cascade).notNull()
        table.column("sopInstanceUID", .text).notNull()
        table.column("frame", .integer).notNull().check { $0 >= 0 }
        table.column("path", .text).notNull()
        table.column("ordinal", .integer).notNull().check { $0 >= 0 }
        table.column("columns", .integer).notNull().check { $0 > 0 }
        table.column("rows", .integer).notNull().check { $0 > 0 }
        table.column("rowSpacing", .double)
        table.column("columnSpacing", .double)
        table.uniqueKey(["sopInstanceUID", "frame"])
      }
      try database.create(table: "lesion") { table in
        table.autoIncrementedPrimaryKey("id")
        table.belongsTo("patient", onDelete: .cascade).notNull()
        table.column("name", .text).notNull()
        table.column("grade", .integer).notNull().check { (1...4).contains($0) }
        table.column("attributes", .jsonText).notNull()
        table.uniqueKey(["patientId", "name"])
      }
      try database.create(table: "contour") { table in
        table.autoIncrementedPrimaryKey("id")
        table.belongsTo("slice", onDelete: .cascade).notNull()
        table.belongsTo("lesion", onDelete: .cascade).notNull()
        table.column("reader", .text).notNull()
        table.column("annotationID", .text).notNull()
        table.column("vertices", .jsonText).notNull()
      }
      try database.create(table: "roi") { table in
        table.column("ordinal", .integer).primaryKey()
        table.belongsTo("slice", onDelete: .cascade).notNull()
        table.belongsTo("lesion", onDelete: .cascade).notNull()
        table.column("reader", .text).notNull()
        table.column("pixelHash", .text).notNull()
        table.column("contour", .jsonText).notNull()
        table.uniqueKey(["sliceId", "lesionId"])
      }
      try database.create(table: "setAside") { table in
        table.autoIncrementedPrimaryKey("id")
        table.column("stage", .text).notNull()
        table.column("source", .text).notNull()
        table.column("patientCode", .text)
        table.column("excludes", .boolean).notNull()
        table.column("subject", .text).notNull()
        table.column("reason", .text).notNull()
      }
      try database.create(table: "setting") { table in
        table.column("key", .text).primaryKey()
        table.column("value", .text).notNull()
      }
    }
    migrator.registerMigration("cohort: the phase of each series") { database in
      try database.create(table: "seriesPhase") { table in
        table.primaryKey("seriesId", .integer).references("series", onDelete: .cascade)
        table.column("phase", .text)
        table.column("confidence", .double).notNull().check { (0...1).contains($0) }
        table.column("isUsed", .boolean).notNull()
        table.column("reasons", .jsonText).notNull()
      }
    }
    migrator.registerMigration("import: the frame of reference of each series") { database in
      try database.alter(table: "series") { $0.add(column: "frameOfReferenceUID", .text) }
    }
    migrator.registerMigration("contours: outlines carried to other series") { database in
      try database.create(table: "carriedOutline") { table in
        table.autoIncrementedPrimaryKey("id")
        table.belongsTo("lesion", onDelete: .cascade).notNull()
        table.column("reader", .text).notNull()
        table.column("sourceSeriesId", .integer).notNull().indexed().references("series", onDelete: .cascade)
        table.column("targetSeriesId", .integer).notNull().indexed().references("series", onDelete: .cascade)
        table.column("left", .double)
        table.column("posterior", .double)
        table.column("superior", .double)
        table.column("score", .double).check { (-1...1).contains($0) }
        table.column("isPoor", .boolean).notNull()
        table.column("isConfirmed", .boolean).notNull()
        table.column("remark", .text).notNull()
        table.uniqueKey(["lesionId", "reader", "targetSeriesId"])
      }
      try database.alter(table: "contour") { table in
        table.add(column: "carriedId", .integer).indexed().references("carriedOutline", onDelete: .cascade)
      }
    }
    migrator.registerMigration("annotation: readers, readings and their journal", migrate: Self.addReadings)
    migrator.registerMigration("ROIs: the place of each slice along its normal") { database in
      try database.alter(table: "roi") { $0.add(column: "height", .double) }
    }
    return migrator
  }
}
