import Annotation
import Foundation
import TestSupport
import Testing

struct MDAITests {
  private func fixture() throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures/quirks.json", withExtension: nil))
  }

  private func read(_ text: String, _ labels: [String] = []) throws -> MDAIExport {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("export.json")
    try Data(text.utf8).write(to: url)
    return try MDAI.read(url, lesionLabels: labels)
  }

  @Test func `contours come in all the shapes that exports have`() throws {
    let export = try MDAI.read(fixture(), lesionLabels: ["lesion", "L_free"])
    #expect(export.contours.map(\.annotationID) == ["A_pairs", "A_flat", "A_closed", "A_mask", "A_second"])
    #expect(export.contours[0].vertices == [[10, 10.5], [30.25, 10], [20, 30]])
    #expect(export.contours[1].vertices == [[10, 10], [30, 10], [20, 30]])
    #expect(export.contours[2].vertices == export.contours[1].vertices)
    #expect(export.contours.map(\.reader) == ["U_1", "U_2", "unknown", "U_1", "U_3"])
    #expect(export.contours.map(\.width) == [512, 256, nil, nil, 512])
    #expect(export.contours.map(\.frame) == [nil, nil, 2, nil, nil])
    #expect(export.contours.map(\.labelName) == ["Lesion", "Tumor – outlined by hand", "Lesion", "Lesion", "Lesion"])
    #expect(export.contours[4].sopInstanceUID == "2.25.3.1.1")
    #expect(export.contours[4].seriesInstanceUID == "2.25.3.1")
    #expect(export.contours[4].studyInstanceUID == "2.25.3")
  }

  @Test func `what is no contour is listed with its line and reason`() throws {
    let export = try MDAI.read(fixture(), lesionLabels: ["lesion", "L_free"])
    let skipped = Dictionary(uniqueKeysWithValues: export.skipped.map { ($0.annotationID, $0) })
    let expected = [
      ("A_null", "line 13: it has no vertices", true),
      ("A_series", "line 14: its label \"Lesion\" has the mode none", false),
      ("A_study", "line 15: it names no slice", false),
      ("A_bbox", "line 16: its label \"Lesion\" has the mode bbox", false),
      ("A_ellipse", "mode ellipse", false),
      ("A_other", "\"Cyst\" is not among annotation.lesionLabels", false), ("A_unlabelled", "L_gone", false),
      ("A_strayed", "StudyInstanceUID", true), ("A_text", "line 22: its vertices", true),
      ("A_odd", "its vertices", true),
      ("A_pairs", "line 24: an annotation with this id occurs earlier in the export", false),
      ("datasets[1].annotations[1]", "line 33: it has no vertices", true),
    ]
    #expect(export.skipped.count == expected.count)
    for (id, reason, isDamaged) in expected {
      #expect(skipped[id]?.reason.contains(reason) == true, "\(id): \(skipped[id]?.reason ?? "not listed")")
      #expect(skipped[id]?.isDamaged == isDamaged, "\(id)")
    }
    #expect(skipped["A_null"]?.seriesInstanceUID == "2.25.1.1")
  }

  @Test func `an empty list of labels takes every polygon`() throws {
    let export = try MDAI.read(fixture(), lesionLabels: [])
    #expect(export.contours.map(\.annotationID) == ["A_pairs", "A_flat", "A_closed", "A_mask", "A_other", "A_second"])
  }

  @Test func `contours survive writing and reading`() throws {
    let folder = try TemporaryFolder()
    let written = try MDAI.read(fixture(), lesionLabels: []).contours
    let (first, second) = (folder.url.appendingPathComponent("1.json"), folder.url.appendingPathComponent("2.json"))
    try MDAI.write(written, to: first)
    try MDAI.write(written, to: second)
    #expect(try Data(contentsOf: first) == Data(contentsOf: second))
    let export = try MDAI.read(first, lesionLabels: [])
    #expect(export.contours == written)
    #expect(export.skipped.isEmpty)
    #expect(try MDAI.read(first, lesionLabels: ["Cyst"]).contours.map(\.annotationID) == ["A_other"])
  }

  @Test func `where the exam's UID is blank everywhere, the slice's alone counts`() throws {
    let folder = try TemporaryFolder()
    var contour = try #require(try MDAI.read(fixture(), lesionLabels: []).contours.first)
    contour.studyInstanceUID = ""
    let url = folder.url.appendingPathComponent("1.json")
    try MDAI.write([contour], to: url)
    #expect(try MDAI.read(url, lesionLabels: []).contours == [contour])
  }

  @Test(arguments: [
    ("{\n \"datasets\": [\n  {\"name\": \"d\",,}\n ]\n}", "export.json:3:"),
    ("{\"datasets\": [{\"annotations\":\n [{]}", "export.json:2:"),
    ("[]", "export.json:1:"), ("", "export.json:1:"), ("{\"labelGroups\": []}", "\"datasets\""),
    ("{\n\"datasets\": 3}", "export.json:2: \"datasets\" must be a list"),
    ("{\"datasets\": [\n3]}", "export.json:2: expected an object"),
    ("{\"datasets\": [{\"annotations\":\n{}}]}", "export.json:2: \"annotations\" must be a list"),
    (
      "{\"datasets\": [], \"labelGroups\": [{\"labels\":\n[{\"name\": \"x\"}]}]}",
      "export.json:2: a label has no \"id\""
    ),
  ])
  func `a file that is no export is refused with file and line`(text: String, expected: String) {
    let error = #expect(throws: AnnotationError.self) { try read(text) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }

  @Test func `a missing file is an error that names it`() {
    let error = #expect(throws: AnnotationError.self) {
      try MDAI.read(URL(fileURLWithPath: "/nowhere/export.json"), lesionLabels: [])
    }
    #expect(error?.description.hasPrefix("export.json cannot be read") == true)
  }

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func `the real export gives its 39 contours, all of them possible`() throws {
    let root = try #require(SharedData.root)
    let export = try MDAI.read(root.appendingPathComponent("real-ccrcc/mdai.json"), lesionLabels: ["Lesion", "Tumor"])
    #expect(export.contours.count == 39)
    #expect(export.skipped.isEmpty)
    for contour in export.contours { try contour.scaled(columns: 512, rows: 512).validate(columns: 512, rows: 512) }
  }
}
