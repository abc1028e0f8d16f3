import Foundation
public import Study
import Support

/// What tells later whether an exam is of a patient that a run learnt from, without naming anybody: `fingerprints.json`.
public struct RunFingerprints: Codable, Equatable, Sendable {
  /// By patient's code: hashes of the exams' UIDs and of the slices' pixels.
  public var patients: [String: Set<String>] = [:]

  /// Makes a list without patients.
  public init() {}

  /// The fingerprint of an exam.
  public static func exam(_ studyInstanceUID: String) -> String {
    Data("exam \(studyInstanceUID)".utf8).sha256
  }

  /// Adds a slice of a patient by the UID of its exam and the hash of its pixels.
  public mutating func add(_ patient: String, exam: String, pixelHash: String) {
    patients[patient, default: []].formUnion([Self.exam(exam), pixelHash])
  }

  /// The codes of the patients that have one of `fingerprints`.
  public func patients(with fingerprints: Set<String>) -> Set<String> {
    Set(patients.filter { !$0.value.isDisjoint(with: fingerprints) }.keys)
  }
}
