public import Foundation
import Support

/// One line of the list of what is to be retrieved.
public struct RetrievalRequest: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
  /// What kind of identifier a line holds.
  public enum Kind: String, CaseIterable, Sendable {
    /// A patient's ID: all of the patient's studies.
    case patient = "patient_id"
    /// An accession number.
    case accession = "accession_number"
    /// A study's UID.
    case study = "study_uid"
  }

  /// What kind of identifier it is.
  public let kind: Kind
  /// The identifier; it appears in no message.
  public let value: String
  /// Where it was read, such as `list.csv:12`.
  public let source: String

  /// Makes a request that was not read from a file; `source` names it in messages.
  public init(_ kind: Kind, _ value: String, source: String) {
    self.kind = kind
    self.value = value
    self.source = source
  }

  /// Where it was read.
  public var description: String { source }
  /// Shows the place alone.
  public var customMirror: Mirror { Mirror(self, children: ["source": source]) }

  var query: StudyQuery {
    switch kind {
    case .patient: StudyQuery(patientID: value)
    case .accession: StudyQuery(accessionNumber: value)
    case .study: StudyQuery(studyInstanceUID: value)
    }
  }

  /// Reads a list: a table (CSV or TSV) with a column `patient_id`, `accession_number` or `study_uid`, or, where `kind` is
  /// given, a text file with one identifier a line, `#` beginning a comment line.
  ///
  /// Of a table's row the most specific identifier that is not empty counts: the study, then the accession number.
  /// Identifiers that are there twice are taken once.
  /// - Throws: `PACSError` of kind `.invalidRequest` with file and line.
  public static func read(_ url: URL, kind: Kind? = nil) throws(PACSError) -> [RetrievalRequest] {
    let requests = if let kind { try lines(url, kind) } else { try table(url) }
    var seen: Set<[String]> = []
    let unique = requests.filter { seen.insert([$0.kind.rawValue, $0.value]).inserted }
    for request in unique {
      do {
        _ = try request.query.matching()
      } catch {
        throw PACSError(.invalidRequest, "\(request.source): \(error.description)")
      }
    }
    guard !unique.isEmpty else { throw PACSError(.invalidRequest, "\(url.lastPathComponent) lists nothing.") }
    return unique
  }

  private static func lines(_ url: URL, _ kind: Kind) throws(PACSError) -> [RetrievalRequest] {
    let text: String
    do {
      text = try DelimitedTable.text(of: url)
    } catch {
      throw PACSError(.invalidRequest, error.description)
    }
    return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().compactMap {
      index, line in
      let value = line.trimmingCharacters(in: .whitespaces)
      guard !value.isEmpty, !value.hasPrefix("#") else { return nil }
      return RetrievalRequest(kind, value, source: "\(url.lastPathComponent):\(index + 1)")
    }
  }

  private static func table(_ url: URL) throws(PACSError) -> [RetrievalRequest] {
    let table: DelimitedTable
    do {
      table = try DelimitedTable(contentsOf: url)
    } catch {
      throw PACSError(.invalidRequest, error.description)
    }
    let kinds: [Kind] = [.study, .accession, .patient].filter { table.header.contains($0.rawValue) }
    guard !kinds.isEmpty else {
      throw PACSError(
        .invalidRequest,
        "\(table.name):1: expected a column \(Kind.allCases.map(\.rawValue).joined(separator: ", or ")); for a list without "
          + "a header, state what it contains")
    }
    return try table.rows.map { row throws(PACSError) in
      guard let kind = kinds.first(where: { !row.cells[$0.rawValue, default: ""].isEmpty }) else {
        throw PACSError(.invalidRequest, "\(table.name):\(row.line): the row has no identifier")
      }
      return RetrievalRequest(kind, row.cells[kind.rawValue, default: ""], source: "\(table.name):\(row.line)")
    }
  }
}
