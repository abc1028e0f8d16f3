import Annotation
import DICOM
import Foundation
import GRDB
import Study
import Support
import Testing

@testable import Intake

/// A collection in The Cancer Imaging Archive's layout, with segmentations that highdicom wrote.
struct TCIAImportTests {
  private let folder: CohortFolder
  private let source: URL
  private let clinical: URL

  init() throws {
    folder = try CohortFolder(
      protocolName: "kits", ("patientColumn: patient", "patientColumn: case_submitter_id"),
      ("lesionColumn: lesion", "lesionColumn: null"), ("gradeColumn: grade", "gradeColumn: tumor_grade"))
    source = try Golden.folder("tcia")
    clinical = source.appendingPathComponent("clinical.tsv")
  }

  private func run(_ settings: TCIASettings = TCIASettings()) throws -> CohortImport.Summary {
    try CohortImport.tcia(source, clinical: clinical, settings: settings, into: folder.study)
  }

  @Test func `segmentations of every kind become their slices' contours`() throws {
    let golden = try JSONDecoder().decode(
      [String: [[Int]]].self, from: Data(contentsOf: source.appendingPathComponent("golden.json")))
    let summary = try run()
    #expect(summary.slices == 9 * 3)
    for code in ["TCGA-BINARY", "TCGA-FRACTIONAL", "TCGA-LABELMAP", "TCGA-NOSOURCE"] {
      let slices = try folder.slices(of: code).values.flatMap { $0 }
      #expect(slices.map { $0.mask ?? [0, 0] } == golden[code], "\(code)")
      #expect(try folder.excluding(code).isEmpty, "\(code)")
    }
    let lesions = try folder.lesions()
    #expect(lesions["TCGA-LABELMAP"]?.grade == Grade(rawValue: 4))
    #expect(lesions["TCGA-LABELMAP"]?.attributes["ajcc_pathologic_t"] == "T1a")
    // Two rows of one patient that differ in the treatment say nothing of the patient.
    #expect(lesions["TCGA-LABELMAP"]?.attributes["treatment_type"]?.isEmpty != false)
  }

  @Test func `what cannot be tied together is listed`() throws {
    _ = try run()
    func reasons(_ code: String) throws -> String {
      try folder.study.setAside().filter { $0.patientCode == code }.map(\.reason).joined(separator: "; ")
    }
    #expect(try reasons("TCGA-SHIFTED").contains("and its slice have different pixel grids"))
    #expect(try reasons("TCGA-UNKNOWN").contains("matches no slice of the study"))
    #expect(try reasons("TCGA-NOTUMOUR").contains("no segment is named as a tumour; the segments are \"Kidney\""))
    #expect(try reasons("TCGA-GX").contains("tumor_grade is \"GX\"; expected one grade"))
    #expect(try reasons("TCGA-NOGRADE").contains("tumor_grade is missing"))
    for code in ["TCGA-SHIFTED", "TCGA-UNKNOWN", "TCGA-GX", "TCGA-NOGRADE"] {
      #expect(try !folder.excluding(code).isEmpty, "\(code)")
    }
    let aside = try folder.study.setAside()
    #expect(!aside.contains { $0.subject.hasSuffix("seg/1.dcm") && $0.stage == .dicom })
    #expect(aside.contains { $0.subject.hasSuffix("study/cut.dcm") })
    let again = try run()
    #expect(again.slices == 0)
    #expect(try folder.study.setAside().count == aside.count)
  }

  @Test func `subtypes and labels are settings`() throws {
    _ = try run(TCIASettings(tumourLabels: ["kidney"], subtypeColumn: "gender", subtypes: ["FEMALE"]))
    #expect(try folder.lesions().isEmpty)
    #expect(try folder.excluding("TCGA-BINARY").contains { $0.reason.contains("gender is \"male\"") })
    _ = try run(TCIASettings(tumourLabels: ["kidney"]))
    #expect(try folder.slices(of: "TCGA-NOTUMOUR").values.flatMap { $0 }.contains { $0.mask != nil })
    let error = #expect(throws: StudyError.self) { try run(TCIASettings(subtypeColumn: "histology", subtypes: ["a"])) }
    #expect(error?.description.contains("there is no column \"histology\"") == true)
  }

  @Test func `the table may call its patients otherwise`() throws {
    let table = folder.temporary.url.appendingPathComponent("clinical.csv")
    let text = try String(contentsOf: clinical, encoding: .utf8)
    try AtomicFile.write(text.replacing("TCGA-", with: "case_"), to: table)
    #expect(try CohortImport.tcia(source, clinical: table, into: folder.study).lesions == 0)
    let settings = TCIASettings(patientPrefix: TCIASettings.PatientPrefix("case_=TCGA-"))
    #expect(try CohortImport.tcia(source, clinical: table, settings: settings, into: folder.study) == run())
    #expect(try folder.lesions()["TCGA-BINARY"]?.grade == Grade(rawValue: 2))
    for text in ["", "=TCGA", "case_", "a=b=c"] { #expect(TCIASettings.PatientPrefix(text) == nil) }
  }

  @Test func `KiTS's own records serve its images at the archive`() throws {
    let records = folder.temporary.url.appendingPathComponent("kits.json")
    func record(_ code: String, _ subtype: String, _ grade: Int) -> String {
      #"{"case_id": "case_\#(code)", "tumor_histologic_subtype": "\#(subtype)", "tumor_isup_grade": \#(grade)}"#
    }
    try AtomicFile.write(
      "[\(record("BINARY", "clear_cell_rcc", 2)), \(record("FRACTIONAL", "papillary", 3))]", to: records)
    let settings = TCIASettings(patientPrefix: TCIASettings.PatientPrefix("case_=TCGA-"))
    let summary = try CohortImport.tcia(source, clinical: records, settings: settings, into: folder.study)
    #expect(summary.patients == 2 && summary.lesions == 1)
    #expect(try folder.lesions()["TCGA-BINARY"]?.grade == Grade(rawValue: 2))
    #expect(try folder.excluding("TCGA-FRACTIONAL").contains { $0.reason.contains("is \"papillary\"") })
  }

  @Test func `a second segmentation of a series is a second reader's`() throws {
    let copies = folder.temporary.url.appendingPathComponent("copies")
    let patient = source.appendingPathComponent("TCGA-BINARY")
    try FileManager.default.copyItem(at: patient, to: copies)
    try FileManager.default.copyItem(
      at: patient.appendingPathComponent("study/seg/1.dcm"), to: copies.appendingPathComponent("study/seg/2.dcm"))
    _ = try CohortImport.tcia(copies, clinical: clinical, into: folder.study)
    let readers = try folder.study.read { try StoredContour.fetchAll($0) }.map(\.reader)
    let counts = Dictionary(grouping: readers) { $0 }.mapValues(\.count)
    #expect(counts.keys.sorted() == ["segmentation 1", "segmentation 2"])
    #expect(counts["segmentation 1"] == counts["segmentation 2"])
  }

  @Test func `an archive is to be unpacked first`() throws {
    let error = #expect(throws: StudyError.self) {
      try CohortImport.tcia(clinical, clinical: clinical, into: folder.study)
    }
    #expect(error?.description.contains("is not a folder; unpack the collection") == true)
  }

  /// What merged cells and words for nothing hide: the patient above may have another lesion, so that the lesion is not taken.
  @Test(arguments: [
    ("A,2\n,4\nB,3\n", ["B"]), ("A,2\nNA,4\nB,3\n", ["B"]), ("A,2\nB,3\n ,2\n", ["A"]),
    ("A,2\n-,4\n?,4\nB,3\n", ["B"]), (",4\nA,2\nB,3\n", ["A", "B"]), ("A,2\nA,2\n,3\nB,3\n", ["B"]),
    ("A,2\n,\n \t,\nB,3\n,\n", ["A", "B"]),
  ])
  func `a row that names no patient sets the one above aside`(_ rows: String, _ taken: [String]) throws {
    let table = folder.temporary.url.appendingPathComponent("clinical.csv")
    try AtomicFile.write("patient,grade\n" + rows, to: table)
    var mapping = try folder.study.readProtocol().pathology
    (mapping.patientColumn, mapping.gradeColumn, mapping.lesionColumn) = ("patient", "grade", nil)
    let patients = try ClinicalTable(table, mapping, TCIASettings()).patients
    #expect(patients.map(\.patientID) == ["A", "B"])
    #expect(patients.filter { $0.tumour != nil }.map(\.patientID) == taken)
    for patient in patients where patient.tumour == nil {
      #expect(patient.remarks.contains { $0.excludes && $0.reason.contains("merged cells") })
    }
  }

  @Test func `a CT slice is no segmentation`() throws {
    let slice = source.appendingPathComponent("TCGA-BINARY/study/ct/1.dcm")
    #expect(!SegmentationFile.isSegmentation(slice))
    let error = #expect(throws: DICOMError.self) { try SegmentationFile(slice) }
    #expect(error?.kind == .unsupported)
  }
}
