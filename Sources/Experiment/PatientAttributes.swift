import Foundation

/// What pathology says of each patient: its lesions' columns, told of the person.
public struct PatientAttributes: Sendable {
  private let lesions: [String: [RunLesion]]
  /// By word in lower case: how it is spelt, the first in order where there are several ways.
  private let spellings: [String: String]

  /// Takes the lesions of all patients.
  public init(_ lesions: [RunLesion]) {
    self.lesions = Dictionary(grouping: lesions, by: \.patient)
    let words = lesions.flatMap(\.attributes.values).map(Self.trimmed)
    spellings = Dictionary(words.map { ($0.lowercased(), $0) }, uniquingKeysWith: min)
  }

  /// The largest number among the patient's lesions; nil where none has a number.
  public func number(_ patient: String, _ column: String) -> Double? {
    words(patient, column).compactMap(Self.number).max()
  }

  /// The patient's word, those of lesions that differ being joined; nil where no lesion has one.
  public func word(_ patient: String, _ column: String) -> String? {
    let words = Set(words(patient, column).map { spellings[$0.lowercased()] ?? $0 }).sorted()
    return words.isEmpty ? nil : words.joined(separator: " + ")
  }

  /// The patient's value of each of the columns: a number where all its lesions' values are numbers, else its word.
  func row(_ patient: String, _ columns: Set<String>) -> [String: String] {
    columns.reduce(into: [:]) { row, column in
      let values = words(patient, column)
      if !values.isEmpty, values.allSatisfy({ Self.number($0) != nil }), let number = number(patient, column) {
        row[column] = "\(number)"
      } else {
        row[column] = word(patient, column)
      }
    }
  }

  private func words(_ patient: String, _ column: String) -> [String] {
    (lesions[patient] ?? []).compactMap { Self.known($0.attributes[column]) }
  }

  /// The word of a cell; nil where it says nothing.
  static func known(_ text: String?) -> String? {
    text.map(trimmed).flatMap { unknown.contains($0.lowercased()) ? nil : $0 }
  }

  static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }

  /// A number with a point or a comma before its decimals.
  static func number(_ text: String) -> Double? {
    Double(text.replacingOccurrences(of: ",", with: ".")).flatMap { $0.isFinite ? $0 : nil }
  }

  /// Words that say nothing.
  static let unknown: Set = ["", "-", "?", "na", "n/a", "nan", "null", "unknown", "not available"]
}
