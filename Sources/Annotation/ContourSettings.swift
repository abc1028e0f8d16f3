public import GRDB
public import Study
import Support

/// Everything in the protocol that imported contours depend on, and with what of it each reader's were imported.
public struct ContourSettings {
  private let settings: StudyProtocol.Annotation

  init(_ settings: StudyProtocol.Annotation) { self.settings = settings }

  /// Throws unless all contours were imported by what the protocol says now.
  ///
  /// - Throws: `StudyError` that asks for another import; SQLite's error where the tables cannot be read.
  public static func requireUnchanged(_ settings: StudyProtocol.Annotation, _ database: Database) throws {
    let now = ContourSettings(settings)
    let imported = try stored(database)
    if imported.isEmpty {
      let contours = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM contour WHERE source = 'import'") ?? 0
      if contours == 0 { return }
    } else if imported.values.allSatisfy(now.isThat) {
      return
    }
    throw StudyError(
      .file,
      "the protocol's annotation.lesionLabels or annotation.integerCoordinate has changed since the contours were "
        + "imported; import the contours again (`renalgrade import --contours`), then run `renalgrade rois build`")
  }

  /// Keeps that these readers' contours were imported with these settings.
  func store(of readers: Set<String>, _ database: Database) throws {
    // One key for all readers is what earlier versions wrote: those of whom nothing was imported now keep its value.
    if let former = try Setting.fetchOne(database, key: Self.key)?.value {
      try Setting.deleteOne(database, key: Self.key)
      let others = try String.fetchSet(database, sql: "SELECT DISTINCT reader FROM contour WHERE source = 'import'")
      for reader in others.subtracting(readers) {
        try Setting(key: Self.key(of: reader), value: former).insert(database, onConflict: .ignore)
      }
    }
    let keys = readers.isEmpty ? [Self.key] : readers.map(Self.key(of:))
    for key in keys { try Setting(key: key, value: identity).save(database) }
  }

  /// Forgets a reader's.
  static func forget(_ reader: String, _ database: Database) throws {
    try Setting.deleteOne(database, key: key(of: reader))
  }

  private static let key = "contours.settings"
  private static func key(of reader: String) -> String { "\(key) of \(reader)" }

  private static func stored(_ database: Database) throws -> [String: String] {
    let all = try Setting.fetchAll(database).filter { $0.key == key || $0.key.hasPrefix("\(key) of ") }
    return Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0.value) })
  }

  private func isThat(_ stored: String) -> Bool { stored == identity || stored == identityOfVersion1 }

  private var identity: String {
    var encoding = CanonicalEncoding(of: "contours", version: 2)
    encoding.field("lesionLabels", settings.lesionLabels.sorted())
    encoding.field("integerCoordinate", settings.integerCoordinate.rawValue)
    return "2 \(encoding.digest)"
  }

  /// What RenalGrade 0.1 stored.
  private var identityOfVersion1: String {
    "lesionLabels \(settings.lesionLabels.sorted()), integerCoordinate \(settings.integerCoordinate.rawValue)"
  }
}
