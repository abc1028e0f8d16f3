import DICOM
import Foundation
import GRDB
import Study
import Support
import TestSupport
import Testing

@testable import Intake

/// KiTS, from files that nibabel wrote, and from the challenge's own where they are at hand.
struct KiTSImportTests {
  private let golden: Golden
  private let folder: CohortFolder
  private let source: URL

  init() throws {
    golden = try Golden()
    folder = try CohortFolder(protocolName: "kits")
    source = try Golden.folder("kits")
  }

  @Test func `volumes lie where nibabel says, with their labels and grades`() throws {
    let summary = try CohortImport.kits(source, into: folder.study)
    #expect(summary.patients == golden.kits.taken.count + golden.kits.aside.count)
    let lesions = try folder.lesions()
    for (code, expected) in golden.kits.taken {
      #expect(try folder.excluding(code).isEmpty, "\(code)")
      let lesion = try #require(lesions[code])
      #expect(lesion.grade.rawValue == expected.grade, "\(code)")
      #expect(isVolume(lesion.attributes["kidney_mm3"], expected.kidney_mm3), "\(code)")
      #expect(isVolume(lesion.attributes["tumor_mm3"], expected.tumor_mm3), "\(code)")
      #expect(isVolume(lesion.attributes["cyst_mm3"], expected.cyst_mm3), "\(code)")
      let slices = try #require(try folder.slices(of: code)["contrast-enhanced"])
      #expect(slices.map(\.check) == expected.volume, "\(code)")
      #expect(slices.map { $0.mask ?? [0, 0] } == expected.mask, "\(code)")
      for (slice, position) in [(slices[0], expected.first), (slices[slices.count - 1], expected.last)] {
        let found = try #require(slice.header.imagePosition)
        for axis in 0..<3 { #expect(abs(found[axis] - position[axis]) < 1e-3, "\(code)") }
        #expect(abs((slice.header.pixelSpacing?.row ?? 0) - expected.spacing[0]) < 1e-6, "\(code)")
        #expect(abs((slice.header.pixelSpacing?.column ?? 0) - expected.spacing[1]) < 1e-6, "\(code)")
      }
    }
    #expect(lesions["case_00000"]?.attributes["pathology_t_stage"] == "1a")
    #expect(lesions["case_00000"]?.attributes["radiographic_size"] == "3.4")
    #expect(lesions["case_00000"]?.attributes["malignant"] == "true")
    #expect(lesions["case_00000"]?.attributes["age_at_nephrectomy"] == "61")
    // "na" and null are no values.
    #expect(lesions["case_00001"]?.attributes["tumor_necrosis"] == nil)
    #expect(lesions["case_00001"]?.attributes["radiographic_size"] == "")
  }

  /// Whether a cell says that volume, to a tenth of a cubic millimetre.
  private func isVolume(_ cell: String?, _ expected: Double) -> Bool {
    cell.flatMap(Double.init).map { abs($0 - expected) < 0.0501 } == true
  }

  @Test func `who cannot be taken is listed with the reason`() throws {
    _ = try CohortImport.kits(source, into: folder.study)
    for (code, reason) in golden.kits.aside {
      let entries = try folder.excluding(code)
      #expect(entries.count == 1, "\(code): \(entries)")
      #expect(entries.first?.reason.contains(reason) == true, "\(code): \(entries.first?.reason ?? "")")
      #expect(try folder.slices(of: code).isEmpty, "\(code)")
    }
    // The clinical record of a case whose images were not fetched is kept.
    #expect(try folder.lesions()["case_00013"]?.grade == Grade(rawValue: 2))
    #expect(try CohortImport.kits(source, into: folder.study).slices == 0)
  }

  /// The flow begins with all whom the import saw.
  @Test func `the records of all patients are kept with the reason why some are not taken`() throws {
    _ = try CohortImport.kits(source, into: folder.study)
    let table = try DelimitedTable(contentsOf: folder.study.clinicalRecordsFile)
    #expect(table.rows.count == golden.kits.taken.count + golden.kits.aside.count)
    for row in table.rows {
      let code = try #require(row.cells["patient"])
      let reason = row.cells[StudyFolder.leftOutColumn] ?? ""
      let isTaken = try folder.lesions()[code] != nil
      #expect(reason.isEmpty == isTaken, "\(code): \(reason)")
      if isTaken { #expect(row.cells["tumor_histologic_subtype"] == "clear_cell_rcc") }
    }
  }

  /// Reads as KiTS does, and stops at a patient as a full disk would.
  private final class Interrupted: CohortLayout {
    let layout: KiTSLayout
    var stop: Int?
    private(set) var read: [String] = []
    init(_ layout: KiTSLayout) { self.layout = layout }
    var name: String { layout.name }
    var entries: [CohortEntry] { layout.entries }
    func stamp(of entry: CohortEntry) -> [String] { layout.stamp(of: entry) }
    func read(_ entry: CohortEntry, _ staging: SeriesStaging) throws -> CohortPatient {
      if read.count == stop { throw StudyError(.file, "no room") }
      read.append(entry.patientID)
      return try layout.read(entry, staging)
    }
  }

  @Test(arguments: [1, 2, 3, 5, 8]) func `an interrupted import goes on where it was`(stop: Int) throws {
    let whole = try CohortFolder(protocolName: "kits")
    _ = try CohortImport.kits(source, into: whole.study)
    let layout = Interrupted(try KiTSLayout(source, KiTSSettings()))
    layout.stop = stop
    #expect(throws: StudyError.self) { try CohortImport.run(layout, source: source, into: folder.study, nil) }
    let before = layout.read
    layout.stop = nil
    _ = try CohortImport.run(layout, source: source, into: folder.study, nil)
    // Only those are read again whom the reading itself refuses.
    let again = Set(layout.read.dropFirst(before.count)).intersection(before)
    #expect(try again.allSatisfy { try folder.lesions()[$0] == nil }, "\(again)")
    #expect(try folder.study.setAside().map(\.reason).sorted() == whole.study.setAside().map(\.reason).sorted())
    for table in ["clinical.csv", "pathology.csv"] {
      let texts = try [folder, whole].map { try String(contentsOf: $0.study.cohortFile(table), encoding: .utf8) }
      #expect(texts[0] == texts[1])
    }
    for code in golden.kits.taken.keys {
      let pairs = try [folder, whole].map {
        try $0.slices(of: code).mapValues { $0.map { $0.check + ($0.mask ?? []) } }
      }
      #expect(pairs[0] == pairs[1], "\(code)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.study.url.appendingPathComponent(".cohort").path))
  }

  /// What was read is read again where the files are others.
  @Test func `an interrupted import notices files that changed`() throws {
    let copy = folder.temporary.url.appendingPathComponent("kits")
    try FileManager.default.copyItem(at: source, to: copy)
    let layout = Interrupted(try KiTSLayout(copy, KiTSSettings()))
    layout.stop = 2
    #expect(throws: StudyError.self) { try CohortImport.run(layout, source: copy, into: folder.study, nil) }
    let first = layout.read[0]
    let map = copy.appendingPathComponent("\(first)/segmentation.nii.gz")
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: map.path)
    layout.stop = nil
    _ = try CohortImport.run(layout, source: copy, into: folder.study, nil)
    #expect(layout.read.count { $0 == first } == 2)
  }

  @Test func `a tilted stack keeps its directions`() throws {
    _ = try CohortImport.kits(source, into: folder.study)
    let slices = try #require(try folder.slices(of: "case_00002")["contrast-enhanced"])
    let row = try #require(slices[0].header.columnDirection)
    #expect(abs(row.y - cos(4 * Double.pi / 180)) < 1e-6 && abs(abs(row.z) - sin(4 * Double.pi / 180)) < 1e-6)
  }

  @Test func `a table that is none stops the import`() throws {
    let other = folder.temporary.url.appendingPathComponent("other")
    try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
    let none = #expect(throws: StudyError.self) { try CohortImport.kits(other, into: folder.study) }
    #expect(none?.description.contains("it has no kits.json") == true)
    for (text, reason) in [
      ("{}", "not a list of KiTS records"), ("[{\"gender\": \"male\"}]", "not a list of KiTS records"),
      ("[{\"case_id\": \"a\"}, {\"case_id\": \"a\"}]", "occurs twice in the table"),
    ] {
      try AtomicFile.write(text, to: other.appendingPathComponent("kits23.json"))
      let error = #expect(throws: StudyError.self) { try CohortImport.kits(other, into: folder.study) }
      #expect(error?.description.contains(reason) == true)
    }
  }

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func `real records and maps of KiTS19`() throws {
    let sample = try #require(SharedData.root).appendingPathComponent("kits-sample")
    let records = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: sample.appendingPathComponent("kits.json")))
        as? [[String: Any]])
    #expect(try CohortImport.kits(sample, into: folder.study).patients == 12)
    let lesions = try folder.lesions()
    for record in records {
      let code = try #require(record["case_id"] as? String)
      guard record["tumor_histologic_subtype"] as? String == "clear_cell_rcc" else {
        #expect(lesions[code] == nil)
        #expect(try folder.excluding(code).first?.reason.contains("tumor_histologic_subtype") == true)
        continue
      }
      let lesion = try #require(lesions[code])
      #expect(lesion.grade.rawValue == record["tumor_isup_grade"] as? Int)
      #expect(lesion.attributes["pathology_t_stage"] == record["pathology_t_stage"] as? String)
      #expect(lesion.attributes["tumor_histologic_subtype"] == "clear_cell_rcc")
      // No image was fetched of any case, so that the records alone are the cohort.
      #expect(try folder.excluding(code).isEmpty)
    }
    #expect(lesions.count == 9)
    #expect(golden.kitsSample.count == 3)
    for (code, volumes) in golden.kitsSample {
      for (name, volume) in volumes {
        #expect(isVolume(lesions[code]?.attributes[name], volume), "\(code) \(name)")
      }
    }
  }
}
