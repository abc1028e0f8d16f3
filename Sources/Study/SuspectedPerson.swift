import Foundation
public import GRDB

/// Patients of a study who may be one person under several identifiers, which would leak training data into validation.
public struct SuspectedPerson: Equatable, Sendable {
  /// What two or more patients have in common.
  public enum Evidence: String, Sendable, CaseIterable {
    /// PatientIDs that are the same but for how they are written.
    case patientID
    /// A frame of reference, which a scanner creates for every exam.
    case frameOfReference
  }

  /// The patients' codes, in order.
  public let codes: [String]
  /// What they have in common.
  public let evidence: Evidence

  /// Which of a study's patients may be one person.
  ///
  /// - Throws: SQLite's error where the tables cannot be read.
  public static func all(_ database: Database) throws -> [SuspectedPerson] {
    let patients = try Patient.fetchAll(database).map { (code: $0.code, key: canonical($0.sourceID)) }
    let series = try Row.fetchAll(
      database,
      sql: """
        SELECT DISTINCT patient.code, series.frameOfReferenceUID FROM series JOIN exam ON exam.id = series.examId
          JOIN patient ON patient.id = exam.patientId WHERE series.frameOfReferenceUID IS NOT NULL
        """
    ).map { (code: $0[0] as String, key: $0[1] as String) }
    return shared(patients, .patientID) + shared(series, .frameOfReference)
  }

  private static func shared(_ owners: [(code: String, key: String)], _ evidence: Evidence) -> [SuspectedPerson] {
    let groups = Dictionary(grouping: owners.filter { !$0.key.isEmpty }, by: \.key).mapValues {
      Set($0.map(\.code)).sorted()
    }
    return Set(groups.values.filter { $0.count > 1 }).sorted { $0.lexicographicallyPrecedes($1) }
      .map { SuspectedPerson(codes: $0, evidence: evidence) }
  }

  /// A PatientID without what depends on who wrote it: case, punctuation, width of characters, an issuer behind `^` (HL7's CX),
  /// and UTF-8 that was taken for Latin-1.
  static func canonical(_ patientID: String) -> String {
    let scalars = patientID.unicodeScalars
    var text = patientID
    if scalars.allSatisfy({ $0.value < 0x100 }), scalars.contains(where: { $0.value >= 0x80 }),
      let decoded = String(validating: scalars.map { UInt8($0.value) }, as: UTF8.self)
    {
      text = decoded
    }
    let identifier = text.split(separator: "^", omittingEmptySubsequences: false).first.map(String.init) ?? ""
    return identifier.precomposedStringWithCompatibilityMapping.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  /// Why they may be one person, for a remark on the patient `code`: the end of a sentence, which names no identifier.
  public func reason(for code: String) -> String {
    let others = codes.filter { $0 != code }
    let names = others.count > 3 ? "\(others.count) other patients" : others.joined(separator: ", ")
    let common =
      switch evidence {
      case .patientID: "their PatientIDs differ only in how they are written"
      case .frameOfReference: "their images share a frame of reference"
      }
    return "may be the same person as \(names): \(common). If so, give them the same PatientID and import them into "
      + "a new study"
  }
}
