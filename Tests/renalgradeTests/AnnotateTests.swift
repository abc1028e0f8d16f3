import Annotation
import BrowserSupport
import DICOM
import Foundation
import GRDB
import HTTP
import Imaging
import Study
import Support
import TestSupport
import Testing

/// `renalgrade annotate` as its users run it.
@Suite(.serialized, .timeLimit(.minutes(15))) struct AnnotateTests {
  private let folder: TemporaryFolder
  private var study: String { folder.url.appendingPathComponent("study").path }

  init() throws { folder = try TemporaryFolder() }

  private func prepare(_ cohort: URL, _ changes: [(String, String)] = []) throws {
    try CommandLineTool.succeed("init", study, "--protocol", try Cohort.quickProtocol(in: folder, changes))
    try CommandLineTool.succeed(
      "import", study, "--dicom", cohort.appendingPathComponent("dicom").path, "--pathology",
      cohort.appendingPathComponent("pathology.csv").path)
  }

  /// What a program sends in a reader's name, without a browser.
  private struct Client: Sendable {
    let http: HTTPClient
    let origin: String
    var authorization = ""

    func send<Value: Decodable & Sendable>(_ path: String, _ body: String? = nil) async throws -> Value {
      let headers = [
        ("Authorization", "Bearer \(authorization)"), ("Origin", origin), ("Content-Type", "application/json"),
      ]
      let request = HTTPRequest(
        origin + path, headers: headers.map { (name: $0.0, value: $0.1) }, body: body.map { Data($0.utf8) })
      return try await http.send(request) { answer in
        let text = try await answer.body(upTo: 1 << 24)
        guard answer.status == 200 else {
          throw ServedAnnotation.Failure(output: String(decoding: text, as: UTF8.self))
        }
        return try JSONDecoder().decode(Value.self, from: text)
      }
    }
  }

  private struct SignedIn: Decodable { let authorization: String }
  private struct Worklist: Decodable { let cases: [Case] }

  /// A cohort of one patient with four small slices.
  private func smallCohort() throws -> URL {
    let cohort = folder.url.appendingPathComponent("cohort"), dicom = cohort.appendingPathComponent("dicom")
    try FileManager.default.createDirectory(at: dicom, withIntermediateDirectories: true)
    for slice in 0..<4 {
      try CTInstance(
        patientID: "P1", studyInstanceUID: "2.25.1", seriesInstanceUID: "2.25.1.1", sopInstanceUID: "2.25.1.1.\(slice)",
        columns: 64, rows: 48, storedValues: (0..<64 * 48).map { Int16(($0 * 7 + slice) % 100) },
        position: SIMD3(0, 0, 3 * Double(slice)), pixelSpacing: PixelSpacing(row: 1, column: 1), sliceThickness: 3
      ).write(to: dicom.appendingPathComponent("\(slice).dcm"))
    }
    try AtomicFile.write("patient,lesion,grade\nP1,left,2\n", to: cohort.appendingPathComponent("pathology.csv"))
    return cohort
  }

  @Test func everyAcknowledgedEditOutlivesTwentyKills() async throws {
    try prepare(smallCohort())
    var random = SplitMix64(seed: 20)
    var acknowledged: Set<String> = []
    var ports: Set<String> = []
    for _ in 0..<20 {
      let server = try ServedAnnotation(study, reader: "anna")
      ports.insert(server.origin)
      var client = Client(http: try HTTPClient(), origin: server.origin)
      let signedIn: SignedIn = try await client.send("/api/session", #"{"token": "\#(server.token)"}"#)
      client.authorization = signedIn.authorization
      let worklist: Worklist = try await client.send("/api/worklist")
      let name = try #require(worklist.cases.first).case
      let detail: CaseDetail = try await client.send("/api/cases/\(name)")
      var revision = detail.revision
      let window = UUID().uuidString
      let delay = UInt32(random.below(150_000))
      Thread.detachNewThread {
        usleep(delay)
        server.kill()
      }
      // Until the server no longer answers.
      while true {
        let edits = (0...random.below(4)).map { _ in
          let corner = SIMD2(1 + 40 * random.unit(), 1 + 30 * random.unit())
          let outline = AnnotationObject.Outline(
            lesion: detail.lesions[0].lesion, series: 0, slice: random.below(detail.series[0].slices.count),
            vertices: [corner, corner + [9, 0], corner + [0, 9]])
          return Edit(
            id: UUID().uuidString.lowercased(),
            object: AnnotationObject(object: UUID().uuidString.lowercased(), content: .outline(outline)))
        }
        let json = String(decoding: try JSONEncoder().encode(edits), as: UTF8.self)
        let body = """
          {"window": "\(window)", "numbering": "\(detail.numbering)", "base": \(revision), "edits": \(json)}
          """
        do {
          let saved: Revision = try await client.send("/api/cases/\(name)/edits", body)
          acknowledged.formUnion(saved.acknowledged)
          revision = saved.revision
        } catch is HTTPError {
          break
        }
      }
      server.kill()
      let tables = try StudyFolder(at: URL(fileURLWithPath: study))
      #expect(try AnnotationDesk(tables).verify().problems == [])
    }
    #expect(acknowledged.count > 20)
    #expect(ports.count == 1, "a browser finds its unsaved edits only at the same port")
    let kept = try StudyFolder(at: URL(fileURLWithPath: study)).read {
      try String.fetchSet($0, sql: "SELECT editId FROM annotationEdit")
    }
    #expect(kept.isSuperset(of: acknowledged))
    #expect(try CommandLineTool.succeed("annotations", "verify", study).contains("entries are intact"))
  }

  /// The outlines of the real patients are drawn on the page, press by press, and go on to a report.
  ///
  /// A press is on a whole CSS pixel, so at the zoom of each outline a vertex is within 0.5 / zoom of the original, at most 0.1 pixel;
  /// vertices that would lie on the one before, or would close the outline early, are left out: they change less than that.
  @Test(
    .enabled(if: SharedData.isPresent, "\(SharedData.missing)"),
    .enabled(if: WebDriver.isInstalled, "\(WebDriver.missing)"))
  func realPatientsAreOutlinedOnThePageAndGoOnToAReport() async throws {
    let cohort = try #require(SharedData.root).appendingPathComponent("real-ccrcc")
    try prepare(cohort, [("lesionLabels: [Tumor]", "lesionLabels: []")])
    let export = try MDAI.read(cohort.appendingPathComponent("mdai.json"), lesionLabels: [])
    let originals = Dictionary(grouping: export.contours, by: \.sopInstanceUID)
    let server = try ServedAnnotation(study, reader: "anna")
    let browser = try await WebDriver().open(width: 1280, height: 900)
    let page = CasePage(browser)
    try await page.enter(server.address)
    let folder = try StudyFolder(at: URL(fileURLWithPath: study))
    let exams = try folder.read { database in
      try Row.fetchAll(
        database, sql: "SELECT number, studyInstanceUID FROM reading WHERE reader = 'anna' ORDER BY number"
      )
      .map { ($0[0] as Int, $0[1] as String) }
    }
    #expect(exams.count == 13)
    var presses = 0
    var largest = 0.0
    for (number, exam) in exams {
      let digits = String(number)
      try await page.open("case-" + String(repeating: "0", count: 4 - digits.count) + digits)
      let slices = try folder.read { try SlicePlace.all(ofExam: exam, $0) }.sorted { $0.ordinal < $1.ordinal }
      for slice in slices {
        let original = try #require(originals[slice.sopInstanceUID]?.first).vertices
        try await page.showSlice(slice.ordinal)
        let zoom = try await fill(page, with: original)
        let (kept, points) = screened(original, try await page.placement())
        try await browser.keys("p")
        try await browser.press(points)
        try await browser.keys(Key.enter)
        try await browser.keys("v")
        try await page.saved()
        let drawn = try #require(try await page.outlines().first).points
        try #require(drawn.count == kept.count)
        for (found, wanted) in zip(drawn, kept) {
          largest = max(largest, abs(found.x - wanted.x), abs(found.y - wanted.y))
          #expect(abs(found.x - wanted.x) <= 0.5 / zoom + 1e-6 && abs(found.y - wanted.y) <= 0.5 / zoom + 1e-6)
        }
        // As areas they are the same but for what the precision takes.
        let (a, b) = (Polygon(vertices: drawn).area, Polygon(vertices: original).area)
        #expect(abs(a / b - 1) < 0.03)
        presses += points.count
      }
    }
    #expect(largest <= 0.1)
    #expect(presses > 700)
    server.kill()
    #expect(try CommandLineTool.succeed("annotations", "verify", study).contains("intact"))
    let contours = try folder.read { try StoredContour.fetchAll($0) }
    #expect(contours.count == 39 && contours.allSatisfy { $0.reader == "anna" })
    try CommandLineTool.succeed("rois", "build", study)
    try CommandLineTool.succeed("crossvalidate", study, "--weights", try Cohort.weightsFile(), "--threads", "1")
    let runs = try FileManager.default.contentsOfDirectory(
      at: URL(fileURLWithPath: study).appendingPathComponent("runs"), includingPropertiesForKeys: nil)
    let run = try #require(runs.first)
    let metrics = try JSONSerialization.jsonObject(with: Data(contentsOf: run.appendingPathComponent("metrics.json")))
    let pooled = try #require((metrics as? [String: Any])?["pooled"] as? [String: [String: Any]])
    #expect(pooled["patient"]?["n"] as? Int == 13 && pooled["patient"]?["positives"] as? Int == 6)
    #expect(pooled["slice"]?["n"] as? Int == 39)
    #expect(FileManager.default.fileExists(atPath: run.appendingPathComponent("report.html").path))
  }

  /// Zooms and pans so that an outline fills most of the active phase; gives CSS pixels per image pixel.
  private func fill(_ page: CasePage, with outline: [SIMD2<Double>]) async throws -> Double {
    try await page.browser.keys(" ")
    let place = try await page.placement()
    let low = outline.reduce(outline[0], pointwiseMin), high = outline.reduce(outline[0], pointwiseMax)
    let extent = high - low, middle = place.toScreen((low + high) / 2)
    let factor = 0.75 * min(place.box[2] / extent.x, place.box[3] / extent.y) / place.matrix[0]
    try await page.browser.key(Key.control, isDown: true)
    try await page.browser.wheel(at: middle, by: -Int(400 * log(factor)))
    try await page.browser.key(Key.control, isDown: false)
    let centre = SIMD2(Int(place.box[0] + place.box[2] / 2), Int(place.box[1] + place.box[3] / 2))
    try await page.browser.drag([middle, centre], button: 1)
    return try await page.placement().matrix[0]
  }

  /// The vertices that a press can give, and where to press.
  private func screened(
    _ outline: [SIMD2<Double>], _ place: CasePage.Placement
  ) -> (vertices: [SIMD2<Double>], points: [SIMD2<Int>]) {
    func distance(_ a: SIMD2<Int>, _ b: SIMD2<Int>) -> Double {
      let difference = SIMD2<Double>(a &- b)
      return (difference * difference).sum().squareRoot()
    }
    var kept: [(SIMD2<Double>, SIMD2<Int>)] = []
    for vertex in outline {
      let point = place.toScreen(vertex)
      if let last = kept.last, distance(last.1, point) < 3 { continue }
      if kept.count >= 3, distance(kept[0].1, point) < 8 { continue }
      kept.append((vertex, point))
    }
    return (kept.map(\.0), kept.map(\.1))
  }

  /// A slice of the real CT on the page has the HU that Swift reads.
  @Test(
    .enabled(if: SharedData.isPresent, "\(SharedData.missing)"),
    .enabled(if: WebDriver.isInstalled, "\(WebDriver.missing)"))
  func theRealCTIsShownAndOutlined() async throws {
    let root = try #require(SharedData.root)
    try CommandLineTool.succeed("init", study, "--protocol", try Cohort.quickProtocol(in: folder))
    try CommandLineTool.succeed("import", study, "--dicom", root.appendingPathComponent("real-ct").path)
    let folder = try StudyFolder(at: URL(fileURLWithPath: study))
    let slices = try folder.read { try SlicePlace.all($0) }.sorted { $0.ordinal < $1.ordinal }
    #expect(slices.count == 20)
    let table = self.folder.url.appendingPathComponent("pathology.csv")
    try AtomicFile.write("patient,lesion,grade\n\(slices[0].patientID),left,3\n", to: table)
    try CommandLineTool.succeed("import", study, "--pathology", table.path)
    let server = try ServedAnnotation(study, reader: "anna")
    let page = CasePage(try await WebDriver().open())
    try await page.enter(server.address)
    try await page.open("case-0001")
    let number: String = try await page.browser.value("document.querySelector('.pane.active').dataset.slice")
    let shown = try slices[#require(Int(number))]
    let file = try StudyFolder.file(shown.path, in: folder.url)
    let image = try DICOMFile.image(at: file, frame: shown.frame)
    let window = try folder.readProtocol().roi
    let greysOfWindow = WindowTable(centre: window.windowCentre, width: window.windowWidth)
    let expected = image.values.map { Int(greysOfWindow.grey(Int16($0))) }
    let greys: [Int] = try await page.browser.value(
      """
      (() => { const c = document.querySelector('.pane.active canvas');
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        return Array.from({ length: d.length / 4 }, (_, i) => d[4 * i]); })()
      """)
    #expect(greys == expected)
    let place = try await page.placement()
    for point in [[200.0, 210.0], [300, 250], [256, 256], [330, 300]] {
      let screen = place.toScreen(SIMD2(point[0], point[1]))
      try await page.browser.hover(screen)
      let at = place.toImage(Double(screen.x), Double(screen.y))
      let index = Int((at.y + 0.5).rounded(.down)) * image.columns + Int((at.x + 0.5).rounded(.down))
      let reading: String = try await page.browser.value(
        "document.querySelector('.pane.active .reading strong').textContent")
      #expect(reading == "\(Int(image.values[index])) HU".replacingOccurrences(of: "-", with: "−"))
    }
    try await page.drawPolygon([[180, 200], [220, 195], [230, 240], [190, 250]])
    try await page.saved()
    let drawn = try #require(try await page.outlines().first)
    server.kill()
    let stored = try folder.read { try StoredContour.fetchAll($0) }
    #expect(stored.map(\.vertices.vertices) == [drawn.points] && stored.first?.sliceId == shown.sliceId)
    #expect(try CommandLineTool.succeed("rois", "build", study).contains("1"))
  }
}
