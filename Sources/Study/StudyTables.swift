public import GRDB
public import Support

/// A study's tables: patients, exams, series, slices, lesions, contours, ROIs, and what was set aside.
///
/// They are a file of the study's folder or, for a single exam, in memory.
public struct StudyTables: Sendable {
  /// The SQLite database.
  public let database: DatabaseQueue

  init(_ database: DatabaseQueue) { self.database = database }

  /// Makes empty tables in memory.
  ///
  /// - Throws: `StudyError` of kind `.file` where SQLite has no memory left.
  public static func inMemory() throws(StudyError) -> StudyTables {
    do {
      let database = try DatabaseQueue()
      try Schema.migrator.migrate(database)
      return StudyTables(database)
    } catch {
      throw StudyError(.file, "cannot make a study's tables in memory: \(error)")
    }
  }

  /// Reads from the tables.
  ///
  /// - Throws: `StudyError` of kind `.file` with SQLite's reason.
  public func read<T: Sendable>(_ body: @Sendable (Database) throws -> T) throws(StudyError) -> T {
    do {
      return try database.read(body)
    } catch let error as StudyError {
      throw error
    } catch {
      throw StudyError(.file, "study.sqlite cannot be read: \(error)")
    }
  }

  /// Changes the tables in one transaction: all of it, or none.
  ///
  /// - Throws: `StudyError` of kind `.file` with SQLite's reason.
  public func write<T: Sendable>(_ body: @Sendable (Database) throws -> T) throws(StudyError) -> T {
    do {
      return try database.write(body)
    } catch let error as StudyError {
      throw error
    } catch {
      throw StudyError(.file, "study.sqlite cannot be written: \(error). No changes of this step were kept.")
    }
  }

  /// Everything set aside so far, in the order of the steps.
  public func setAside() throws(StudyError) -> [SetAside] {
    try read { database in
      let order = Dictionary(uniqueKeysWithValues: SetAside.Stage.allCases.enumerated().map { ($1, $0) })
      return try SetAside.order(Column("id")).fetchAll(database).sorted {
        (order[$0.stage] ?? 0) < (order[$1.stage] ?? 0)
      }
    }
  }
}
