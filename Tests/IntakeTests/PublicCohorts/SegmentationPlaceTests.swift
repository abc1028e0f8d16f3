import Annotation
import DICOM
import Foundation
import GRDB
import Study
import Support
import TestSupport
import Testing

@testable import Intake

/// Segmentations that name neither series nor slices, and lie in the slices' frame of reference.
struct SegmentationPlaceTests {
  private let folder: CohortFolder
  private let clinical: URL
  private let scans: URL

  init() throws {
    folder = try CohortFolder(
      protocolName: "kits", ("patientColumn: patient", "patientColumn: case_submitter_id"),
      ("lesionColumn: lesion", "lesionColumn: null"), ("gradeColumn: grade", "gradeColumn: tumor_grade"))
    clinical = try Golden.folder("tcia").appendingPathComponent("clinical.tsv")
    scans = folder.temporary.url.appendingPathComponent("scans")
  }

  private func copy(_ patient: String) throws {
    try FileManager.default.createDirectory(at: scans, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: try Golden.folder("tcia").appendingPathComponent(patient), to: scans.appendingPathComponent(patient))
  }

  /// Writes the file again with its elements, at all depths, as `change` gives them.
  private func rewrite(_ name: String, to copy: String? = nil, _ change: (DataElement) -> DataElement?) throws {
    func changed(_ elements: [DataElement]) -> [DataElement] {
      elements.compactMap { element in
        guard var element = change(element) else { return nil }
        if case .items(let items) = element.value { element.value = .items(items.map(changed)) }
        return element
      }
    }
    let source = try DataSet([UInt8](Data(contentsOf: scans.appendingPathComponent(name))), name: name)
    let elements = changed(source.elements)
    func text(_ tag: DICOMTag) -> String { source.text(tag) ?? "" }
    var instance = text(.sopInstanceUID)
    if case .bytes(let bytes)? = elements.first(where: { $0.tag == .sopInstanceUID })?.value {
      instance = String(decoding: bytes, as: UTF8.self)
    }
    let writer = DICOMFileWriter(
      elements, of: source, sopClassUID: text(.sopClassUID), sopInstanceUID: instance)
    let target = scans.appendingPathComponent(copy ?? name)
    try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(writer.bytes).write(to: target)
  }

  private static let referencedSeries = DICOMTag(rawValue: 0x0008_1115)
  private static let derivationImage = DICOMTag(rawValue: 0x0008_9124)

  /// Takes out of the segmentation what names series and slices.
  private func anonymize(_ patient: String, _ further: (DataElement) -> DataElement? = { $0 }) throws {
    try rewrite("\(patient)/study/seg/1.dcm") { element in
      [Self.referencedSeries, Self.derivationImage].contains(element.tag) ? nil : further(element)
    }
  }

  private func reasons(_ patient: String) throws -> [String] {
    try folder.study.setAside().filter { $0.patientCode == patient && $0.stage == .contours }.map(\.reason)
  }

  private func isDrawn(_ patient: String) throws -> Bool {
    try folder.slices(of: patient).values.flatMap { $0 }.contains { $0.mask != nil }
  }

  @Test(arguments: ["TCGA-BINARY", "TCGA-FRACTIONAL", "TCGA-LABELMAP", "TCGA-NOSOURCE"])
  func whatNamesNothingIsFoundByItsFrameOfReference(patient: String) throws {
    let golden = try JSONDecoder().decode(
      [String: [[Int]]].self, from: Data(contentsOf: Golden.folder("tcia").appendingPathComponent("golden.json")))
    try copy(patient)
    try anonymize(patient)
    let segmentation = try SegmentationFile(scans.appendingPathComponent("\(patient)/study/seg/1.dcm"))
    #expect(segmentation.sourceSeriesUID == nil && segmentation.frameOfReferenceUID != nil)
    #expect(segmentation.frames.allSatisfy { $0.sopInstanceUID == nil })
    _ = try CohortImport.tcia(scans, clinical: clinical, into: folder.study)
    let slices = try folder.slices(of: patient).values.flatMap { $0 }
    #expect(slices.map { $0.mask ?? [0, 0] } == golden[patient])
    #expect(try folder.excluding(patient).isEmpty)
  }

  @Test func anotherFrameOfReferenceIsAnotherPlace() throws {
    try copy("TCGA-BINARY")
    try anonymize("TCGA-BINARY") { $0.tag == .frameOfReferenceUID ? DataElement($0.tag, .ui, "2.25.77") : $0 }
    _ = try CohortImport.tcia(scans, clinical: clinical, into: folder.study)
    #expect(try !isDrawn("TCGA-BINARY"))
    #expect(try reasons("TCGA-BINARY").contains { $0.contains("names no series and matches no slice") })
  }

  @Test func noFrameOfReferenceIsNoPlace() throws {
    try copy("TCGA-BINARY")
    try anonymize("TCGA-BINARY") { $0.tag == .frameOfReferenceUID ? nil : $0 }
    _ = try CohortImport.tcia(scans, clinical: clinical, into: folder.study)
    #expect(try !isDrawn("TCGA-BINARY") && !folder.excluding("TCGA-BINARY").isEmpty)
  }

  @Test func framesThatLieBetweenSlicesAreRefused() throws {
    try copy("TCGA-SHIFTED")
    try anonymize("TCGA-SHIFTED")
    _ = try CohortImport.tcia(scans, clinical: clinical, into: folder.study)
    #expect(try !isDrawn("TCGA-SHIFTED") && !folder.excluding("TCGA-SHIFTED").isEmpty)
  }

  /// Copies the patient's slices as another series, changed further by `change`.
  private func addSeries(_ patient: String, _ change: (DataElement) -> DataElement? = { $0 }) throws {
    for slice in 1...3 {
      try rewrite("\(patient)/study/ct/\(slice).dcm", to: "\(patient)/study/second/\(slice).dcm") { element in
        switch element.tag {
        case .sopInstanceUID: DataElement(element.tag, .ui, "2.25.50\(slice)")
        case .seriesInstanceUID: DataElement(element.tag, .ui, "2.25.50")
        default: change(element)
        }
      }
    }
  }

  @Test func twoSeriesInOnePlaceAreNotGuessedAt() throws {
    try copy("TCGA-BINARY")
    try anonymize("TCGA-BINARY")
    try addSeries("TCGA-BINARY")
    _ = try CohortImport.tcia(scans, clinical: clinical, into: folder.study)
    #expect(try !isDrawn("TCGA-BINARY"))
    #expect(try reasons("TCGA-BINARY").contains { $0.contains("2 series of the patient have slices at its position") })
  }

  @Test func anotherSeriesInAnotherFrameOfReferenceDoesNotMatter() throws {
    try copy("TCGA-BINARY")
    try anonymize("TCGA-BINARY")
    try addSeries("TCGA-BINARY") { $0.tag == .frameOfReferenceUID ? DataElement($0.tag, .ui, "2.25.51") : $0 }
    _ = try CohortImport.tcia(scans, clinical: clinical, into: folder.study)
    #expect(try isDrawn("TCGA-BINARY") && folder.excluding("TCGA-BINARY").isEmpty)
  }

  @Test func aCollectionWithoutImagesSaysSo() throws {
    try FileManager.default.createDirectory(at: scans, withIntermediateDirectories: true)
    let summary = try CohortImport.tcia(scans, clinical: clinical, into: folder.study)
    #expect(summary.obstacle?.hasPrefix("it is empty") == true && summary.lesions > 0)
  }

  @Test func aSegmentationInAFolderOfAnyNameIsFound() throws {
    try copy("TCGA-BINARY")
    let place = scans.appendingPathComponent("TCGA-BINARY/study/seg")
    let bytes = Array(place.deletingLastPathComponent().path.utf8) + [UInt8(ascii: "/"), 0xFF, 0]
    let isRenamed = bytes.withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { rename(place.path, $0) == 0 } ?? false }
    }
    try #require(isRenamed)
    _ = try CohortImport.tcia(scans, clinical: clinical, into: folder.study)
    #expect(try isDrawn("TCGA-BINARY"))
  }
}
