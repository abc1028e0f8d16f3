import Foundation
import Study

/// What pathology says of each patient: its lesions' columns, told of the person.
struct PatientAttributes {
  private let lesions: [String: [RunLesion]]
  /// By word in lower case: how it is spelt, the first in order where there are several ways.
  private let spellings: [String: String]

  init(_ lesions: [RunLesion]) {
    self.lesions = Dictionary(grouping: lesions, by: \.patient)
    let words = lesions.flatMap(\.attributes.values).map(Self.trimmed)
    spellings = Dictionary(words.map { ($0.lowercased(), $0) }, uniquingKeysWith: min)
  }

  /// The largest number among the patient's lesions; nil where none has a number.
  func number(_ patient: String, _ column: String) -> Double? {
    words(patient, column).compactMap(Self.number).max()
  }

  /// The patient's word, those of lesions that differ being joined; nil where no lesion has one.
  func word(_ patient: String, _ column: String) -> String? {
    let words = Set(words(patient, column).map { spellings[$0.lowercased()] ?? $0 }).sorted()
    return words.isEmpty ? nil : words.joined(separator: " + ")
  }

  private func words(_ patient: String, _ column: String) -> [String] {
    (lesions[patient] ?? []).compactMap { $0.attributes[column] }
      .map(Self.trimmed).filter { !Self.unknown.contains($0.lowercased()) }
  }

  private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }

  /// A number with a point or a comma before its decimals.
  private static func number(_ text: String) -> Double? {
    Double(text.replacingOccurrences(of: ",", with: ".")).flatMap { $0.isFinite ? $0 : nil }
  }

  /// Words that say nothing.
  private static let unknown: Set = ["", "-", "?", "na", "n/a", "nan", "null", "unknown", "not available"]
}
