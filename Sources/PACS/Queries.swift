import DICOM
import Foundation

/// What studies are asked for; what is nil matches everything.
public struct StudyQuery: Equatable, Sendable {
  /// The patient's ID, exactly.
  public var patientID: String?
  /// The accession number, exactly.
  public var accessionNumber: String?
  /// The study's UID.
  public var studyInstanceUID: String?
  /// The first day, `YYYYMMDD`.
  public var firstDate: String?
  /// The last day, `YYYYMMDD`.
  public var lastDate: String?
  /// A modality that the study must hold, such as `CT`.
  public var modality: String?

  /// Makes a query; one that states nothing at all is refused when it is sent.
  public init(
    patientID: String? = nil, accessionNumber: String? = nil, studyInstanceUID: String? = nil, firstDate: String? = nil,
    lastDate: String? = nil, modality: String? = nil
  ) {
    self.patientID = patientID
    self.accessionNumber = accessionNumber
    self.studyInstanceUID = studyInstanceUID
    self.firstDate = firstDate
    self.lastDate = lastDate
    self.modality = modality
  }

  /// The attributes to match (PS3.4 section C.2.2.2).
  ///
  /// - Throws: `PACSError` where a value would match more than itself, or nothing is asked for.
  func matching() throws(PACSError) -> [DICOMTag: String] {
    var elements: [DICOMTag: String] = [:]
    if let patientID { elements[.patientID] = try Self.literal(patientID, "patient ID", upTo: 64) }
    if let accessionNumber {
      elements[.accessionNumber] = try Self.literal(accessionNumber, "accession number", upTo: 16)
    }
    if let studyInstanceUID { elements[.studyInstanceUID] = try Self.uid(studyInstanceUID) }
    if let modality { elements[.modalitiesInStudy] = try Self.literal(modality, "modality", upTo: 16) }
    if firstDate != nil || lastDate != nil {
      let days = try [firstDate, lastDate].map { day throws(PACSError) in try day.map(Self.date) ?? "" }
      elements[.studyDate] = days.joined(separator: "-")
    }
    guard !elements.isEmpty else {
      throw PACSError(.invalidRequest, "A query must state a patient, accession number, study, date or modality.")
    }
    return elements
  }

  /// A study among those that the PACS answered with, nil where it is not what was asked for.
  func accepts(_ study: FoundStudy) -> Bool {
    (patientID.map { $0 == study.patientID } ?? true) && (accessionNumber.map { $0 == study.accessionNumber } ?? true)
      && (studyInstanceUID.map { $0 == study.studyInstanceUID } ?? true)
  }

  /// The value, if it matches itself alone: `*`, `?` and `\` are wildcards and lists.
  static func literal(_ value: String, _ what: String, upTo length: Int) throws(PACSError) -> String {
    let isPlain = value.unicodeScalars.allSatisfy {
      $0.value >= 0x20 && $0.value != 0x7F && !"*?\\".unicodeScalars.contains($0)
    }
    guard isPlain, (1...length).contains(value.count), value == value.trimmingCharacters(in: .whitespaces) else {
      throw PACSError(
        .invalidRequest,
        "A \(what) must have 1 to \(length) characters, without *, ?, \\, control characters, or blanks at either end.")
    }
    return value
  }

  /// The value, if it is a UID (PS3.5 section 9.1).
  static func uid(_ value: String) throws(PACSError) -> String {
    guard (1...64).contains(value.utf8.count), value.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) })
    else {
      throw PACSError(.invalidRequest, "A UID must have 1 to 64 characters, digits and full stops only.")
    }
    return value
  }

  private static func date(_ value: String) throws(PACSError) -> String {
    guard value.wholeMatch(of: /\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])/) != nil else {
      throw PACSError(.invalidRequest, "A date must be written YYYYMMDD, such as 20240131.")
    }
    return value
  }
}

/// A number of things as a PACS writes it; nil where it is none.
private func count(_ text: String?) -> Int? { text.flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil } }

/// A study that the PACS has.
public struct FoundStudy: Equatable, Sendable {
  /// The study's UID.
  public let studyInstanceUID: String
  /// The patient's ID.
  public let patientID: String
  /// The accession number; empty where the PACS states none.
  public let accessionNumber: String
  /// The day, `YYYYMMDD`; empty where the PACS states none.
  public let date: String
  /// The modalities of its series, in alphabetical order; empty where the PACS states none.
  public let modalities: [String]
  /// The number of instances, where the PACS states it.
  public let instanceCount: Int?

  /// Nil where the answer has no valid UID.
  init?(_ match: [DICOMTag: String]) {
    guard let uid = match[.studyInstanceUID], let valid = try? StudyQuery.uid(uid) else { return nil }
    studyInstanceUID = valid
    patientID = match[.patientID, default: ""]
    accessionNumber = match[.accessionNumber, default: ""]
    date = match[.studyDate, default: ""]
    modalities = match[.modalitiesInStudy, default: ""].split(separator: "\\").map(String.init).sorted()
    instanceCount = count(match[.numberOfStudyRelatedInstances])
  }

  /// What is asked for besides the matching attributes.
  static let returned: [DICOMTag] = [
    .studyDate, .accessionNumber, .modalitiesInStudy, .patientID, .studyInstanceUID, .numberOfStudyRelatedInstances,
  ]
}

/// A series that the PACS has.
public struct FoundSeries: Equatable, Sendable {
  /// The UID of its study.
  public let studyInstanceUID: String
  /// The series's UID.
  public let seriesInstanceUID: String
  /// The modality in capital letters, such as `CT`; empty where the PACS states none.
  public let modality: String
  /// The series's number within the study.
  public let number: Int?
  /// The number of instances, where the PACS states it.
  public let instanceCount: Int?

  /// Nil where the answer has no valid UID.
  init?(_ match: [DICOMTag: String], studyInstanceUID: String) {
    guard let uid = match[.seriesInstanceUID], let valid = try? StudyQuery.uid(uid) else { return nil }
    self.studyInstanceUID = studyInstanceUID
    seriesInstanceUID = valid
    modality = match[.modality, default: ""].uppercased()
    number = match[.seriesNumber].flatMap { Int($0) }
    instanceCount = count(match[.numberOfSeriesRelatedInstances])
  }

  /// What is asked for.
  static let returned: [DICOMTag] = [.modality, .seriesInstanceUID, .seriesNumber, .numberOfSeriesRelatedInstances]
}

extension DICOMTag {
  static let queryRetrieveLevel = DICOMTag(rawValue: 0x0008_0052)
  static let modalitiesInStudy = DICOMTag(rawValue: 0x0008_0061)
  static let numberOfStudyRelatedInstances = DICOMTag(rawValue: 0x0020_1208)
  static let numberOfSeriesRelatedInstances = DICOMTag(rawValue: 0x0020_1209)
}
