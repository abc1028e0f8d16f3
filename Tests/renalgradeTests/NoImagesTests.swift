import Foundation
import Support
import TestSupport
import Testing

/// A study from a clinical table alone, by the commands that README.md names.
@Suite(.timeLimit(.minutes(30)))
struct NoImagesTests {
  private let folder: TemporaryFolder
  private var study: String { folder.url.appendingPathComponent("study").path }

  init() throws { folder = try TemporaryFolder() }

  /// 210 records in the layout of KiTS, by a formula: every third one of another subtype or without a grade.
  private func records() throws -> (folder: URL, taken: Int, high: Int) {
    var (taken, high) = (0, 0)
    let records = (0..<210).map { index -> [String: Any] in
      let subtype =
        index % 7 == 6 ? "papillary" : index % 30 == 29 ? "chromophobe" : "clear_cell_rcc"
      let size = 1.5 + Double((index * 37) % 90) / 10
      // Large tumours are of high grade more often.
      let grade = size > 6 ? 3 + index % 2 : 1 + (index % 5 == 0 ? 2 : index % 2)
      let isKnown = index % 20 != 13
      if subtype == "clear_cell_rcc", isKnown {
        taken += 1
        high += grade >= 3 ? 1 : 0
      }
      return [
        "case_id": String(format: "case_%05d", index), "age_at_nephrectomy": 40 + (index * 13) % 45,
        "gender": index % 3 == 0 ? "female" : "male",
        "body_mass_index": 20 + Double((index * 7) % 150) / 10,
        "radiographic_size": size, "tumor_histologic_subtype": subtype,
        "tumor_isup_grade": isKnown ? grade : NSNull(), "pathology_t_stage": size > 7 ? "2a" : "1a",
        "surgical_procedure": size > 6 ? "radical_nephrectomy" : "partial_nephrectomy",
      ]
    }
    let source = folder.url.appendingPathComponent("kits")
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
    try JSONSerialization.data(withJSONObject: records).write(
      to: source.appendingPathComponent("kits.json"))
    return (source, taken, high)
  }

  private func makeStudy(_ protocolName: String) throws {
    try CommandLineTool.succeed("init", study, "--protocol", "Protocols/\(protocolName).yaml")
  }

  @Test func kitsRecordsAreACohortBeforeAnyImageIsThere() throws {
    let (source, taken, high) = try records()
    try makeStudy("kits-clinical")
    let imported = try CommandLineTool.succeed(
      "cohort", "import", study, "--format", "kits", source.path)
    #expect(imported.contains("Patients: \(taken) of 210 taken; 0 new slices"), "\(imported)")
    let selected = try CommandLineTool.succeed("cohort", "select", study)
    #expect(selected.contains("the study has no images"), "\(selected)")
    let flow = try CommandLineTool.succeed("cohort", "flow", study)
    #expect(flow.hasPrefix("210 patients (210 lesions) at the start\n"), "\(flow)")
    #expect(
      flow.contains("papillary 30")
        && flow.contains("\(taken) patients (\(taken) lesions) in the study"), "\(flow)")
    #expect(
      flow.contains(
        "Patients by their highest grade: \(taken - high) of low grade, \(high) of high grade"),
      "\(flow)")
    #expect(flow.contains("clear cell   ") && flow.contains("chromophobe  "), "\(flow)")
    let table = try CommandLineTool.succeed("cohort", "table", study)
    #expect(
      table.contains("Total (n = \(taken))") && table.contains("partial_nephrectomy")
        && table.contains("not known"))
    #expect(
      try CommandLineTool.succeed("cohort", "table", study, "--annotated").contains("Total (n = 0)")
    )
    let run = try CommandLineTool.succeed("crossvalidate", study)
    #expect(run.contains("the table alone") && run.contains("AUC"), "\(run)")
    let runs = URL(fileURLWithPath: study).appendingPathComponent("runs")
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: runs.path).first { !$0.hasPrefix(".") })
    let baselines = try JSONSerialization.jsonObject(
      with: Data(contentsOf: runs.appendingPathComponent("\(name)/baselines.json")))
    let found = try #require(baselines as? [[String: Any]])
    #expect(found.compactMap { $0["name"] as? String } == ["size", "clinical"])
    // Size orders the patients as it stands: only the clinical columns are fitted.
    #expect(found.map { $0["method"] as? String } == ["asItStands", "crossFitted"], "\(found)")
    let predictions = try DelimitedTable(
      contentsOf: runs.appendingPathComponent("\(name)/baselines/clinical.csv"))
    #expect(predictions.rows.count == taken)
    try CommandLineTool.succeed("status", study)
  }

  @Test func anyTableIsACohort() throws {
    let table = folder.url.appendingPathComponent("clinical.csv")
    let rows = (0..<60).map { index in
      "P\(index);1;\(1 + (index * 7) % 4);\(20 + (index * 11) % 50),5;\(index % 2 == 0 ? "male" : "female")"
    }
    try AtomicFile.write(
      (["patient;lesion;grade;size_mm;sex"] + rows).joined(separator: "\r\n"), to: table)
    let file = folder.url.appendingPathComponent("protocol.yaml")
    let text = try String(
      contentsOf: protocolsFolder.appendingPathComponent("clinical.yaml"), encoding: .utf8)
    try AtomicFile.write(
      text.replacing("columns: [contour_mm]", with: "columns: [size_mm, sex]"), to: file)
    try CommandLineTool.succeed("init", study, "--protocol", file.path)
    let imported = try CommandLineTool.succeed("import", study, "--pathology", table.path)
    #expect(
      imported.contains("60 lesions; 0 rows")
        && imported.contains("its 60 patients come from the table alone"))
    let run = try CommandLineTool.succeed("crossvalidate", study)
    #expect(run.contains("AUC"), "\(run)")
  }

  /// What needs images says so, in one sentence.
  @Test func commandsThatNeedImagesSaySo() throws {
    try makeStudy("preset")
    let table = folder.url.appendingPathComponent("clinical.csv")
    try AtomicFile.write("patient,lesion,grade\nA1,1,2\nB2,1,3\n", to: table)
    try CommandLineTool.succeed("import", study, "--pathology", table.path)
    let outlines = folder.url.appendingPathComponent("contours.json")
    try AtomicFile.write("{}", to: outlines)
    for arguments in [
      ["rois", "build", study], ["rois", "montage", study],
      ["crossvalidate", study, "--weights", outlines.path], ["sweep", study],
      ["import", study, "--contours", outlines.path],
    ] {
      let result = try CommandLineTool.run(arguments)
      #expect(result.status == 1 || result.status == 64, "\(arguments)")
      #expect(
        result.error.contains("the study has no images, and "), "\(arguments): \(result.error)")
      #expect(result.error.split(separator: "\n").count == 1, "\(arguments): \(result.error)")
    }
  }

  @Test func aTableIsDeidentifiedAgainstItsScans() throws {
    let scans = folder.url.appendingPathComponent("scans").path
    let source = folder.url.appendingPathComponent("source")
    try FileManager.default.copyItem(
      at: try Cohort.small.get().url.appendingPathComponent("cohort/dicom"), to: source)
    let key = folder.url.appendingPathComponent("a.key").path
    try CommandLineTool.succeed("deidentify", source.path, "--to", scans, "--key", key)
    let patients = try FileManager.default.contentsOfDirectory(atPath: source.path).sorted()
    let table = folder.url.appendingPathComponent("records.csv")
    let written = folder.url.appendingPathComponent("clinical.csv").path
    func run(_ rows: [String]) throws -> CommandLineTool.Result {
      try AtomicFile.write((["patient,grade"] + rows).joined(separator: "\n"), to: table)
      return try CommandLineTool.run([
        "deidentify-table", table.path, "--to", written, "--scans", scans, "--key", key, "--keep",
        "grade",
      ])
    }
    let all = try run(patients.map { "\($0.lowercased()),2" })
    #expect(all.status == 0 && !all.output.contains("match no scan"), "\(all.output)\(all.error)")
    let pseudonyms = Set(
      try DelimitedTable(contentsOf: URL(fileURLWithPath: written)).rows.compactMap {
        $0.cells["patient"]
      })
    #expect(pseudonyms.isSubset(of: try FileManager.default.contentsOfDirectory(atPath: scans)))
    #expect(pseudonyms.count == patients.count)
    let some = try run(patients.dropFirst().map { "\($0),2" } + ["1E+12,3"])
    #expect(
      some.status == 0
        && some.output.contains("1 row matches no scan: records.csv, line \(patients.count + 1)."))
    #expect(some.output.contains("1 patient with scans has no row."), "\(some.output)")
    try FileManager.default.removeItem(atPath: written)
    let none = try run(["1E+12,3", "77,2"])
    #expect(
      none.status != 0 && none.error.contains("No row matches a scan, so nothing was written"),
      "\(none.error)")
    #expect(!FileManager.default.fileExists(atPath: written))
    let twice = try run([patients[0], patients[0].lowercased()].map { "\($0),2" })
    #expect(twice.status != 0 && twice.error.contains("lines 2 and 3"), "\(twice.error)")
    let merged = try run(["\(patients[0]),2", ",4"])
    #expect(merged.status != 0 && merged.error.contains("blank or unknown in 1 row (line 3)"), "\(merged.error)")
    #expect(!FileManager.default.fileExists(atPath: written))
  }
}
