import BrowserSupport
import Foundation
import Imaging
import Testing

/// The page's viewer in Chromium.
@Suite(.serialized, .enabled(if: WebDriver.isInstalled, "\(WebDriver.missing)"))
struct PageViewerTests {
  private static let axial = PageStand.series[0]
  private static let oblique = PageStand.series[1]
  private static let active = "document.querySelector('.pane.active')"
  private static let other = "document.querySelectorAll('.pane')[1]"

  /// The case, once every phase has shown a slice.
  private func opened(_ stand: PageStand, ratio: Double = 1) async throws -> BrowserWindow {
    let browser = try await WebDriver().open(ratio: ratio)
    let page = CasePage(browser)
    try await page.enter("\(stand.address)#token=any")
    try await page.open("case-0001")
    return browser
  }

  private func placement(_ browser: BrowserWindow) async throws -> CasePage.Placement {
    try await CasePage(browser).placement()
  }

  /// A canvas's greys; -1 where a pixel is coloured or transparent.
  private func greys(_ browser: BrowserWindow, _ pane: String) async throws -> [Int] {
    try await browser.value(
      """
      (() => { const c = \(pane).querySelector('canvas');
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        return Array.from({ length: d.length / 4 }, (_, i) =>
          d[4 * i] === d[4 * i + 1] && d[4 * i] === d[4 * i + 2] && d[4 * i + 3] === 255 ? d[4 * i] : -1); })()
      """)
  }

  @Test(arguments: [1, 1.25, 2])
  func canvasesHoldTheGreysOfSwiftsWindow(ratio: Double) async throws {
    let stand = try PageStand()
    defer { stand.stop() }
    let browser = try await opened(stand, ratio: ratio)
    #expect(try await browser.value("devicePixelRatio") == ratio)
    let box = try await placement(browser).box
    let middle = SIMD2(Int(box[0] + box[2] / 2), Int(box[1] + box[3] / 2))

    func check(centre: Double, width: Double, isInverted: Bool = false) async throws {
      let text = "C \(Int(centre))  W \(Int(width)) HU".replacingOccurrences(of: "-", with: "−")
      try await browser.wait(until: "document.querySelector('output.window').textContent === '\(text)'")
      // The frame after the next has the window for certain.
      let _: Bool = try await browser.value(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
      for (pane, series) in [(Self.active, Self.axial), (Self.other, Self.oblique)] {
        let slice: String = try await browser.value("\(pane).dataset.slice")
        let table = WindowTable(
          centre: centre, width: width, isInverted: isInverted, slope: series.slope, intercept: series.intercept)
        let expected = try series.pixels(#require(Int(slice))).map { Int(table.grey($0)) }
        #expect(try await greys(browser, pane) == expected, "\(text), series \(series.number)")
      }
    }
    try await check(centre: 40, width: 400)
    try await browser.keys("2")
    try await check(centre: -600, width: 1500)
    try await browser.keys("4")
    try await check(centre: 480, width: 2500)
    try await browser.keys("1")
    try await browser.drag([middle, middle &+ SIMD2(30, -20)], button: 2)
    try await check(centre: 20, width: 430)
    try await browser.keys("i")
    try await check(centre: 20, width: 430, isInverted: true)
    // Nothing but the reader changes the window.
    try await browser.keys(Key.home)
    try await browser.wait(until: "\(Self.active).dataset.slice === '0'")
    try await check(centre: 20, width: 430, isInverted: true)
    #expect(try await browser.console().filter { $0.hasPrefix("SEVERE") } == [])
  }

  @Test func phasesFollowByPositionAlsoWhereTheyAreOblique() async throws {
    let stand = try PageStand()
    defer { stand.stop() }
    let browser = try await opened(stand)
    let box = try await placement(browser).box
    let point = SIMD2(Int(box[0] + box[2] * 0.6), Int(box[1] + box[3] * 0.3))
    func check(_ slice: Int) async throws {
      try await browser.wait(until: "\(Self.active).dataset.slice === '\(slice)'")
      let at = try await placement(browser).toImage(Double(point.x), Double(point.y))
      let expected = Self.oblique.nearest(Self.axial.place(slice, at.x, at.y))
      try await browser.wait(until: "\(Self.other).dataset.slice === '\(expected)'")
    }
    try await browser.hover(point)
    try await check(10)
    try await browser.wheel(at: point, by: 120)
    try await check(9)
    try await browser.wheel(at: point, by: -120)
    try await check(10)
    try await browser.keys(Key.up)
    try await check(11)
    try await browser.keys(Key.home)
    try await check(0)
    // With the key for breathing, this phase moves by one of its slices, and the other stays.
    let before: String = try await browser.value("\(Self.other).dataset.slice")
    try await browser.keys(Key.shift, Key.up)
    try await browser.wait(until: "\(Self.active).dataset.slice === '1'")
    #expect(try await browser.value("\(Self.other).dataset.slice") == before)
    let note: String = try await browser.value("\(Self.active).querySelector('.note').textContent")
    #expect(note == "shifted by +3.0 mm")
    #expect(try await browser.console().filter { $0.hasPrefix("SEVERE") } == [])
  }

  @Test(arguments: [1, 1.25, 2])
  func zoomAndPanMapCoordinatesRightly(ratio: Double) async throws {
    let stand = try PageStand()
    defer { stand.stop() }
    let browser = try await opened(stand, ratio: ratio)
    let fitted = try await placement(browser)
    // Pixels have their shape in mm.
    #expect(abs(fitted.matrix[3] / fitted.matrix[0] - Self.axial.rowSpacing / Self.axial.columnSpacing) < 1e-9)
    let box = fitted.box
    let point = SIMD2(Int(box[0] + box[2] * 0.55), Int(box[1] + box[3] * 0.45))
    func checkReading() async throws {
      let place = try await placement(browser)
      let at = place.toImage(Double(point.x), Double(point.y))
      let value = Self.axial.hounsfield(10, Int((at.x + 0.5).rounded(.down)), Int((at.y + 0.5).rounded(.down)))
      let reading: String = try await browser.value("\(Self.active).querySelector('.reading strong').textContent")
      #expect(reading == "\(Int(value)) HU".replacingOccurrences(of: "-", with: "−"))
    }
    try await browser.hover(point)
    try await checkReading()

    let before = fitted.toImage(Double(point.x), Double(point.y))
    try await browser.key(Key.control, isDown: true)
    try await browser.wheel(at: point, by: -300)
    try await browser.key(Key.control, isDown: false)
    let old = fitted.matrix[0]
    try await browser.wait(
      until:
        "Number(\(Self.active).querySelector('.overlay').getAttribute('transform').match(/[0-9.e]+/)[0]) > \(old * 1.5)"
    )
    let zoomed = try await placement(browser)
    let after = zoomed.toImage(Double(point.x), Double(point.y))
    #expect(abs(after.x - before.x) < 1e-9 && abs(after.y - before.y) < 1e-9)
    #expect(abs(zoomed.matrix[0] / old - exp(0.75)) < 1e-9)
    try await browser.hover(point &+ SIMD2(1, 0))
    try await browser.hover(point)
    try await checkReading()

    try await browser.drag([point, point &+ SIMD2(-37, 21)], button: 1)
    let moved = try await placement(browser)
    #expect(abs(moved.matrix[4] - zoomed.matrix[4] + 37) < 1e-9 && abs(moved.matrix[5] - zoomed.matrix[5] - 21) < 1e-9)
    // The canvas lies where the overlay says: half a pixel to the left and above of the first pixel's centre.
    let canvas: [Double] = try await browser.value(
      "(() => { const m = new DOMMatrix(\(Self.active).querySelector('canvas').style.transform); return [m.a, m.d, m.e, m.f]; })()"
    )
    let expected = [
      moved.matrix[0], moved.matrix[3], moved.matrix[4] - moved.matrix[0] / 2, moved.matrix[5] - moved.matrix[3] / 2,
    ]
    for (found, wanted) in zip(canvas, expected) { #expect(abs(found - wanted) < 1e-3) }
    try await browser.keys(" ")
    try await browser.wait(
      until: "\(Self.active).querySelector('.overlay').getAttribute('transform').includes('\(fitted.matrix[0]) ')")
    #expect(try await placement(browser).matrix == fitted.matrix)
  }

  @Test func reformatsInterpolateBetweenSlicesByTheirHeights() async throws {
    let stand = try PageStand()
    defer { stand.stop() }
    let browser = try await opened(stand)
    try await browser.run("document.querySelector('[data-command=reformats]').click()")
    let pane = "document.querySelector('.pane.reformat')"
    try await browser.wait(
      until: "\(pane) && Number(\(pane).dataset.frame) > 0 && \(pane).querySelector('.note').textContent === ''")
    let series = Self.axial, table = WindowTable(centre: 40, width: 400)
    // Columns as wide as the slice's; rows as far apart, from the highest slice down. Row 24 of each slice is cut.
    let extent = series.heights[19] - series.heights[0]
    let rows = Int((extent / series.columnSpacing).rounded()) + 1
    let expected = (0..<rows).reversed().flatMap { row -> [Int] in
      let height = min(series.heights[19], series.heights[0] + Double(row) * series.columnSpacing)
      let below = min(18, series.heights.lastIndex { $0 <= height } ?? 0)
      let part = (height - series.heights[below]) / (series.heights[below + 1] - series.heights[below])
      return (0..<series.columns).map { x in
        let (a, b) = (series.hounsfield(below, x, 24), series.hounsfield(below + 1, x, 24))
        return Int(table.grey(Int16((a + (b - a) * part + 0.5).rounded(.down))))
      }
    }
    #expect(try await greys(browser, pane) == expected)
  }

  /// Read-ahead that never arrives must not keep the slice that is looked at from loading.
  @Test func staleRequestsAreAborted() async throws {
    let stand = try PageStand(withheld: Set(3...19).subtracting([10]))
    defer { stand.stop() }
    let browser = try await opened(stand)
    try await browser.keys(Key.home)
    try await browser.wait(until: "\(Self.active).dataset.slice === '0'")
    let table = WindowTable(centre: 40, width: 400, intercept: Self.axial.intercept)
    #expect(try await greys(browser, Self.active) == Self.axial.pixels(0).map { Int(table.grey($0)) })
  }

  @Test func slicesAreWantedInTheDirectionOfScrolling() async throws {
    let stand = try PageStand()
    defer { stand.stop() }
    let browser = try await opened(stand)
    let list: [[Int]] = try await browser.value(
      """
      import('/assets/slices.js').then((m) => m.wanted([
        { series: 0, slice: 50, count: 200, direction: 1, isActive: false },
        { series: 1, slice: 20, count: 100, direction: -1, isActive: true }]))
      """)
    #expect(list.prefix(4) == [[1, 20], [0, 50], [1, 19], [0, 51]])
    #expect(Set(list).count == list.count)
    // The active series as a whole, 32 slices either way of the other.
    #expect(Set(list.filter { $0[0] == 1 }.map { $0[1] }) == Set(0..<100))
    #expect(Set(list.filter { $0[0] == 0 }.map { $0[1] }) == Set(18...82))
  }

  @Test func theROIsBoxIsThatOfTheCutter() async throws {
    let stand = try PageStand()
    defer { stand.stop() }
    let browser = try await opened(stand)
    func box(_ outline: String, spacing: String) async throws -> [Double] {
      try await browser.value(
        """
        import('/assets/roiBox.js').then((m) => m.boxAround([\(outline)],
          { columnSpacing: 0.5, rowSpacing: 0.5 }, { box: 128, pixelSpacing: \(spacing) }))
        """)
    }
    // Centroid (200, 100): first pixel floor(200 - 63.5 + 0.5) = 137, first row 37; the box reaches half a pixel beyond.
    let square = "[[190, 90], [210, 90], [210, 110], [190, 110]]"
    #expect(try await box(square, spacing: "null") == [136.5, 36.5, 264.5, 164.5])
    // Pixels of 1 mm: centroid (99.75, 49.75), first pixel floor(36.75) = 36 and -14; two of the slice's pixels each.
    #expect(try await box(square, spacing: "1") == [71.5, -28.5, 327.5, 227.5])
  }
}
