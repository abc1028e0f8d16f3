import BrowserSupport
import Foundation
import Imaging
import Study
import Support
import Testing

@testable import Annotation

extension ServedTests {
  /// The page in Chromium on the real server: what is drawn is what the study holds.
  struct ServedPageTests {
    /// The rows of `contour` by slice, of the first series.
    private func stored(_ served: ServedStudy, _ reader: String = "anna") throws -> [Int: [String: [SIMD2<Double>]]] {
      try served.study.read { database in
        let slices = try SlicePlace.all(database).filter { $0.seriesInstanceUID == "2.25.1.1" }
        let numbers = Dictionary(uniqueKeysWithValues: slices.map { ($0.sliceId, $0.ordinal) })
        var found: [Int: [String: [SIMD2<Double>]]] = [:]
        for contour in try StoredContour.fetchAll(database) where contour.reader == reader {
          guard let slice = numbers[contour.sliceId] else { continue }
          found[slice, default: [:]][contour.annotationID] = contour.vertices.vertices
        }
        return found
      }
    }

    /// What the page shows, slice by slice.
    private func shown(_ page: CasePage) async throws -> [Int: [String: [SIMD2<Double>]]] {
      var found: [Int: [String: [SIMD2<Double>]]] = [:]
      for slice in 0..<ServedStudy.slices {
        try await page.showSlice(slice)
        for outline in try await page.outlines() { found[slice, default: [:]][outline.object] = outline.points }
      }
      return found
    }

    /// What the reader's journal holds of the first series, by slice.
    private func journalled(_ served: ServedStudy) throws -> [Int: [String: [SIMD2<Double>]]] {
      var found: [Int: [String: [SIMD2<Double>]]] = [:]
      for object in try served.desk().detail(of: "case-0001", reader: "anna").objects {
        guard let outline = object.outline, outline.series == 0 else { continue }
        found[outline.slice, default: [:]][object.object] = outline.vertices
      }
      return found
    }

    /// An ellipse around the lesion, in image coordinates.
    private func ellipse(_ count: Int, scale: Double = 1) -> [SIMD2<Double>] {
      (0..<count).map { index in
        let angle = 2 * Double.pi * Double(index) / Double(count)
        return ServedStudy.centre + scale * SIMD2(12 * cos(angle), 10 * sin(angle))
      }
    }

    @Test(arguments: [1, 1.25, 2])
    func theStudyHoldsExactlyWhatWasDrawn(ratio: Double) async throws {
      let served = try ServedStudy()
      let driver = try await WebDriver()
      let browser = try await driver.open(ratio: ratio, profile: "anna")
      let page = CasePage(browser)
      try await page.enter(served.server.addressOnce(reader: "anna", role: .reader))
      try await page.open("case-0001")
      #expect(try await browser.value("devicePixelRatio") == ratio)
      // What the browser says of each press is the truth of where it was.
      try await browser.run(
        "window.pressed = []; document.addEventListener('pointerdown', (e) => pressed.push([e.clientX, e.clientY]), true)"
      )
      let start = try await page.placement()
      let middle = start.toScreen(ServedStudy.centre)
      try await browser.wheel(at: middle, by: 120)
      try await browser.wait(until: "document.querySelector('.pane.active').dataset.slice === '3'")
      try await browser.keys("2")
      try await browser.keys("1")
      try await browser.key(Key.control, isDown: true)
      try await browser.wheel(at: middle, by: -200)
      try await browser.key(Key.control, isDown: false)
      try await browser.drag([middle, middle &+ SIMD2(-13, 9)], button: 1)
      let place = try await page.placement()
      #expect(place.matrix[0] > 1.5 * start.matrix[0], "the page is zoomed in")

      // A polygon: each vertex is the press, by the transform that the page states.
      try await page.showSlice(1)
      try await browser.keys("p")
      try await browser.run("pressed.length = 0")
      try await browser.press(ellipse(7).map(place.toScreen))
      try await browser.keys(Key.enter)
      let pressed: [[Double]] = try await browser.value("pressed")
      let polygon = try #require(try await page.outlines().first)
      #expect(polygon.points == pressed.map { place.toImage($0[0], $0[1]) })
      #expect(try await page.placement().matrix == place.matrix, "drawing moves nothing")
      #expect(zip(polygon.points, ellipse(7)).allSatisfy { abs($0.x - $1.x) < 0.2 && abs($0.y - $1.y) < 0.2 })

      try await page.showSlice(2)
      try await browser.keys("f")
      try await browser.drag((ellipse(40) + [ellipse(40)[0]]).map(place.toScreen))
      try await page.showSlice(3)
      try await browser.keys("l")
      try await browser.press(ellipse(4).map(place.toScreen))
      try await browser.keys(Key.enter)
      let livewire = try #require(try await page.outlines().first)
      #expect(livewire.points.count > 30, "the way between two presses follows the edge")
      try await page.showSlice(4)
      try await browser.keys("b")
      try await browser.drag([[24, 20], [30, 22], [36, 24]].map(place.toScreen))
      let painted = try #require(try await page.outlines().first)
      try await browser.keys("e")
      try await browser.drag([[24, 20], [26, 21]].map(place.toScreen))
      let erased = try #require(try await page.outlines().first)
      #expect(erased.object == painted.object && erased.points != painted.points)
      try await browser.keys("u")
      try await browser.drag([[32, 23], [38, 25]].map(place.toScreen))
      #expect(try await page.outlines().first?.points != erased.points)
      try await page.saved()
      #expect(try stored(served).keys.sorted() == [1, 2, 3, 4])

      // A vertex is moved and one is added; then one slice is filled, and an outline is deleted, undone and deleted again.
      try await page.showSlice(1)
      try await browser.keys("m")
      let corner = place.toScreen(polygon.points[2])
      try await browser.drag([corner, corner &+ SIMD2(5, 6)])
      let moved = try #require(try await page.outlines().first)
      #expect(moved.object == polygon.object && moved.points.count == 7 && moved.points[2] != polygon.points[2])
      #expect(abs((moved.points[2] - polygon.points[2]).x * place.matrix[0] - 5) <= 1)
      let edge = (moved.points[4] + moved.points[5]) / 2
      try await browser.drag([edge, edge + 0.3 * (edge - ServedStudy.centre)].map(place.toScreen))
      #expect(try await page.outlines().first?.points.count == 8)
      try await browser.keys("v")
      try await page.showSlice(6)
      try await browser.keys("p")
      try await browser.press(ellipse(6, scale: 0.7).map(place.toScreen))
      try await browser.keys(Key.enter)
      try await browser.keys("n")
      try await browser.wait(until: "document.querySelector('.panel .message').textContent.includes('proposed')")
      #expect(try await page.message().hasPrefix("1 slice proposed"))
      try await page.showSlice(5)
      #expect(try await browser.value("document.querySelectorAll('.pane.active .outline.proposed').length") == 1)
      #expect(try stored(served)[5] == nil, "a proposal is nothing until it is accepted")
      try await browser.keys(Key.enter)
      try await page.saved()
      #expect(try stored(served)[5]?.count == 1)
      try await browser.keys(Key.control, "z")
      try await page.saved()
      #expect(try stored(served)[5] == nil)
      try await browser.keys(Key.control, "y")
      try await page.saved()

      // The page, the study's outlines and the journal hold the same, also after a reload.
      let all = try await shown(page)
      #expect(all.keys.sorted() == [1, 2, 3, 4, 5, 6])
      #expect(try stored(served) == all)
      #expect(try journalled(served) == all)
      try await browser.reload()
      try await page.shown()
      #expect(try await shown(page) == all)
      #expect(try served.desk().verify().problems == [])

      // The server is gone; what is drawn meanwhile outlives the browser's death and is saved when both are back.
      served.stop()
      let again = try await page.placement()
      try await page.showSlice(7)
      try await browser.keys("p")
      try await browser.press(ellipse(5).map(again.toScreen))
      try await browser.keys(Key.enter)
      let unsaved = try #require(try await page.outlines().first)
      try await browser.wait(until: "document.querySelector('.panel .saving').dataset.state === 'waiting'")
      browser.kill()
      try served.restart()
      #expect(try stored(served) == all)
      let second = CasePage(try await driver.open(ratio: ratio, profile: "anna"))
      try await second.enter(served.server.addressOnce(reader: "anna", role: .reader))
      try await second.open("case-0001")
      #expect(try await second.message() == "Restored from this browser, not saved before: 1 edit.")
      try await second.saved()
      let restored = try await shown(second)
      #expect(restored == all.merging([7: [unsaved.object: unsaved.points]]) { $1 })
      #expect(try stored(served) == restored)
      #expect(try journalled(served) == restored)
      #expect(try served.desk().verify().problems == [])
      #expect(try await second.errors() == [])
    }
  }
}
