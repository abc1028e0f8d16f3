import Foundation

/// The page with an open case, as a reader uses it: what the tests of the viewer and of the server share.
public struct CasePage: Sendable {
  /// The browser.
  public let browser: BrowserWindow

  /// The page in a browser that has it open.
  public init(_ browser: BrowserWindow) { self.browser = browser }

  /// Opens the page at an address with a one-time token, and waits for the worklist.
  public func enter(_ address: String) async throws {
    try await browser.open(address)
    try await browser.wait(until: "document.body.dataset.state === 'worklist'")
  }

  /// Opens a case, and waits until every phase has shown a slice.
  public func open(_ name: String) async throws {
    try await browser.run("location.hash = '\(name)'")
    try await shown()
  }

  /// Waits until a case is open and every phase has shown a slice.
  public func shown() async throws {
    try await browser.wait(
      until: "document.body.dataset.state === 'case' "
        + "&& [...document.querySelectorAll('.pane')].every((p) => Number(p.dataset.frame) > 0)")
  }

  /// Waits until the server has acknowledged every edit.
  public func saved() async throws { try await browser.wait(until: "document.body.dataset.unsaved === '0'") }

  /// A pane's place on the screen, and how its overlay maps image coordinates to it.
  public struct Placement: Decodable, Sendable {
    /// Left, top, width and height in CSS pixels.
    public let box: [Double]
    /// The overlay's matrix a, b, c, d, e, f.
    public let matrix: [Double]

    /// Image coordinates of a place in the window, by the transform that the page states.
    public func toImage(_ x: Double, _ y: Double) -> SIMD2<Double> {
      SIMD2((x - box[0] - matrix[4]) / matrix[0], (y - box[1] - matrix[5]) / matrix[3])
    }

    /// The place in the window, in whole CSS pixels, that is nearest to image coordinates.
    public func toScreen(_ point: SIMD2<Double>) -> SIMD2<Int> {
      SIMD2(
        Int((point.x * matrix[0] + matrix[4] + box[0]).rounded()),
        Int((point.y * matrix[3] + matrix[5] + box[1]).rounded()))
    }
  }

  /// Where the active phase lies on the screen.
  public func placement() async throws -> Placement {
    try await browser.value(
      """
      (() => { const p = document.querySelector('.pane.active'), b = p.getBoundingClientRect();
        return { box: [b.left, b.top, b.width, b.height],
          matrix: p.querySelector('.overlay').getAttribute('transform').match(/[-0-9.e]+/g).map(Number) }; })()
      """)
  }

  /// Shows a slice of the active phase by its number, with keys.
  public func showSlice(_ number: Int) async throws {
    let active = "document.querySelector('.pane.active')"
    let current: String = try await browser.value("\(active).dataset.slice")
    guard let slice = Int(current) else { throw WebDriver.Failure(description: "no slice is shown") }
    for step in 0..<abs(number - slice) {
      try await browser.keys(number > slice ? Key.up : Key.down)
      try await browser.wait(
        until: "\(active).dataset.slice === '\(slice + (number > slice ? step + 1 : -step - 1))'")
    }
  }

  /// An outline as the page shows it.
  public struct Outline: Decodable, Equatable, Sendable {
    /// The object's id.
    public let object: String
    /// The lesion's name.
    public let lesion: String
    /// The corners in image coordinates, with all digits that the page holds.
    public let vertices: [[Double]]

    /// The corners as points.
    public var points: [SIMD2<Double>] { vertices.map { SIMD2($0[0], $0[1]) } }
  }

  /// The reader's outlines on the shown slice of the active phase.
  public func outlines() async throws -> [Outline] {
    try await browser.value(
      """
      [...document.querySelectorAll('.pane.active .outlines path[data-object]')].map((path) => ({
        object: path.dataset.object, lesion: path.dataset.lesion,
        vertices: path.getAttribute('d').match(/[^MLZ]+/g).map((pair) => pair.split(' ').map(Number)) }))
      """)
  }

  /// Draws a polygon with its corners at image coordinates of the shown slice; presses are whole CSS pixels.
  public func drawPolygon(_ corners: [SIMD2<Double>]) async throws {
    let place = try await placement()
    try await browser.keys("p")
    try await browser.press(corners.map(place.toScreen))
    try await browser.keys(Key.enter)
    try await browser.keys("v")
  }

  /// Writes the note, as if it was typed.
  public func write(note: String) async throws {
    let json = String(decoding: try JSONEncoder().encode(note), as: UTF8.self)
    try await browser.run(
      "const note = document.querySelector('.panel textarea'); note.focus(); note.value = \(json); note.blur();")
  }

  /// Confirms every warning of the profile, and has the case done.
  public func finish() async throws {
    try await click("[data-action=done]")
    try await browser.wait(until: "document.querySelector('dialog.profile') !== null")
    try await browser.run("document.querySelectorAll('dialog.profile input').forEach((box) => box.click())")
    try await click("[data-action=confirmDone]")
    try await browser.wait(until: "document.querySelector('.panel .state').textContent.startsWith('This case is done')")
  }

  /// What the panel tells the reader.
  public func message() async throws -> String {
    try await browser.value("document.querySelector('.panel .message').textContent")
  }

  /// Presses a button of the page.
  public func click(_ selector: String) async throws {
    try await browser.run("document.querySelector('\(selector)').click()")
  }

  /// Errors that the page or the browser wrote to the console.
  public func errors() async throws -> [String] {
    try await browser.console().filter { $0.hasPrefix("SEVERE") }
  }
}
