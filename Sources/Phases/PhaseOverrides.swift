public import Foundation
public import Study
public import Support

/// The phases that the user states, by series or by description; a file that `StudyPhases` writes can be corrected and read.
public struct PhaseOverrides: Equatable, Sendable {
  private var bySeries: [String: Phase] = [:]
  private var byDescription: [String: Phase] = [:]

  /// States nothing.
  public init() {}

  /// Reads a CSV or TSV with the columns `series` (a SeriesInstanceUID) or `description` or both, and `phase`.
  ///
  /// A row with a series goes by it alone. Descriptions compare without case and surrounding blanks. A row without a phase
  /// states nothing.
  /// - Throws: `StudyError` of kind `.invalidTable` with file and line where a column is missing, a phase is none, or two
  ///   rows contradict one another.
  public init(contentsOf url: URL) throws(StudyError) {
    let table = try DelimitedTable(contentsOf: url)
    func wrong(_ line: Int, _ message: String) -> StudyError {
      StudyError(.invalidTable, "\(table.name):\(line): \(message)")
    }
    guard table.header.contains("phase"), table.header.contains("series") || table.header.contains("description") else {
      throw wrong(
        1,
        "expected the columns \"phase\" and \"series\" or \"description\", found "
          + table.header.map { "\"\($0)\"" }.joined(separator: ", "))
    }
    for row in table.rows {
      let text = row.cells["phase"] ?? ""
      guard !text.isEmpty else { continue }
      guard let phase = Phase(name: text) else {
        throw wrong(
          row.line,
          "the phase is \"\(text)\"; expected \(Phase.allCases.map(\.rawValue).joined(separator: ", ")), "
            + "corticomedullary, nephrographic or excretory")
      }
      let series = row.cells["series"] ?? ""
      let description = Self.fold(row.cells["description"] ?? "")
      guard !series.isEmpty || !description.isEmpty else {
        throw wrong(row.line, "neither a series nor a description is given")
      }
      let former =
        series.isEmpty
        ? byDescription.updateValue(phase, forKey: description) : bySeries.updateValue(phase, forKey: series)
      if let former, former != phase {
        throw wrong(row.line, "this \(series.isEmpty ? "description" : "series") is \(former.name) in an earlier row")
      }
    }
  }

  /// What is stated of a series.
  public func phase(ofSeries uid: String, description: String?) -> Phase? {
    bySeries[uid] ?? description.flatMap { byDescription[Self.fold($0)] }
  }

  private static func fold(_ text: String) -> String { text.trimmingCharacters(in: .whitespaces).lowercased() }
}
