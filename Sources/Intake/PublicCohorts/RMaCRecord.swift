import DICOM
import Study

/// What the attributes of a patient's file say of the person and the tumour.
package struct RMaCRecord: Sendable {
  let patientID: String?
  /// For the DICOM header.
  let header: [DICOMTag: String]
  private let tumourType: String?
  private let pathology: String?
  /// The grade as it is written.
  let grade: String?
  /// What the file says of person and tumour, by name.
  let attributes: [String: String]

  private static let tumourTypes = [
    "0": "renal cell carcinoma", "1": "oncocytoma", "2": "angiomyolipoma", "3": "another tumour",
  ]

  package init(_ file: RMaCFile) throws(PublicCohortError) {
    patientID = try file.text("PID")
    tumourType = try file.text("tumor_type")
    pathology = try file.text("pathology")
    grade = try file.text("pathology_grade")
    let sex = try file.text("Patient Sex")
    let age = try file.text("Patient Age")
    let manufacturer = try file.text("Manufacturer")
    attributes = [
      "pathology": pathology, "pathology_grade": grade, "sex": sex, "manufacturer": manufacturer,
    ]
    .compactMapValues { $0 }
    .merging(Self.ageAttribute(age)) { $1 }
    header = Self.header(sex: sex, age: age).merging([.manufacturer: manufacturer ?? ""]) { $1 }
  }

  /// The tumour, where it is one of the study's question.
  ///
  /// Grades 1 to 4 are taken as they are. Of 5 (high) and 6 (low) only the class is known: they are taken as 3 and 2,
  /// the grades next to the border, and `grade_basis` says so.
  /// - Throws: `PublicCohortError` with the reason why the patient is left out.
  func tumour(subtypes: [String]) throws(PublicCohortError) -> CohortPatient.Tumour {
    guard let tumourType else { throw PublicCohortError("the attribute tumor_type is missing; expected 0, 1, 2 or 3") }
    guard tumourType == "0" else {
      throw PublicCohortError(
        "the tumour is not a renal cell carcinoma: tumor_type is \(tumourType) "
          + "(\(Self.tumourTypes[tumourType] ?? "unknown"))"
      )
    }
    guard let pathology else {
      throw PublicCohortError("the attribute pathology is missing, so the subtype is unknown")
    }
    guard subtypes.contains(where: { $0.lowercased() == pathology.lowercased() }) else {
      throw PublicCohortError(
        "pathology is \"\(pathology)\"; expected \(subtypes.map { "\"\($0)\"" }.joined(separator: " or "))")
    }
    var attributes = attributes
    switch grade {
    case "5", "6":
      attributes["grade_basis"] = "class"
      guard let stand = Grade(rawValue: grade == "5" ? 3 : 2) else { break }
      return .init(grade: stand, attributes: attributes)
    case let text?:
      attributes["grade_basis"] = "grade"
      guard let grade = Grade(text: text) else { break }
      return .init(grade: grade, attributes: attributes)
    case nil: break
    }
    throw PublicCohortError(
      "pathology_grade is \(grade.map { "\"\($0)\"" } ?? "missing"); expected 1 to 4, or 5 (high) or 6 (low)")
  }

  /// The age in completed years, so that models can learn from the column; under another name where it is not understood, so that it is
  /// missing there.
  static func ageAttribute(_ age: String?) -> [String: String] {
    guard let age else { return [:] }
    return wholeYears(age).map { ["age": "\($0)"] } ?? ["age_not_understood": age]
  }

  /// Sex and age as DICOM has them, of whatever form.
  static func header(sex: String?, age: String?) -> [DICOMTag: String] {
    var header: [DICOMTag: String] = [:]
    if let initial = sex?.uppercased().first, "MFO".contains(initial) { header[.patientSex] = String(initial) }
    if let years = age.flatMap(wholeYears) {
      header[.patientAge] = String(repeating: "0", count: 3 - "\(years)".count) + "\(years)Y"
    }
    return header
  }

  /// An age of 0 to 120 in completed years, as `61`, `61.5`, `61 years`, `061Y`, `90+` or `>=90`; nil for anything else.
  private static func wholeYears(_ age: String) -> Int? {
    var text = age.lowercased().filter { !$0.isWhitespace }[...]
    for prefix in [">=", "≥", ">"] where text.hasPrefix(prefix) { text = text.dropFirst(prefix.count) }
    for suffix in ["+", "years", "year", "yrs", "yr", "y"] where text.hasSuffix(suffix) {
      text = text.dropLast(suffix.count)
    }
    guard text.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "." }), let years = Double(text),
      (0..<121).contains(years)
    else { return nil }
    return Int(exactly: years.rounded(.down))
  }
}
