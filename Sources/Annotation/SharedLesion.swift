import GRDB
import Study

/// A lesion for which no reader outlined all outlined slices: whichever reader is used, some slices are not.
struct SharedLesion {
  private let patientCode: String
  private let name: String
  /// How many slices each reader outlined, by reader.
  private let drawn: [(reader: String, slices: Int)]
  /// Slices that anybody outlined.
  private let outlined: Int
  /// Slices that all readers outlined.
  private let common: Int

  /// The shared lesions among those that the tables hold, in the order of patients.
  static func all(_ database: Database) throws -> [SharedLesion] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT DISTINCT patient.code, lesion.name, lesion.id, contour.reader, contour.sliceId
        FROM contour JOIN lesion ON lesion.id = contour.lesionId JOIN patient ON patient.id = lesion.patientId
        WHERE contour.occasion = 1
        ORDER BY patient.code, lesion.id
        """)
    var lesions: [Int64: (code: String, name: String, slices: [String: Set<Int64>])] = [:]
    var order: [Int64] = []
    for row in rows {
      let id: Int64 = row[2]
      if lesions[id] == nil { order.append(id) }
      lesions[id, default: (row[0], row[1], [:])].slices[row[3], default: []].insert(row[4])
    }
    return order.compactMap { id in
      guard let lesion = lesions[id], let first = lesion.slices.values.first else { return nil }
      let all = lesion.slices.values.reduce(into: Set<Int64>()) { $0.formUnion($1) }
      guard lesion.slices.values.allSatisfy({ $0.count < all.count }) else { return nil }
      return SharedLesion(
        patientCode: lesion.code, name: lesion.name,
        drawn: lesion.slices.sorted { $0.key < $1.key }.map { ($0.key, $0.value.count) }, outlined: all.count,
        common: lesion.slices.values.reduce(first) { $0.intersection($1) }.count)
    }
  }

  func remark(source: String) -> SetAside {
    let parts = drawn.map { "\($0.reader) \($0.slices)" }.joined(separator: ", ")
    return SetAside(
      stage: .contours, patientCode: patientCode, excludes: false, subject: "\(source), lesion \(name)",
      reason: "the lesion's readers outlined different slices, and only one reader's outlines are used: of \(outlined) "
        + "slices \(parts), and \(common) by all of them; see annotation.readers in the protocol")
  }
}
