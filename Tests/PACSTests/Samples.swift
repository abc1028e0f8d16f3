import DICOM
import Foundation
import Support
import Synchronization
import TestSupport
import Testing

@testable import PACS

/// CT series of made-up patients.
enum Samples {
  static func slice(
    patient: String = "PAT-1", study: String = "1.2.3.1", series: String = "1.2.3.1.1", number: Int, size: Int = 32,
    modality: String = "CT", sopInstance: String? = nil, value: Int16 = 40
  ) -> CTInstance {
    var instance = CTInstance(
      patientID: patient, studyInstanceUID: study, seriesInstanceUID: series,
      sopInstanceUID: sopInstance ?? "\(series).\(number)", columns: size, rows: size,
      storedValues: (0..<size * size).map { value &+ Int16(truncatingIfNeeded: $0 &* (number + 7) % 901) },
      position: [0, 0, Double(number)], pixelSpacing: PixelSpacing(row: 1, column: 1), sliceThickness: 1)
    instance.elements[.modality] = modality
    instance.elements[.instanceNumber] = "\(number)"
    instance.elements[.studyDate] = "20240131"
    instance.elements[.accessionNumber] = "ACC-\(study.suffix(1))"
    return instance
  }

  static func series(
    patient: String = "PAT-1", study: String = "1.2.3.1", series: String = "1.2.3.1.1", count: Int, size: Int = 32,
    modality: String = "CT"
  ) throws -> [Data] {
    try (1...count).map {
      try slice(patient: patient, study: study, series: series, number: $0, size: size, modality: modality).encoded()
    }
  }

  /// A keyed one-way function.
  static let hash: @Sendable (String) -> String = { text in
    HMACKey(bytes: Data(repeating: 7, count: 32)).code(for: Data(text.utf8)).prefix(16).hexadecimal
  }

  /// What a sink was given, by SOP instance UID; it can fail.
  final class MemorySink: InstanceSink {
    private let held = Mutex<[ReceivedInstance]>([])
    private let before: @Sendable (ReceivedInstance, Int) throws -> Void

    /// `before` is called with each instance and the number of those stored so far.
    init(before: @escaping @Sendable (ReceivedInstance, Int) throws -> Void = { _, _ in }) { self.before = before }

    var instances: [ReceivedInstance] { held.withLock { $0 } }

    func store(_ instance: ReceivedInstance) throws {
      try before(instance, instances.count)
      held.withLock { $0.append(instance) }
    }
  }

  /// Data sets by SOP instance UID, which must all be different.
  static func digests(_ instances: [ReceivedInstance]) throws -> [String: String] {
    let pairs = instances.map { ($0.sopInstanceUID, $0.digest) }
    try #require(Set(pairs.map(\.0)).count == pairs.count, "an instance was stored twice")
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  static func digests(_ files: [Data]) throws -> [String: String] {
    try digests(files.map { try ReceivedInstance(parsing: $0) })
  }
}
