import Annotation
import DICOM
import Foundation
import GRDB
import Study
import Support
import TestSupport
import Testing

@testable import Intake

/// What the reference script wrote, and what an import must find in it.
struct Golden: Decodable {
  struct Cohort<Patient: Decodable>: Decodable {
    let taken: [String: Patient]
    /// A part of the reason by the patients that are left out.
    let aside: [String: String]
  }

  struct RMaC: Decodable {
    let grade: Int
    let carrier: String
    let spacing: [Double]
    /// By phase and slice: the checks of `Slice`.
    let volumes: [String: [[Int]]]
    let mask: [[Int]]
    let basis: String?
    let box: Bool?
  }

  struct KiTS: Decodable {
    let grade: Int
    let volume: [[Int]]
    let mask: [[Int]]
    let first: [Double]
    let last: [Double]
    let spacing: [Double]
    let kidney_mm3: Double
    let tumor_mm3: Double
    let cyst_mm3: Double
  }

  let rmac: Cohort<RMaC>
  let kits: Cohort<KiTS>
  let kitsSample: [String: [String: Double]]

  init() throws {
    let data = try Data(contentsOf: Self.folder("golden.json"))
    self = try JSONDecoder().decode(Golden.self, from: data)
  }

  static func folder(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
  }
}

/// A study made from one of the protocols, and what an import left in it.
struct CohortFolder {
  let temporary: TemporaryFolder
  let study: StudyFolder

  init(protocolName: String, _ changes: (String, String)...) throws {
    temporary = try TemporaryFolder()
    var text = try String(contentsOf: protocolsFolder.appendingPathComponent("\(protocolName).yaml"), encoding: .utf8)
    for (old, new) in changes {
      try #require(text.contains(old))
      text = text.replacing(old, with: new)
    }
    let file = temporary.url.appendingPathComponent("protocol.yaml")
    try AtomicFile.write(text, to: file)
    study = try StudyFolder.create(at: temporary.url.appendingPathComponent("study"), protocolSource: file)
  }

  /// One slice as the study holds it.
  struct Slice {
    let record: SliceRecord
    let header: CTAttributes
    /// The sum of all HU, and the sum weighted by where each stands, as the reference script has them.
    let check: [Int]
    /// The same of what the contours enclose, 1 inside and 0 outside; nil where there are none.
    let mask: [Int]?
  }

  static func check(_ values: [Int], columns: Int) -> [Int] {
    var weighted = 0
    for (index, value) in values.enumerated() {
      weighted += value * ((31 * (index / columns) + 17 * (index % columns)) % 101)
    }
    return [values.reduce(0, +), weighted]
  }

  /// The slices of a patient by their series' description, from the lowest up.
  func slices(of patient: String) throws -> [String: [Slice]] {
    let contours = Dictionary(grouping: try study.read { try StoredContour.fetchAll($0) }, by: \.sliceId)
    let records = try study.read { database in
      try SliceRecord.fetchAll(
        database,
        sql: """
          SELECT slice.* FROM slice JOIN series ON series.id = slice.seriesId JOIN exam ON exam.id = series.examId
            JOIN patient ON patient.id = exam.patientId
          WHERE patient.sourceID = ? ORDER BY series.id, slice.ordinal
          """, arguments: [patient])
    }
    let slices = try records.map { record -> Slice in
      let url = study.url.appendingPathComponent(record.path)
      let header = try #require(try DICOMFile.attributes(of: url).first)
      let image = try DICOMFile.image(at: url)
      let drawn = (contours[record.id ?? 0] ?? []).map {
        $0.vertices.mask(columns: record.columns, rows: record.rows).values
      }
      let inside = drawn.reduce(Array(repeating: 0, count: image.values.count)) {
        zip($0, $1).map { $0 + ($1 ? 1 : 0) }
      }
      return Slice(
        record: record, header: header, check: Self.check(image.values.map { Int($0) }, columns: record.columns),
        mask: drawn.isEmpty ? nil : Self.check(inside, columns: record.columns))
    }
    return Dictionary(grouping: slices) { $0.header.seriesDescription ?? "" }
  }

  func lesions() throws -> [String: Lesion] {
    try study.read { database in
      let codes = Dictionary(uniqueKeysWithValues: try Patient.fetchAll(database).map { ($0.id ?? 0, $0.sourceID) })
      return Dictionary(
        uniqueKeysWithValues: try Lesion.fetchAll(database).map { (codes[$0.patientId] ?? "", $0) })
    }
  }

  func excluding(_ patient: String) throws -> [SetAside] {
    try study.setAside().filter { $0.excludes && $0.patientCode == patient }
  }
}
