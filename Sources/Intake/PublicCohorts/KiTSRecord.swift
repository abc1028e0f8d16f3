import Clinical
import DICOM
import Foundation
import Study
import Support

/// One patient in the table of a KiTS challenge (`kits.json`, `kits23.json`).
struct KiTSRecord: Decodable, Sendable {
  /// The case's name, such as `case_00000`, which is its folder's as well.
  let caseID: String
  /// The fields that are single values, as texts; what is null, or says that there is no value, is absent.
  let fields: [String: String]

  init(from decoder: any Decoder) throws {
    let values = try decoder.singleValueContainer().decode([String: Value].self)
    fields = values.compactMapValues { ClinicalCell($0.text).value }
    guard let caseID = fields["case_id"] else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "case_id is missing"))
    }
    self.caseID = caseID
  }

  /// The records of a challenge's table, each case once.
  ///
  /// - Throws: `StudyError` of kind `.invalidTable`.
  static func all(at url: URL) throws(StudyError) -> [KiTSRecord] {
    let records: [KiTSRecord]
    do {
      records = try JSONDecoder().decode([KiTSRecord].self, from: Data(contentsOf: url))
    } catch {
      throw StudyError(
        .invalidTable, "\(url.lastPathComponent) is not a list of KiTS records (\(error)); download it again")
    }
    guard Set(records.map { Identifier($0.caseID) }).count == records.count else {
      throw StudyError(.invalidTable, "\(url.lastPathComponent): a case_id occurs twice in the table")
    }
    return records
  }

  /// The tumour, where it is one of the study's question.
  ///
  /// - Throws: `PublicCohortError` with the reason why the patient is left out.
  func tumour(subtypes: [String]) throws(PublicCohortError) -> CohortPatient.Tumour {
    guard let subtype = fields["tumor_histologic_subtype"] else {
      throw PublicCohortError("tumor_histologic_subtype is missing, so the subtype is unknown")
    }
    guard subtypes.contains(where: { $0.lowercased() == subtype.lowercased() }) else {
      throw PublicCohortError(
        "tumor_histologic_subtype is \"\(subtype)\"; expected \(subtypes.map { "\"\($0)\"" }.joined(separator: " or "))"
      )
    }
    guard let grade = fields["tumor_isup_grade"].flatMap(Grade.init(text:)) else {
      throw PublicCohortError(
        "tumor_isup_grade is \(fields["tumor_isup_grade"].map { "\"\($0)\"" } ?? "missing"); expected 1, 2, 3 or 4")
    }
    return .init(grade: grade, attributes: attributes)
  }

  /// The grade as it is written.
  var statedGrade: String? { fields["tumor_isup_grade"] }

  /// The fields that say neither who it is nor the grade.
  var attributes: [String: String] { fields.filter { !["case_id", "tumor_isup_grade"].contains($0.key) } }

  /// For the DICOM header.
  var header: [DICOMTag: String] {
    RMaCRecord.header(sex: fields["gender"], age: fields["age_at_nephrectomy"] ?? fields["age"])
  }

  /// A value of a JSON object, nested ones aside.
  private enum Value: Decodable {
    case text(String)
    case other

    var text: String? {
      if case .text(let text) = self { text } else { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .text(flag ? "true" : "false")
      } else if let number = try? container.decode(Double.self) {
        self = .text(number.plain)
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else {
        self = .other
      }
    }
  }
}
