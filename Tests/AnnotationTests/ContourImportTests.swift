@testable import Annotation
import Foundation
import GRDB
import Support
@testable import Study
import TestSupport
import Testing

/// Contours against a study whose tables are filled by hand: three patients with one series of four slices each.
struct ContourImportTests {
  private let folder: TemporaryFolder
  private let study: StudyFolder

  init() throws {
    folder = try TemporaryFolder()
    let protocolFile = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Protocols/paper.yaml").standardizedFileURL
    study = try StudyFolder.create(at: folder.url.appendingPathComponent("study"), protocolSource: protocolFile)
    try study.write { database in
      for number in 1...3 {
        var patient = Patient(id: nil, code: "case-\(number)", sourceID: "ID\(number)")
        try patient.insert(database)
        var exam = Exam(id: nil, patientId: patient.id ?? 0, studyInstanceUID: "2.25.\(number)")
        try exam.insert(database)
        var series = Series(id: nil, examId: exam.id ?? 0, seriesInstanceUID: "2.25.\(number).1", description: nil)
        try series.insert(database)
        for ordinal in 0..<4 {
          // Patient 3's slices are frames of one instance.
          var slice = SliceRecord(
            id: nil, seriesId: series.id ?? 0,
            sopInstanceUID: number == 3 ? "2.25.3.1.1" : "2.25.\(number).1.\(ordinal)",
            frame: number == 3 ? ordinal : 0, path: "dicom/\(number)-\(ordinal).dcm", ordinal: ordinal, columns: 64,
            rows: 48,
            rowSpacing: nil, columnSpacing: nil)
          try slice.insert(database)
        }
        for name in number == 2 ? ["left", "right"] : ["1"] {
          var lesion = Lesion(
            id: nil, patientId: patient.id ?? 0, name: name, grade: try #require(Grade(rawValue: 2)), attributes: [:])
          try lesion.insert(database)
        }
      }
    }
  }

  private func contour(
    _ id: String, _ patient: Int, slice: String? = nil, frame: Int? = nil, label: String = "Lesion",
    _ vertices: [SIMD2<Double>] = [[10, 10], [30, 10], [30, 30], [10, 30]], width: Int? = 64, height: Int? = 48
  ) -> Contour {
    Contour(
      annotationID: id, studyInstanceUID: "2.25.\(patient)", seriesInstanceUID: "2.25.\(patient).1",
      sopInstanceUID: slice ?? (patient == 3 ? "2.25.3.1.1" : "2.25.\(patient).1.0"), frame: frame, labelName: label,
      reader: "U_1", vertices: vertices, width: width, height: height)
  }

  /// Imports the contours and returns what was stored and what was set aside.
  private func run(_ contours: [Contour]) throws -> (
    summary: ContourImport.Summary, stored: [StoredContour], aside: [SetAside]
  ) {
    let url = folder.url.appendingPathComponent("mdai.json")
    try MDAI.write(contours, to: url)
    let summary = try ContourImport.run(url, into: study)
    let stored = try study.read { try StoredContour.fetchAll($0) }
    return (summary, stored, try study.setAside())
  }

  private func setLabels(
    _ labels: [String], coordinate: StudyProtocol.Annotation.IntegerCoordinate = .pixelCentre
  ) throws {
    var settings = try study.readProtocol()
    settings.annotation.lesionLabels = labels
    settings.annotation.integerCoordinate = coordinate
    try AtomicFile.write(settings.yaml, to: study.protocolFile)
  }

  @Test func `good contours are tied to slice and lesion`() throws {
    try setLabels([])
    let result = try run([
      contour("A", 1), contour("B", 1, slice: "2.25.1.1.2"), contour("C", 2, label: "Lesion left"),
      contour("D", 2, slice: "2.25.2.1.1", label: "RIGHT"), contour("E", 3, frame: 2),
    ])
    #expect(result.summary == .init(contours: 5, slices: 5, setAside: 0))
    let places = try study.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT contour.annotationID, patient.code, lesion.name, slice.ordinal FROM contour
            JOIN slice ON slice.id = sliceId JOIN lesion ON lesion.id = lesionId JOIN patient ON patient.id = lesion.patientId
          ORDER BY contour.annotationID
          """
      ).map {
        "\($0["annotationID"] as String) \($0["code"] as String) \($0["name"] as String) \($0["ordinal"] as Int)"
      }
    }
    #expect(places == ["A case-1 1 0", "B case-1 1 2", "C case-2 left 0", "D case-2 right 1", "E case-3 1 2"])
    // Importing again replaces.
    #expect(try run([contour("A", 1)]).stored.count == 1)
  }

  @Test(
    arguments: [
      ("off the image", [[10, 10], [90, 10], [30, 30]], "extends beyond the image"),
      ("two points", [[10, 10], [30, 30]], "2 different vertices"),
      ("self-intersecting", [[10, 10], [30, 30], [30, 10], [10, 30]], "crosses itself"),
    ] as [(String, [SIMD2<Double>], String)])
  func `a bad contour sets its patient aside and no other`(name: String, vertices: [SIMD2<Double>], reason: String)
    throws
  {
    let result = try run([
      contour("bad", 1, vertices), contour("good", 1, slice: "2.25.1.1.1"), contour("E", 3, frame: 0),
    ])
    #expect(result.stored.map(\.annotationID) == ["good", "E"])
    #expect(result.aside.count == 1)
    #expect(result.aside.first?.patientCode == "case-1")
    #expect(result.aside.first?.excludes == true)
    #expect(result.aside.first?.subject == "mdai.json, annotation bad")
    #expect(result.aside.first?.reason.contains(reason) == true)
    #expect(try study.read { try $0.excludedPatientCodes(before: .rois) } == ["case-1"])
  }

  @Test func `a contour whose place is not clear sets its patient aside`() throws {
    let result = try run([
      contour("absent", 1, slice: "2.25.1.1.77"), contour("which lesion", 2), contour("which frame", 3),
      contour("no such frame", 3, frame: 9), contour("stranger", 9, slice: "2.25.9.1.1"),
    ])
    #expect(result.stored.isEmpty)
    let reasons = Dictionary(
      uniqueKeysWithValues: result.aside.map {
        ($0.subject.split(separator: ",")[1].trimmingPrefix(" annotation "), $0)
      })
    #expect(reasons["absent"]?.patientCode == "case-1")
    #expect(reasons["absent"]?.reason.contains("is not in the study") == true)
    #expect(reasons["which lesion"]?.patientCode == "case-2")
    #expect(reasons["which lesion"]?.reason.contains("2 lesions") == true)
    #expect(reasons["which frame"]?.reason.contains("one of 4 frames") == true)
    #expect(reasons["no such frame"]?.patientCode == "case-3")
    #expect(reasons["stranger"]?.patientCode == nil)
    #expect(reasons["stranger"]?.excludes == false)
    // What could identify somebody stands in the subject, which reports can withhold, and not in the reason.
    #expect(reasons["no such frame"]?.subject.hasSuffix(", SOP Instance UID 2.25.3.1.1, frame 9") == true)
    for entry in result.aside {
      #expect(!entry.reason.contains("2.25.") && !entry.reason.contains("mdai.json"), "\(entry.reason)")
    }
  }

  @Test func `labels that end in a lesion's name are that lesion's, as the protocols stand`() throws {
    let result = try run([
      contour("A", 2, label: "Tumor left"), contour("B", 2, slice: "2.25.2.1.1", label: "lesion right"),
      contour("C", 1, label: "Tumor 1"), contour("D", 3, frame: 0, label: "Tumorous"),
    ])
    #expect(result.stored.map(\.annotationID) == ["A", "B", "C"])
    #expect(Set(result.stored.map(\.lesionId)).count == 3)
    #expect(result.aside.map(\.reason.description).first?.contains("not among annotation.lesionLabels") == true)
  }

  @Test func `more labels than lesions set their patient aside, once`() throws {
    let result = try run([
      contour("A", 1, label: "Tumor 1"), contour("B", 1, slice: "2.25.1.1.1", label: "Tumor 2"),
      contour("C", 1, slice: "2.25.1.1.2", label: "Tumor 2"), contour("D", 3, frame: 0, label: "Tumor"),
      contour("E", 3, frame: 1, label: "TUMOR"),
    ])
    #expect(result.stored.map(\.annotationID) == ["D", "E"])
    #expect(result.aside.map(\.patientCode) == ["case-1"])
    #expect(result.aside.map(\.excludes) == [true])
    #expect(result.aside.first?.reason.contains("2 labels (Tumor 1, Tumor 2), but pathology lists 1 lesion:") == true)
  }

  @Test func `a label that names two lesions says so`() throws {
    try study.write { database in
      let left = try #require(try Lesion.filter(Column("name") == "left").fetchOne(database))
      var upper = Lesion(id: nil, patientId: left.patientId, name: "upper left", grade: left.grade, attributes: [:])
      try upper.insert(database)
    }
    let result = try run([
      contour("A", 2, label: "Lesion upper left"), contour("B", 2, label: "Lesion left"),
      contour("C", 2, label: "Lesion"),
    ])
    #expect(result.stored.map(\.annotationID) == ["B"])
    #expect(result.aside.map { $0.reason.contains("names two of them") } == [true, false])
    #expect(result.aside.map { $0.reason.contains("names none of them") } == [false, true])
  }

  @Test func `contours of other labels or another meaning of integers are not the protocol's`() throws {
    func check() throws {
      let settings = try study.readProtocol().annotation
      try study.read { try ContourSettings.requireUnchanged(settings, $0) }
    }
    // Before the first import, nothing can be wrong.
    try check()
    _ = try run([contour("A", 1)])
    try check()
    try setLabels(["Tumor", "Lesion"])
    try check()
    try setLabels(["Tumor", "Lesion", "Mass"])
    let error = #expect(throws: StudyError.self) { try check() }
    #expect(error?.description.contains("import the contours again") == true)
    _ = try run([contour("A", 1)])
    try check()
    try setLabels(["Tumor", "Lesion", "Mass"], coordinate: .pixelCorner)
    #expect(throws: StudyError.self) { try check() }
    // Contours that do not say how they were imported count as others.
    _ = try run([contour("A", 1)])
    try check()
    try study.write { _ = try Setting.deleteAll($0) }
    #expect(throws: StudyError.self) { try check() }
  }

  @Test func `a slice of one patient under the series of another is refused`() throws {
    let result = try run([contour("A", 1, slice: "2.25.3.1.1", frame: 1)])
    #expect(result.aside.first?.patientCode == "case-3")
    #expect(result.aside.first?.reason.contains("case-1") == true)
  }

  @Test func `vertices are scaled to the slice and moved by what an integer means`() throws {
    let half = contour("A", 1, [[4, 4], [14, 4], [14, 14]], width: 32, height: 24)
    #expect(try run([half]).stored.first?.vertices.vertices == [[8.5, 8.5], [28.5, 8.5], [28.5, 28.5]])
    try setLabels([], coordinate: .pixelCorner)
    #expect(try run([half]).stored.first?.vertices.vertices == [[7.5, 7.5], [27.5, 7.5], [27.5, 27.5]])
  }

  @Test func `a lesion's contour that cannot be read sets its patient aside`() throws {
    let url = folder.url.appendingPathComponent("mdai.json")
    try MDAI.write([contour("A", 1), contour("B", 3, frame: 1)], to: url)
    var text = try String(contentsOf: url, encoding: .utf8)
    let data = try #require(text.range(of: "\"data\" : {"))
    let end = try #require(text.range(of: "},", range: data.upperBound..<text.endIndex))
    text.replaceSubrange(data.lowerBound..<end.upperBound, with: "\"data\" : null,")
    try Data(text.utf8).write(to: url)
    #expect(try ContourImport.run(url, into: study).contours == 1)
    let aside = try study.setAside()
    #expect(aside.map(\.patientCode) == ["case-1"])
    #expect(aside.map(\.excludes) == [true])
  }

  @Test func `malformed JSON leaves the study as it was`() throws {
    #expect(try run([contour("A", 1)]).stored.count == 1)
    let url = folder.url.appendingPathComponent("broken.json")
    try Data("{\n\"datasets\": [}\n".utf8).write(to: url)
    let error = #expect(throws: AnnotationError.self) { try ContourImport.run(url, into: study) }
    #expect(error?.description.hasPrefix("broken.json:2:") == true)
    #expect(try study.read { try StoredContour.fetchCount($0) } == 1)
  }

  @Test func `a small loop is cut off with a remark, and a bow tie is refused`() throws {
    var circle = (0..<40).map { index -> SIMD2<Double> in
      let angle = Double.pi * Double(index) / 20
      return SIMD2(30 + 8 * cos(angle), 24 + 8 * sin(angle))
    }
    circle += [SIMD2(37.5, 24.5), SIMD2(38.5, 24.8)]
    let result = try run([
      contour("kink", 1, circle), contour("tie", 3, frame: 0, [[9, 9], [30, 30], [30, 9], [9, 30]]),
    ])
    #expect(result.stored.map(\.annotationID) == ["kink"])
    #expect(result.stored.first?.vertices.firstCrossing == nil)
    #expect(result.aside.map(\.patientCode) == ["case-1", "case-3"] && result.aside.map(\.excludes) == [false, true])
    #expect(result.aside.first?.reason.contains("in a small loop of at most 0.") == true)
  }

  /// Slices of the patient's lesion by reader, and whether a remark says that they share it.
  @Test(
    arguments: [
      ([("A", [0, 1]), ("B", [2, 3])], "of 4 slices A 2, B 2, and 0 by all of them"),
      ([("A", [0, 1, 2]), ("B", [1, 2, 3])], "of 4 slices A 3, B 3, and 2 by all of them"),
      ([("A", [0]), ("B", [1]), ("C", [2])], "of 3 slices A 1, B 1, C 1, and 0 by all of them"),
      ([("A", [0, 1, 2]), ("B", [3])], "of 4 slices A 3, B 1"), ([("A", [0, 1]), ("B", [0, 1])], nil),
      ([("A", [0, 1, 2]), ("B", [1])], nil), ([("A", [0, 1, 2, 3])], nil),
    ] as [([(String, [Int])], String?)])
  func `readers that share a lesion are remarked on`(drawn: [(String, [Int])], expected: String?) throws {
    let contours = drawn.flatMap { reader, slices in
      slices.map { slice in
        var contour = contour("\(reader)\(slice)", 1, slice: "2.25.1.1.\(slice)")
        contour.reader = reader
        return contour
      }
    }
    let result = try run(contours)
    #expect(result.stored.count == contours.count)
    #expect(result.aside.count == (expected == nil ? 0 : 1))
    #expect(result.aside.allSatisfy { !$0.excludes && $0.patientCode == "case-1" })
    if let expected { #expect(result.aside.first?.reason.contains(expected) == true, "\(result.aside)") }
  }
}
