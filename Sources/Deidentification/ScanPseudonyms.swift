public import Foundation
public import Support

/// The pseudonyms of the patients in a folder of de-identified scans, to which a table's rows must find.
public struct ScanPseudonyms: Sendable {
  private let pseudonyms: Set<String>

  /// Reads the names of the patients' folders, as `deidentify` and `pacs pull` make them; nil where there is none.
  public init?(below folder: URL) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    pseudonyms = Set(names.filter(PseudonymKey.isPseudonym))
    if pseudonyms.isEmpty { return nil }
  }

  /// How the scans write the identifier: as it is or, where only that finds scans, in another case or without the decimals that a
  /// spreadsheet adds; nil where no scan is found, or two are.
  func spelling(of id: String, issuer: String, _ key: PseudonymKey) -> String? {
    if isThere(id, issuer, key) { return id }
    let plain = id.wholeMatch(of: /(\d+)[.,]0+/).map { String($0.1) } ?? id
    let others = Set([plain, plain.uppercased(), plain.lowercased()]).filter { isThere($0, issuer, key) }
    return others.count == 1 ? others.first : nil
  }

  /// Compares the rows of a table, each with its line and identifier, with the scans.
  public func comparison(
    _ rows: [(line: Int, identifier: String)], issuer: String, _ key: PseudonymKey
  ) -> IdentifierComparison {
    var found: Set<String> = []
    var damage: [Int: IdentifierDamage] = [:]
    var unmatched: [Int] = []
    for row in rows {
      if let spelling = spelling(of: row.identifier, issuer: issuer, key) {
        found.insert(key.pseudonym(patientID: spelling, issuer: issuer))
      } else {
        unmatched.append(row.line)
        damage[row.line] = IdentifierDamage.allCases.first { kind in
          kind.originals(of: row.identifier).contains { isThere($0, issuer, key) }
        }
      }
    }
    return IdentifierComparison(
      linesWithoutScan: unmatched, scansWithoutRow: pseudonyms.subtracting(found).count, damage: damage)
  }

  private func isThere(_ id: String, _ issuer: String, _ key: PseudonymKey) -> Bool {
    pseudonyms.contains(key.pseudonym(patientID: id, issuer: issuer))
  }
}
