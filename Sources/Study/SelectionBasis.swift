import Foundation
public import GRDB
import Support

/// What a selection of patients rests on: the images that the study held, and the protocol's rules.
///
/// It is kept beside the selection, so that later steps can tell whether the selection still speaks of the study that
/// there is.
public struct SelectionBasis: Codable, Equatable, Sendable {
  private let patients: Int
  private let series: Int
  private let slices: Int
  /// SHA-256 of whose the slices are, and whom an import left out.
  private let images: String
  /// SHA-256 of the protocol's sections `cohort` and `pathology`.
  private let rules: String

  private static let key = "cohort.basis"

  private init(_ settings: StudyProtocol, _ database: Database) throws {
    let excluded = try String.fetchSet(
      database,
      sql: "SELECT DISTINCT patientCode FROM setAside WHERE excludes AND patientCode IS NOT NULL AND stage = ?",
      arguments: [SetAside.Stage.dicom.rawValue])
    let patients = try Patient.order(Column("code")).fetchAll(database)
    let series = try SlicePlace.counts(database).sorted { $0.key < $1.key }
    self.patients = patients.count
    self.series = series.count
    slices = series.reduce(0) { $0 + $1.value }
    images = Self.digest(
      patients.map { "\($0.code) \(excluded.contains($0.code))" } + series.map { "\($0.key) \($0.value)" })
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    rules = Self.digest([
      String(decoding: try encoder.encode(settings.cohort), as: UTF8.self),
      String(decoding: try encoder.encode(settings.pathology), as: UTF8.self),
    ])
  }

  private static func digest(_ lines: [String]) -> String {
    Data(lines.joined(separator: "\n").utf8).sha256
  }

  /// Keeps what the study holds and asks for now as the basis of its selection.
  public static func store(_ settings: StudyProtocol, _ database: Database) throws {
    let data = try JSONEncoder().encode(SelectionBasis(settings, database))
    try Setting(key: key, value: String(decoding: data, as: UTF8.self)).save(database)
  }

  /// Why the study's selection cannot be gone by, and what to do; nil where it can, or where the protocol selects nobody.
  public static func problem(_ settings: StudyProtocol, _ database: Database) throws -> String? {
    let stored = try Setting.fetchOne(database, key: key).map {
      try JSONDecoder().decode(SelectionBasis.self, from: Data($0.value.utf8))
    }
    let advice = "run `renalgrade cohort select`, then repeat the command"
    guard let stored else {
      let isSelected = try SetAside.filter(Column("stage") == SetAside.Stage.cohort.rawValue).fetchCount(database) > 0
      if isSelected { return "the study's selection does not state which images it was made from: \(advice)" }
      return settings.cohort == nil
        ? nil : "the protocol has rules of selection (`cohort`), but no selection was made: \(advice)"
    }
    let current = try SelectionBasis(settings, database)
    if stored.rules != current.rules {
      return "the protocol's rules of selection (`cohort`, `pathology`) have changed since the selection was made: "
        + advice
    }
    guard stored.images != current.images else { return nil }
    return "the selection is out of date: it was made from \(stored.contents); the study now has "
      + "\(current.contents), or excludes others: \(advice)"
  }

  /// Throws where the study's selection cannot be gone by.
  ///
  /// - Throws: `StudyError` of kind `.file` that says why and what to do.
  public static func requireCurrent(_ settings: StudyProtocol, _ database: Database) throws {
    if let problem = try problem(settings, database) { throw StudyError(.file, problem) }
  }

  private var contents: String { "\(patients) patients, \(series) series and \(slices) slices" }
}
