import Clinical
import Study

/// What pathology says of each patient: its lesions' columns, told of the person.
public struct PatientAttributes: Sendable {
  private let lesions: [String: [RunLesion]]
  /// By word in lower case: how it is spelt, the first in order where there are several ways.
  private let spellings: [String: String]

  /// Takes the lesions of all patients.
  public init(_ lesions: [RunLesion]) {
    self.lesions = Dictionary(grouping: lesions, by: \.patient)
    let words = lesions.flatMap(\.attributes.values).compactMap { ClinicalCell($0).text }
    spellings = Dictionary(words.map { ($0.lowercased(), $0) }, uniquingKeysWith: min)
  }

  /// The largest number among the patient's lesions; nil where none has a number.
  public func number(_ patient: String, _ column: String) -> Double? {
    cells(patient, column).compactMap(\.number).max()
  }

  /// The patient's word, those of lesions that differ being joined; nil where no lesion has one.
  public func word(_ patient: String, _ column: String) -> String? {
    let words = Set(cells(patient, column).compactMap(\.text).map { spellings[$0.lowercased()] ?? $0 }).sorted()
    return words.isEmpty ? nil : words.joined(separator: " + ")
  }

  /// The patient's value of each of the columns: a number where all its lesions' values are numbers, else its word.
  func row(_ patient: String, _ columns: Set<String>) -> [String: String] {
    columns.reduce(into: [:]) { row, column in
      let cells = cells(patient, column).filter { $0.text != nil }
      if cells.allSatisfy({ $0.number != nil }), let number = number(patient, column) {
        row[column] = "\(number)"
      } else {
        row[column] = word(patient, column)
      }
    }
  }

  private func cells(_ patient: String, _ column: String) -> [ClinicalCell] {
    (lesions[patient] ?? []).map { ClinicalCell($0.attributes[column]) }
  }
}
