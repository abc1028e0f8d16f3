import Foundation
import TestSupport

@testable import Report

/// Chromium without a window or a network.
struct Browser {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What the browser made of a page.
  struct View: Decodable {
    var headline: String
    var text: String
    /// The window's inner width, and that of what stands in it, in pixels.
    var width, widest: Int
    /// What reaches beyond the window without scrolling on its own.
    var tooWide: [String]
    /// What does not show all of its text.
    var clipped: [String]
    /// Text with a contrast below 4.5 to 1 (WCAG 2.1, 1.4.3).
    var faint: [String]
    /// How many pictures there are, and those in which nothing is drawn.
    var figures: Int
    var emptyFigures: [String]
    /// What the page loaded besides itself.
    var requests: [String]
    var brokenImages: Int
    var console: [String] = []
    var screenshot = Data()

    private enum CodingKeys: CodingKey {
      case headline, text, width, widest, tooWide, clipped, faint, figures, emptyFigures, requests, brokenImages
    }
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
        const style = e => frame.getComputedStyle(e), box = e => e.getBoundingClientRect();
        const name = e => e.tagName + " " + e.textContent.trim().slice(0, 40);
        // The header row of a table that is laid out as cards is there for screen readers alone.
        const isHidden = e => e.closest("thead") && style(e.closest("thead")).position === "absolute";
        const scrolls = e => { for (let p = e; p; p = p.parentElement) if (style(p).overflowX === "auto") return true };
        const text = all.filter(e => !isHidden(e) && !e.closest("svg")
          && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
        const isCut = e => style(e).overflowX !== "auto" && style(e).display !== "inline"
          && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 4);
        const isBeyond = e => { const a = box(e), b = box(e.closest("svg"));
          return a.left < b.left - 2 || a.right > b.right + 2 || a.top < b.top - 2 || a.bottom > b.bottom + 2 };
        const channels = c => (c.match(/[0-9.]+/g) || []).map(Number);
        const light = c => channels(c).slice(0, 3).map(v => v / 255)
          .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
          .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const ground = e => { for (let p = e; p; p = p.parentElement) {
          const c = style(p).backgroundColor; if (channels(c)[3] !== 0) return c } return "rgb(255, 255, 255)" };
        const contrast = e => { const [a, b] = [light(style(e).color), light(ground(e))].sort((x, y) => y - x);
          return (a + 0.05) / (b + 0.05) };
        const pictures = [...page.querySelectorAll("svg")];
        const isEmpty = s => box(s).width < 40 || ![...s.querySelectorAll("path, polygon, polyline, rect, circle, ellipse")]
          .some(e => box(e).width + box(e).height > 4);
        const view = {
          headline: page.querySelector("h1").textContent, text: page.body.innerText, width: frame.innerWidth,
          widest: page.documentElement.scrollWidth,
          tooWide: all.filter(e => box(e).right > frame.innerWidth + 1 && !isHidden(e) && !scrolls(e)).map(name),
          clipped: text.filter(isCut).map(name)
            .concat([...page.querySelectorAll("svg text")].filter(isBeyond).map(name)),
          faint: text.filter(e => contrast(e) < 4.5).map(name),
          figures: pictures.length,
          emptyFigures: pictures.filter(isEmpty).map(s => s.querySelector("title").textContent),
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

  private func run(_ arguments: [String]) throws -> (output: String, messages: String) {
    let output = folder.url.appendingPathComponent("output")
    let messages = folder.url.appendingPathComponent("messages")
    for file in [output, messages] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = Chromium.program()
    process.arguments =
      Chromium.options(profile: folder.url.appendingPathComponent("profile"))
      + ["--virtual-time-budget=3000", "--enable-logging=stderr", "--v=0"] + arguments
    // Into files, which never fill up as a pipe does.
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: messages)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let clock = ContinuousClock()
    // Guards against a hang only: on a busy machine a browser may wait long for its turn.
    let end = clock.now + .seconds(600)
    while process.isRunning, clock.now < end { usleep(20_000) }
    guard !process.isRunning else {
      process.terminate()
      throw Failure(reason: "the browser did not end within ten minutes")
    }
    func text(_ file: URL) throws -> String { String(decoding: try Data(contentsOf: file), as: UTF8.self) }
    return (try text(output), try text(messages))
  }
}
