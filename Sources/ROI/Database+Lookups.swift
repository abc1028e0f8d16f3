import GRDB
import Study

extension Database {
  /// The lesions' names by their keys.
  func lesionNames() throws -> [Int64: String] {
    Dictionary(
      uniqueKeysWithValues: try Row.fetchAll(self, sql: "SELECT id, name FROM lesion")
        .map { ($0[0] as Int64, $0[1] as String) })
  }

  /// The phases of the series in which one is known, by the series' keys.
  func seriesPhases() throws -> [Int64: Phase] {
    Dictionary(
      uniqueKeysWithValues: try Row.fetchAll(
        self, sql: "SELECT seriesId, phase FROM seriesPhase WHERE phase IS NOT NULL"
      ).compactMap { row in Phase(rawValue: row[1]).map { (row[0] as Int64, $0) } })
  }
}
