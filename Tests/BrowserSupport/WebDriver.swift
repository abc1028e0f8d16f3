public import Foundation
import HTTP
import Support
import TestSupport

/// Debian's chromedriver on loopback: it drives Chromium by the W3C WebDriver protocol.
public final class WebDriver: @unchecked Sendable {
  /// Whether the browser and its driver are on this machine.
  public static let isInstalled = Subprocess.find("chromedriver") != nil && Subprocess.find("chromium") != nil
  /// What a test says when it is skipped for want of them.
  public static let missing = "needs Chromium's WebDriver: scripts/setup --tests"

  private static let browser = Subprocess.find("chromium")?.path ?? "chromium"

  /// What the browser or its driver refused.
  public struct Failure: Error, CustomStringConvertible {
    /// The reason, in the browser's words.
    public let description: String
  }

  private let process: Process
  private let address: String
  private let client: HTTPClient
  private let folder: TemporaryFolder
  private let lock = NSLock()
  private var browsers: [pid_t] = []

  /// Starts the driver; no browser yet.
  public init() async throws {
    guard let program = Subprocess.find("chromedriver") else { throw Failure(description: "there is no chromedriver") }
    let port = try Loopback.freePort()
    folder = try TemporaryFolder()
    var configuration = HTTPClient.Configuration()
    // The driver is silent while it waits for the page.
    configuration.idleTimeout = .seconds(600)
    client = try HTTPClient(configuration)
    address = "http://127.0.0.1:\(port)"
    process = Process()
    process.executableURL = program
    process.arguments = ["--port=\(port)"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    // Guards against a hang only: ten minutes.
    for _ in 0..<12_000 {
      if Loopback.answers(port) { return }
      guard process.isRunning else { break }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw Failure(description: "chromedriver does not start")
  }

  deinit {
    // The driver itself waits for its browsers' answers where it is asked to end.
    for started in browsers + [process.processIdentifier] { kill(started, SIGKILL) }
  }

  /// Opens a browser of a device pixel `ratio` with a profile of its own, or with the one of that name from an earlier browser.
  public func open(
    ratio: Double = 1, width: Int = 1280, height: Int = 900, profile: String = UUID().uuidString,
    options further: [String] = []
  ) async throws -> BrowserWindow {
    var options =
      [
        "--headless=new", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--window-size=\(width),\(height)",
        "--force-device-scale-factor=\(ratio)", "--user-data-dir=\(folder.url.appendingPathComponent(profile).path)",
      ] + further
    if getuid() == 0 { options.append("--no-sandbox") }
    let capabilities: [String: Any] = [
      "browserName": "chrome", "goog:loggingPrefs": ["browser": "ALL"],
      "goog:chromeOptions": ["args": options, "binary": Self.browser] as [String: Any],
    ]
    struct Session: Decodable {
      struct Capabilities: Decodable {
        let process: pid_t
        enum CodingKeys: String, CodingKey { case process = "goog:processID" }
      }
      let sessionId: String
      let capabilities: Capabilities
    }
    let session: Session = try await post(
      "/session", try JSONSerialization.data(withJSONObject: ["capabilities": ["alwaysMatch": capabilities]]))
    lock.withLock { browsers.append(session.capabilities.process) }
    return BrowserWindow(driver: self, path: "/session/\(session.sessionId)", process: session.capabilities.process)
  }

  fileprivate func post<Value: Decodable & Sendable>(_ path: String, _ body: Data?) async throws -> Value {
    let request = HTTPRequest(
      address + path, headers: body == nil ? [] : [("Content-Type", "application/json")], body: body,
      timeLimit: .seconds(600))
    let (status, answer) = try await client.send(request) { (response) in
      (response.status, try await response.body(upTo: 1 << 26))
    }
    guard status == 200 else { throw Failure(description: String(decoding: answer.prefix(2000), as: UTF8.self)) }
    return try JSONDecoder().decode(Answer<Value>.self, from: answer).value
  }
}

private struct Answer<Value: Decodable>: Decodable { let value: Value }

/// One browser, with the window or tab that it shows.
public struct BrowserWindow: Sendable {
  fileprivate let driver: WebDriver
  fileprivate let path: String
  /// The browser's process.
  public let process: pid_t

  /// What the protocol answers where there is nothing to say.
  private struct Nothing: Decodable, Sendable {
    init(from decoder: any Decoder) throws {}
  }

  private func send<Value: Decodable & Sendable>(_ command: String, _ body: Any) async throws -> Value {
    try await driver.post("\(path)/\(command)", try JSONSerialization.data(withJSONObject: body))
  }

  private func order(_ command: String, _ body: Any) async throws {
    let _: Nothing = try await send(command, body)
  }

  /// Loads a page.
  public func open(_ url: String) async throws { try await order("url", ["url": url]) }

  /// Loads the page again.
  public func reload() async throws { try await order("refresh", [String: String]()) }

  /// The value of a JavaScript expression; a promise is awaited.
  public func value<Value: Decodable & Sendable>(_ expression: String, as: Value.Type = Value.self) async throws
    -> Value
  {
    try await send("execute/sync", ["script": "return (\(expression))", "args": [] as [String]] as [String: Any])
  }

  /// Runs statements.
  public func run(_ statements: String) async throws {
    try await order("execute/sync", ["script": statements, "args": [] as [String]] as [String: Any])
  }

  /// Waits, within the page, until a JavaScript expression is true.
  ///
  /// - Throws: what the page shows, where that does not happen in ten minutes.
  public func wait(until expression: String) async throws {
    try await order("timeouts", ["script": 600_000])
    let isTrue: Bool = try await value(
      """
      new Promise((resolve) => {
        const look = () => { if (\(expression)) resolve(true); else setTimeout(look, 5); };
        look();
      })
      """)
    guard isTrue else { throw WebDriver.Failure(description: "the page never came to \(expression)") }
  }

  /// A new tab of the same browser, which becomes the one that is driven.
  public func openTab() async throws -> String {
    struct Handle: Decodable { let handle: String }
    let tab: Handle = try await send("window/new", ["type": "tab"])
    try await show(tab.handle)
    return tab.handle
  }

  /// The tab that is driven.
  public func tab() async throws -> String { try await driver.post("\(path)/window", nil) }

  /// Drives another tab.
  public func show(_ tab: String) async throws { try await order("window", ["handle": tab]) }

  /// Presses at each of the points in turn, in CSS pixels of the viewport.
  public func press(_ points: [SIMD2<Int>]) async throws {
    try await pointer(points.flatMap { [Self.move($0), Self.down, Self.up] })
  }

  /// Moves with a button pressed: 0 is the primary one, 1 the middle, 2 the secondary.
  public func drag(_ points: [SIMD2<Int>], button: Int = 0) async throws {
    guard let first = points.first else { return }
    func press(_ type: String) -> [String: Any] { ["type": type, "button": button] }
    try await pointer(
      [Self.move(first), press("pointerDown")] + points.dropFirst().map(Self.move) + [press("pointerUp")])
  }

  /// Moves the pointer without a button.
  public func hover(_ point: SIMD2<Int>) async throws { try await pointer([Self.move(point)]) }

  /// Turns the wheel at a point, in CSS pixels.
  public func wheel(at point: SIMD2<Int>, by delta: Int) async throws {
    let action: [String: Any] = [
      "type": "scroll", "duration": 0, "x": point.x, "y": point.y, "deltaX": 0, "deltaY": delta, "origin": "viewport",
    ]
    try await order("actions", ["actions": [["type": "wheel", "id": "wheel", "actions": [action]] as [String: Any]]])
  }

  /// Presses keys together, in that order: characters, or the protocol's codes (`Key`).
  public func keys(_ keys: String...) async throws {
    let actions =
      keys.map { ["type": "keyDown", "value": $0] } + keys.reversed().map { ["type": "keyUp", "value": $0] }
    try await order("actions", ["actions": [["type": "key", "id": "keys", "actions": actions] as [String: Any]]])
  }

  /// Presses a key without releasing it, or releases it.
  public func key(_ key: String, isDown: Bool) async throws {
    let actions = [["type": isDown ? "keyDown" : "keyUp", "value": key]]
    try await order("actions", ["actions": [["type": "key", "id": "keys", "actions": actions] as [String: Any]]])
  }

  /// Has every page that is opened from now on keep all that it receives, for `received`.
  public func record() async throws {
    let script = """
      window.received = [];
      const original = window.fetch;
      window.fetch = async (...all) => {
        const answer = await original(...all);
        const body = await answer.clone().arrayBuffer();
        const text = String.fromCharCode(...new Uint8Array(body).slice(0, 200000));
        window.received.push([String(all[0]), answer.status, JSON.stringify([...answer.headers]), text].join(" "));
        return answer;
      };
      """
    try await order(
      "goog/cdp/execute",
      ["cmd": "Page.addScriptToEvaluateOnNewDocument", "params": ["source": script]] as [String: Any]
    )
  }

  /// All answers that the page has received since it was opened: address, status, headers and body.
  public func received() async throws -> [String] { try await value("window.received") }

  /// A picture of the page as PNG.
  public func screenshot() async throws -> Data {
    let text: String = try await driver.post("\(path)/screenshot", nil)
    guard let data = Data(base64Encoded: text) else { throw WebDriver.Failure(description: "no picture") }
    return data
  }

  /// What the page wrote to the console since the last time, with the browser's own errors.
  public func console() async throws -> [String] {
    struct Entry: Decodable { let level, message: String }
    let entries: [Entry] = try await send("se/log", ["type": "browser"])
    return entries.map { "\($0.level) \($0.message)" }
  }

  /// Ends the browser as a power failure would: SIGKILL, and all that it started.
  public func kill() { Foundation.kill(process, SIGKILL) }

  private static func move(_ point: SIMD2<Int>) -> [String: Any] {
    ["type": "pointerMove", "duration": 0, "x": point.x, "y": point.y, "origin": "viewport"]
  }
  private static var down: [String: Any] { ["type": "pointerDown", "button": 0] }
  private static var up: [String: Any] { ["type": "pointerUp", "button": 0] }

  private func pointer(_ actions: [[String: Any]]) async throws {
    let parameters = ["pointerType": "mouse"]
    let source: [String: Any] = ["type": "pointer", "id": "mouse", "parameters": parameters, "actions": actions]
    try await order("actions", ["actions": [source]])
  }
}

/// Keys without a character, by the protocol's codes.
public enum Key {
  public static let enter = "\u{E007}", escape = "\u{E00C}", control = "\u{E009}", alt = "\u{E00A}", shift = "\u{E008}"
  public static let backspace = "\u{E003}", delete = "\u{E017}", up = "\u{E013}", down = "\u{E015}", home = "\u{E011}"
}
