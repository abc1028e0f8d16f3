import Foundation
public import GRDB
import Study
import Support

/// Somebody who works on the study's readings.
public struct Reader: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
  /// What a person may do.
  public enum Role: String, Codable, Sendable, CaseIterable {
    /// Reads the own cases, and sees nobody else's.
    case reader
    /// Compares two readings and draws the consensus.
    case adjudicator
    /// Locks readings and opens them again.
    case owner
    /// Nobody: the outlines on which an adjudicator settled.
    case consensus
  }

  /// The name, by which contours and protocol know the reader.
  public var id: String
  /// What the person may do.
  public var role: Role
  /// The hash of the password; nil where the person has none, and works on the study's own machine alone.
  public var password: String?

  /// The reader whose outlines are the consensus.
  public static let consensus = "consensus"
}

extension AnnotationDesk {
  /// Everybody who works on the readings, by name.
  ///
  /// - Throws: `DeskError.failed` where the study cannot be read.
  public func readers() throws(DeskError) -> [Reader] {
    try read { try Reader.filter(Column("role") != Reader.Role.consensus.rawValue).order(Column("id")).fetchAll($0) }
  }

  /// The reader of that name; nil where there is none.
  ///
  /// - Throws: `DeskError.failed` where the study cannot be read.
  public func reader(_ id: String) throws(DeskError) -> Reader? {
    try read { try Reader.filter(Column("role") != Reader.Role.consensus.rawValue).filter(key: id).fetchOne($0) }
  }

  /// Adds a person, or gives one a new password.
  ///
  /// - Parameters:
  ///   - id: the name: 1 to 64 letters, digits, `-`, `_` and `.`.
  ///   - role: what the person may do.
  ///   - passwordHash: the hash of the password; nil for none.
  /// - Throws: `DeskError.refused` where the name cannot be used, belongs to imported outlines, or has another role.
  public func addReader(id: String, role: Reader.Role, passwordHash: String? = nil) throws(DeskError) {
    guard id.wholeMatch(of: /[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}/) != nil, id != Reader.consensus, role != .consensus
    else {
      throw .refused(
        "a reader's name must have 1 to 64 letters, digits, -, _ and ., the first one a letter or digit, and not be "
          + "\"\(Reader.consensus)\"", edit: nil)
    }
    try write { database in
      let known = try Reader.fetchAll(database)
      if let former = known.first(where: { $0.id == id }), former.role != role {
        throw DeskError.refused("\(id) is \(former.role.rawValue) already; choose another name for the role", edit: nil)
      }
      if known.contains(where: { $0.id != id && Identifier($0.id) == Identifier(id) }) {
        throw DeskError.refused(
          "a reader's name differs from \(id) only in case or punctuation; choose another", edit: nil)
      }
      let imported = try String.fetchSet(
        database, sql: "SELECT DISTINCT reader FROM contour WHERE source = 'import'")
      guard !imported.contains(id) else {
        throw DeskError.refused(
          "the study has imported outlines of a reader \(id); choose another name, so that both can be told apart",
          edit: nil)
      }
      try Reader(id: id, role: role, password: passwordHash).save(database)
    }
  }
}
