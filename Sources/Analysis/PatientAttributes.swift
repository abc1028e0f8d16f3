import Study

/// What pathology says of each patient: its lesions' columns, told of the person.
struct PatientAttributes {
  private let lesions: [String: [RunLesion]]
  /// By word in lower case: how it is spelt, the first in order where there are several ways.
  private let spellings: [String: String]

  init(_ lesions: [RunLesion]) {
    self.lesions = Dictionary(grouping: lesions, by: \.patient)
    let words = lesions.flatMap(\.attributes.values).compactMap { ClinicalCell($0).text }
    spellings = Dictionary(words.map { ($0.lowercased(), $0) }, uniquingKeysWith: min)
  }

  /// The largest number among the patient's lesions; nil where none has a number.
  func number(_ patient: String, _ column: String) -> Double? {
    cells(patient, column).compactMap(\.number).max()
  }

  /// The patient's word, those of lesions that differ being joined; nil where no lesion has one.
  func word(_ patient: String, _ column: String) -> String? {
    let words = Set(cells(patient, column).compactMap(\.text).map { spellings[$0.lowercased()] ?? $0 }).sorted()
    return words.isEmpty ? nil : words.joined(separator: " + ")
  }

  private func cells(_ patient: String, _ column: String) -> [ClinicalCell] {
    (lesions[patient] ?? []).map { ClinicalCell($0.attributes[column]) }
  }
}
