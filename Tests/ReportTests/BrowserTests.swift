import Foundation
import TestSupport
import Testing

@testable import Report
@testable import Study

/// The report as a browser lays it out, offline.
@Suite(.serialized, .enabled(if: Browser.program != nil, "needs chromium or google-chrome on the PATH"))
struct BrowserTests {
  /// A report with all that a report can hold: long codes, a montage higher than a page, a list of what was set aside.
  func report() throws -> (fixture: FixtureStudy, run: Run) {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 40))
    try FixtureStudy.png.write(to: run.url.appendingPathComponent("montage.png"))
    let series = "series 1.2.826.0.1.3680043.8.498.\(String(repeating: "7", count: 32))"
    try AtomicFile.writeJSON(
      [
        SetAside(
          stage: .dicom, source: "/scans", patientCode: "case-41", excludes: true, subject: series, reason: "tilted")
      ], to: run.setAsideFile)
    try RunReport.write(run)
    return (fixture, run)
  }

  @Test(arguments: [1280, 390])
  func itRendersOfflineWithinTheWindow(_ width: Int) throws {
    let (fixture, run) = try report()
    let browser = try Browser()
    let view = try browser.view(run.url.appendingPathComponent("report.html"), width: width)
    #expect(view.headline == (try StudyProtocol(contentsOf: run.protocolFile)).title)
    #expect(view.text.contains("Research use only") && view.text.contains("case-41"))
    #expect(view.width == width)
    #expect(view.widest <= width, "wider than the window: \(view.tooWide)")
    #expect(view.requests.allSatisfy { $0.hasPrefix("data:") }, "\(view.requests)")
    #expect(view.brokenImages == 0)
    #expect(view.console == [])
    let picture = try #require(EmbeddedPNG(view.screenshot))
    #expect(picture.size.width == width)
    // A blank page of this size takes a tenth of it.
    #expect(picture.data.count > 20_000)
    withExtendedLifetime(fixture) {}
  }

  /// The checks above can fail: this page breaks each of them.
  @Test func aBadPageIsSeenToBeOne() throws {
    let folder = try TemporaryFolder()
    let page = folder.url.appendingPathComponent("bad.html")
    try """
    <!DOCTYPE html><html><body><h1>Bad</h1><p style="width: 900px">wide</p><img src="https://example.org/a.png"/>
    <script>console.error("wrong")</script></body></html>
    """.write(to: page, atomically: true, encoding: .utf8)
    let view = try Browser().view(page, width: 390)
    #expect(view.widest > 390 && view.tooWide.contains { $0.hasPrefix("P") })
    #expect(view.requests == ["https://example.org/a.png"])
    #expect(view.brokenImages == 1)
    #expect(view.console.contains { $0.contains("wrong") })
  }

  @Test func itPrintsWithItsPictures() throws {
    let (fixture, run) = try report()
    let pdf = try Browser().print(run.url.appendingPathComponent("report.html"))
    let text = String(decoding: pdf, as: Unicode.ASCII.self)
    #expect(text.hasPrefix("%PDF"))
    #expect(text.contains("/Subtype /Image"))
    let pages = text.matches(of: /\/Type \/Page\b/).count
    #expect((3...12).contains(pages), "\(pages) pages")
    withExtendedLifetime(fixture) {}
  }
}

/// Chromium without a window or a network.
struct Browser {
  static let program: URL? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return ["chromium", "google-chrome"].flatMap { name in folders.map { "\($0)/\(name)" } }
      .first { FileManager.default.isExecutableFile(atPath: $0) }.map { URL(fileURLWithPath: $0) }
  }()

  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What the browser made of a page.
  struct View: Decodable {
    var headline: String
    var text: String
    /// The window's inner width, and that of what stands in it, in pixels.
    var width, widest: Int
    var tooWide: [String]
    /// What the page loaded besides itself.
    var requests: [String]
    var brokenImages: Int
    var console: [String] = []
    var screenshot = Data()

    private enum CodingKeys: CodingKey { case headline, text, width, widest, tooWide, requests, brokenImages }
  }

  struct Failure: Error { let reason: String }

  /// Lays `page` out at `width` pixels.
  ///
  /// It stands in a frame of that width, as the browser's own window cannot be narrower than 500 pixels; the page itself
  /// is not touched.
  func view(_ page: URL, width: Int) throws -> View {
    let probe = """
      <!DOCTYPE html><html><body style="margin: 0">
      <iframe src="\(page.absoluteString)" style="width: \(width)px; height: 1600px; border: 0"></iframe>
      <script>
      onload = () => {
        const frame = document.querySelector("iframe").contentWindow, page = frame.document;
        const all = [...page.querySelectorAll("body *")];
        const isClipped = e => e.closest("thead") && frame.getComputedStyle(e.closest("thead")).position === "absolute";
        const view = {
          headline: page.querySelector("h1").textContent, text: page.body.innerText, width: frame.innerWidth,
          widest: page.documentElement.scrollWidth,
          tooWide: all.filter(e => e.getBoundingClientRect().right > frame.innerWidth + 1 && !isClipped(e))
            .map(e => e.tagName + " " + e.textContent.slice(0, 40)),
          requests: frame.performance.getEntriesByType("resource").map(r => r.name),
          brokenImages: [...page.images].filter(i => !i.naturalWidth).length
        };
        const bytes = new TextEncoder().encode(JSON.stringify(view));
        document.body.dataset.view = btoa(Array.from(bytes, b => String.fromCharCode(b)).join(""));
      };
      </script></body></html>
      """
    let file = folder.url.appendingPathComponent("probe.html")
    try probe.write(to: file, atomically: true, encoding: .utf8)
    let picture = folder.url.appendingPathComponent("screenshot.png")
    let (output, messages) = try run([
      "--allow-file-access-from-files", "--hide-scrollbars", "--window-size=\(width),1600", "--dump-dom",
      "--screenshot=\(picture.path)", file.absoluteString,
    ])
    guard let found = output.firstMatch(of: /data-view="([^"]*)"/), let json = Data(base64Encoded: String(found.1))
    else { throw Failure(reason: "the page was not measured: \(output.suffix(500)) \(messages.suffix(500))") }
    var view = try JSONDecoder().decode(View.self, from: json)
    view.console = messages.split(separator: "\n").filter { $0.contains("CONSOLE") }.map(String.init)
    view.screenshot = try Data(contentsOf: picture)
    return view
  }

  /// `page` as a PDF.
  func print(_ page: URL) throws -> Data {
    let file = folder.url.appendingPathComponent("page.pdf")
    _ = try run(["--no-pdf-header-footer", "--print-to-pdf=\(file.path)", page.absoluteString])
    return try Data(contentsOf: file)
  }

  private func run(_ arguments: [String]) throws -> (output: String, messages: String) {
    let output = folder.url.appendingPathComponent("output")
    let messages = folder.url.appendingPathComponent("messages")
    for file in [output, messages] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = Self.program
    process.arguments =
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--virtual-time-budget=3000",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0",
        "--user-data-dir=\(folder.url.appendingPathComponent("profile").path)",
      ] + arguments
    // Into files, which never fill up as a pipe does.
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: messages)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let clock = ContinuousClock()
    let end = clock.now + .seconds(60)
    while process.isRunning, clock.now < end { usleep(20_000) }
    guard !process.isRunning else {
      process.terminate()
      throw Failure(reason: "the browser did not end within a minute")
    }
    func text(_ file: URL) throws -> String { String(decoding: try Data(contentsOf: file), as: UTF8.self) }
    return (try text(output), try text(messages))
  }
}
