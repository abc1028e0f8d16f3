import BrowserSupport
import Foundation
import Imaging
import Intake
import Study
import Support
import Testing

@testable import Annotation

extension ServedTests {
  /// What a reader does with a case besides outlining, in Chromium on the real server.
  struct ServedCaseTests {
    private let square: [SIMD2<Double>] = [[20, 14], [40, 14], [40, 30], [20, 30]]

    private func objects(_ served: ServedStudy, _ name: String = "case-0001") throws -> [AnnotationObject] {
      try served.desk().detail(of: name, reader: "anna").objects
    }

    private func state(_ served: ServedStudy) throws -> CaseState {
      try served.desk().detail(of: "case-0001", reader: "anna").state
    }

    @Test func markupInNotesAndNamesStaysText() async throws {
      let served = try ServedStudy()
      let token = try served.token(of: "anna")
      _ = try served.get("/api/worklist", token: token)
      let name = #"<img src=x onerror=document.title='code'>"#
      let id = UUID().uuidString.lowercased()
      let body = """
        {"window": "\(id)", "numbering": "\(try served.numbering(token: token))", "base": 0, "edits": [{"id": "\(id)",
        "object": {"object": "\(id)", "kind": "lesion", "lesion": "\(name)"}}]}
        """
      #expect(try served.post("/api/cases/case-0001/edits", body, token: token).status == 200)
      let page = try await served.page(WebDriver(), "anna")
      try await page.open("case-0001")
      let note = "</textarea><script>document.title = 'code'</script><b>bold</b> & \"quoted\"\nÄäß 🩻"
      try await page.write(note: note)
      try await page.saved()
      try await page.browser.reload()
      try await page.shown()
      #expect(try await page.browser.value("document.querySelector('.panel textarea').value") == note)
      let shown: [String] = try await page.browser.value(
        "[...document.querySelectorAll('.lesions [data-lesion]')].map((b) => b.textContent)")
      #expect(shown == ["left", name])
      #expect(
        try await page.browser.value("document.querySelectorAll('.panel img, .panel b, .panel script').length") == 0)
      #expect(try await page.browser.value("document.title") == "case-0001 – RenalGrade")
      #expect(
        try objects(served).contains { object in
          if case .note(nil, let text) = object.content { text == note } else { false }
        })
      #expect(try await page.errors() == [])
    }

    @Test func aLesionNeedsAnOutlineOrAnAssessment() async throws {
      let served = try ServedStudy()
      let page = try await served.page(WebDriver(), "anna")
      try await page.open("case-0001")
      try await page.click("[data-action=done]")
      try await page.browser.wait(until: "document.querySelector('dialog.profile') !== null")
      try await page.click("[data-action=confirmDone]")
      try await page.browser.wait(until: "document.querySelector('.panel .message').textContent.includes('neither')")
      #expect(try state(served) == .open)
      try await page.browser.wait(until: "document.querySelector('dialog') === null")
      for value in ["no lesion", "not assessable"] {
        try await page.browser.run(
          """
          const list = document.querySelector('.panel select');
          list.value = '\(value)';
          list.dispatchEvent(new Event('change'));
          """)
        try await page.saved()
        #expect(
          try objects(served).map(\.content) == [
            .assessment(lesion: "left", try #require(AnnotationObject.Assessment(rawValue: value)))
          ])
      }
      try await page.finish()
      #expect(try state(served) == .done)
      // A case that is done takes no edits until it is opened again.
      try await page.browser.keys("p")
      #expect(try await page.message() == "This case is done: reopen it to change it.")
      try await page.click("[data-action=reopen]")
      try await page.browser.wait(
        until: "document.querySelector('.panel .state').textContent.startsWith('This case is open')")
      #expect(try state(served) == .open)
    }

    @Test func warningsOfTheProfileMustBeConfirmed() async throws {
      let served = try ServedStudy()
      let page = try await served.page(WebDriver(), "anna")
      try await page.open("case-0001")
      for slice in [2, 4] {
        try await page.showSlice(slice)
        try await page.drawPolygon(square)
      }
      try await page.saved()
      try await page.click("[data-action=done]")
      try await page.browser.wait(until: "document.querySelector('dialog.profile') !== null")
      let warnings: [String] = try await page.browser.value(
        "[...document.querySelectorAll('dialog.profile label')].map((l) => l.textContent.trim())")
      #expect(warnings == ["left, slice 4: The slice is not outlined, but slices on both sides of it are."])
      #expect(try await page.browser.value("document.querySelector('[data-action=confirmDone]').disabled"))
      // The server asks for the confirmation, too.
      let profile = try served.desk().profile(case: "case-0001", reader: "anna")
      #expect(throws: DeskError.self) {
        try served.desk().setState(.done, case: "case-0001", reader: "anna", base: 2, confirmed: ["another"])
      }
      try await page.browser.run("document.querySelector('dialog.profile input').click()")
      #expect(try await page.browser.value("!document.querySelector('[data-action=confirmDone]').disabled"))
      try await page.click("[data-action=confirmDone]")
      try await page.browser.wait(
        until: "document.querySelector('.panel .state').textContent.startsWith('This case is done')")
      let confirmed = try served.study.read { try Journal.Entry.fetchAll($0) }.compactMap { try $0.decoded().confirmed }
      #expect(confirmed == [profile.lesions.flatMap(\.warnings).map(\.warning)])
    }

    @Test func theLongestDiameterIsThatOfImaging() async throws {
      let served = try ServedStudy()
      let page = try await served.page(WebDriver(), "anna")
      try await page.open("case-0001")
      try await page.showSlice(3)
      try await page.drawPolygon([[18, 15], [35, 12], [44, 24], [30, 33]])
      try await page.click("[data-action=measureDiameter]")
      try await page.saved()
      func diameter() throws -> AnnotationObject.Diameter? {
        try objects(served).lazy.compactMap { object in
          if case .diameter(let diameter) = object.content { diameter } else { nil }
        }.first
      }
      let measured = try #require(try diameter())
      let spacing = SIMD2(1, 1.25)
      func length(_ ends: [SIMD2<Double>]) -> Double {
        let difference = (ends[0] - ends[1]) * spacing
        return (difference * difference).sum().squareRoot()
      }
      let outline = try #require(try await page.outlines().first)
      let expected = Polygon(vertices: outline.points.map { $0 * spacing }).diameter
      #expect(abs(length(measured.ends) - expected) < 1e-9 && measured.slice == 3)
      let direction = (measured.ends[1] - measured.ends[0]) * spacing
      let across = (measured.perpendicular[1] - measured.perpendicular[0]) * spacing
      #expect(abs((direction * across).sum()) < 1e-6)
      let shown: String = try await page.browser.value("document.querySelector('.measures').textContent")
      #expect(shown.contains(String(format: "%.1f mm on slice 4", expected)))

      // By hand: the tool's second stroke stays at a right angle in mm.
      let place = try await page.placement()
      try await page.browser.keys("d")
      try await page.browser.drag([[20, 20], [40, 26]].map(place.toScreen))
      try await page.browser.drag([[30, 18], [30, 30]].map(place.toScreen))
      try await page.saved()
      let drawn = try #require(try diameter())
      #expect(drawn.ends != measured.ends)
      let along = (drawn.ends[1] - drawn.ends[0]) * spacing,
        side = (drawn.perpendicular[1] - drawn.perpendicular[0]) * spacing
      #expect(abs((along * side).sum()) < 1e-6 && length(drawn.perpendicular) > 5)
    }

    @Test func changedKeysHoldInAllCasesAndBrowsers() async throws {
      let served = try ServedStudy(patients: 2)
      let driver = try await WebDriver()
      let page = try await served.page(driver, "anna")
      try await page.open("case-0001")
      let polygon = "document.querySelector('[data-tool=polygon]').getAttribute('aria-pressed') === 'true'"
      try await page.browser.keys("?")
      try await page.browser.wait(until: "document.querySelector('dialog.keys') !== null")
      try await page.click("dialog.keys tr[data-action=toolPolygon]")
      try await page.browser.keys("q")
      let row: String = try await page.browser.value(
        "document.querySelector('dialog.keys tr[data-action=toolPolygon] kbd').textContent")
      #expect(row == "q")
      try await page.browser.keys(Key.escape)
      try await page.browser.wait(until: "document.querySelector('dialog') === null")
      try await page.browser.keys("p")
      #expect(try await page.browser.value("!(\(polygon))"))
      try await page.browser.keys("q")
      #expect(try await page.browser.value(polygon))
      try await page.saved()
      let elsewhere = try await served.page(driver, "anna")
      try await elsewhere.open("case-0002")
      try await elsewhere.browser.keys("q")
      #expect(try await elsewhere.browser.value(polygon))
    }

    @Test func outlinesKeepTheirVerticesWhateverTheViewDoes() async throws {
      let served = try ServedStudy()
      let page = try await served.page(WebDriver(), "anna")
      try await page.open("case-0001")
      try await page.showSlice(3)
      try await page.drawPolygon(square)
      try await page.saved()
      let before = try await page.outlines()
      let middle = try await page.placement().toScreen(ServedStudy.centre)
      try await page.browser.key(Key.control, isDown: true)
      for delta in [-120, -700, 300, 60] { try await page.browser.wheel(at: middle, by: delta) }
      try await page.browser.key(Key.control, isDown: false)
      try await page.browser.drag([middle, middle &+ SIMD2(37, -21)], button: 1)
      try await page.browser.drag([middle, middle &+ SIMD2(30, 40)], button: 2)
      for slice in [1, 3] { try await page.showSlice(slice) }
      try await page.browser.keys("r")
      try await page.browser.keys("r")
      try await page.browser.keys(" ")
      #expect(try await page.outlines() == before)
      #expect(try objects(served).compactMap(\.outline).map(\.vertices) == before.map(\.points))
    }

    @Test func worklistsTellWhatIsDone() async throws {
      let served = try ServedStudy(patients: 3)
      let page = try await served.page(WebDriver(), "anna")
      func rows() async throws -> [[String]] {
        try await page.browser.value(
          "[...document.querySelectorAll('.worklist tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))")
      }
      #expect(
        try await rows() == (1...3).map { ["case-000\($0)", "open", "1", "0"] })
      try await page.click("button.next")
      try await page.shown()
      #expect(try await page.browser.value("location.hash") == "#case-0001")
      try await page.drawPolygon(square)
      try await page.saved()
      try await page.finish()
      try await page.click("button.back")
      try await page.browser.wait(until: "document.body.dataset.state === 'worklist'")
      #expect(try await rows().first == ["case-0001", "done", "1", "1"])
      let summary: String = try await page.browser.value("document.querySelector('.worklist p').textContent")
      #expect(summary == "1 of 3 cases are done. Next open case: case-0002")
    }

    /// An import renumbers the slices of an open case: the page must not show or save one for another.
    @Test func aPageWithOldNumbersOfSlicesIsRefused() async throws {
      let served = try ServedStudy()
      let page = try await served.page(WebDriver(), "anna")
      try await page.open("case-0001")
      try await page.showSlice(3)
      try await page.drawPolygon(square)
      try await page.saved()
      let drawn = try #require(try await page.outlines().first)
      func instance() throws -> String? {
        try served.study.read { database in
          let contour = try StoredContour.fetchAll(database).first { $0.annotationID == drawn.object }
          return try SlicePlace.all(database).first { $0.sliceId == contour?.sliceId }?.sopInstanceUID
        }
      }
      #expect(try instance() == "2.25.1.1.103")
      let more = served.folder.url.appendingPathComponent("more")
      try FileManager.default.createDirectory(at: more, withIntermediateDirectories: true)
      try ServedStudy.writeSlices(of: 1, series: 1...2, heights: -2..<ServedStudy.slices, to: more)
      _ = try DICOMImport.run(more, into: served.study)

      try await page.drawPolygon(square.map { $0 + [2, 1] })
      try await page.browser.wait(until: "document.querySelector('.panel .saving').dataset.state === 'refused'")
      let mark: String = try await page.browser.value("document.querySelector('.panel .saving').textContent")
      #expect(mark.contains("imported again after this case was opened"))
      #expect(try instance() == "2.25.1.1.103", "what was saved keeps its slice")
      #expect(try served.study.read { try StoredContour.fetchCount($0) } == 1)
      try await page.browser.run("addEventListener('beforeunload', (e) => e.stopImmediatePropagation(), true)")
      let again = try await served.page(WebDriver(), "anna")
      try await again.open("case-0001")
      try await again.showSlice(5)
      #expect(try await again.outlines().map(\.points) == [drawn.points])
      // The numbers of a former import name no slice, and a page that asks by them gets none.
      let token = try served.token(of: "anna")
      let slice = "/api/cases/case-0001/series/0/slices/3"
      #expect(try served.get(slice, token: token, ["Case-Numbering: 0123456789abcdef"]).status == 422)
      #expect(try served.get(slice, token: token, ["Case-Numbering: \(served.numbering(token: token))"]).status == 200)
    }

    @Test func aSliceWithoutAPositionIsTold() async throws {
      let served = try ServedStudy()
      let place = try served.study.read { try SlicePlace.all($0) }.first { $0.sopInstanceUID == "2.25.1.2.101" }
      let file = try StudyFolder.file(#require(place).path, in: served.study.url)
      let whole = try Data(contentsOf: file)
      try FileManager.default.removeItem(at: file)
      try Data("no DICOM".utf8).write(to: file)
      let page = try await served.page(WebDriver(), "anna")
      try await page.open("case-0001")
      let remarks = "[...document.querySelectorAll('.remarks li')].map((r) => r.textContent)"
      let told: [String] = try await page.browser.value(remarks)
      #expect(
        told == [
          "Series 2: the headers of slice 2 cannot be read, so this series is not linked to the others, and has no reformats and "
            + "no volume."
        ])
      let notes: [String] = try await page.browser.value(
        "[...document.querySelectorAll('.pane .note')].map((n) => n.textContent)")
      #expect(notes[0] == "" && notes[1].hasSuffix("not linked: the position is unknown"))
      // When the file is back, nothing needs to be started again.
      try whole.write(to: file)
      try await page.browser.reload()
      try await page.shown()
      #expect(try await page.browser.value(remarks) == [String]())
    }
  }
}
