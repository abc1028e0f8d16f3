import Foundation
import Support
import TestSupport

/// The page with an exam that is made by formulas: two series with pixels that are not square, one of them oblique.
///
/// It stands in for the server where a test needs a geometry that no scanner's files at hand have, or slices that never arrive.
final class PageStand: Sendable {
  /// One series of the exam.
  struct Series: Sendable {
    let number: Int
    let columns: Int
    let rows: Int
    let columnSpacing: Double
    let rowSpacing: Double
    let across: SIMD3<Double>
    let down: SIMD3<Double>
    /// Heights of the slices along the normal, in mm.
    let heights: [Double]
    let slope: Double
    let intercept: Double

    var normal: SIMD3<Double> {
      SIMD3(
        across.y * down.z - across.z * down.y, across.z * down.x - across.x * down.z,
        across.x * down.y - across.y * down.x)
    }
    func position(_ slice: Int) -> SIMD3<Double> {
      heights[slice] * normal - across * (columnSpacing * Double(columns - 1) / 2)
        - down * (rowSpacing * Double(rows - 1) / 2)
    }
    func place(_ slice: Int, _ x: Double, _ y: Double) -> SIMD3<Double> {
      position(slice) + across * (x * columnSpacing) + down * (y * rowSpacing)
    }
    /// The slice nearest to a point.
    func nearest(_ point: SIMD3<Double>) -> Int {
      let height = (point * normal).sum()
      return heights.indices.min { abs(heights[$0] - height) < abs(heights[$1] - height) } ?? 0
    }
    func stored(_ slice: Int, _ x: Int, _ y: Int) -> Int16 { Int16((slice * 31 + x * 7 + y * 13) % 2400) }
    func hounsfield(_ slice: Int, _ x: Int, _ y: Int) -> Double { Double(stored(slice, x, y)) * slope + intercept }
    func pixels(_ slice: Int) -> [Int16] {
      (0..<rows).flatMap { y in (0..<columns).map { x in stored(slice, x, y) } }
    }
  }

  static let series = [
    Series(
      number: 0, columns: 64, rows: 48, columnSpacing: 0.9, rowSpacing: 1.2, across: [1, 0, 0], down: [0, 1, 0],
      heights: (0..<20).map { Double($0) * 3 - 30 }, slope: 1, intercept: -1024),
    Series(
      number: 1, columns: 60, rows: 60, columnSpacing: 1, rowSpacing: 0.8, across: [1, 0, 0],
      down: [0, cos(0.2), sin(0.2)], heights: (0..<30).map { Double($0) * 2.5 - 40 }, slope: 2, intercept: -1000),
  ]

  private let listener = try? LoopbackListener()
  /// Slices of series 0 that are asked for in vain.
  private let withheld: Set<Int>

  /// Begins to serve.
  init(withheld: Set<Int> = []) throws {
    self.withheld = withheld
    guard let listener else { throw POSIXError(.EADDRNOTAVAIL) }
    Thread.detachNewThread { [self] in
      defer { listener.close() }
      while let connection = listener.next() {
        // A browser opens connections in advance: each has a thread of its own.
        Thread.detachNewThread { [self] in
          serve(connection)
          close(connection)
        }
      }
    }
  }

  /// Ends serving.
  func stop() { listener?.stop() }

  /// The page's address.
  var address: String { "http://127.0.0.1:\(listener?.port ?? 0)/" }

  private func serve(_ connection: Int32) {
    var received = Data()
    var buffer = [UInt8](repeating: 0, count: 65536)
    while received.range(of: Data("\r\n\r\n".utf8)) == nil {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      received.append(contentsOf: buffer[..<count])
    }
    let path = String(decoding: received, as: UTF8.self).split(separator: " ").dropFirst().first.map(String.init) ?? ""
    guard let (type, body, fields) = answer(path) else {
      // Silence until the browser gives up.
      while recv(connection, &buffer, buffer.count, 0) > 0 {}
      return
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\nConnection: close\r\n"
    var bytes = Data("\(head)\(fields)\r\n".utf8) + body
    while !bytes.isEmpty {
      let sent = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { return }
      bytes = Data(bytes.dropFirst(sent))
    }
    // The browser closes first: what it still sends must not reset the connection under the answer.
    shutdown(connection, Int32(SHUT_WR))
    while recv(connection, &buffer, buffer.count, 0) > 0 {}
  }

  private static let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Sources/AnnotationServer/Page")

  private func answer(_ path: String) -> (type: String, body: Data, fields: String)? {
    let words = path.split(separator: "/").map(String.init)
    if path == "/" || words.first == "assets" {
      let name = path == "/" ? "index.html" : words.dropFirst().joined(separator: "/")
      let types = ["html": "text/html", "js": "text/javascript", "css": "text/css"]
      let body = (try? Data(contentsOf: Self.page.appendingPathComponent(name))) ?? Data()
      return (types[String(name.split(separator: ".").last ?? "")] ?? "text/plain", body, "")
    }
    switch words.dropFirst() {
    case ["session"]: return json(["authorization": "token", "reader": "anna", "role": "reader"])
    case ["worklist"]:
      return json([
        "cases": [["case": "case-0001", "state": "open", "lesions": 1, "outlinedSlices": 0] as [String: Any]]
      ])
    case ["cases", "case-0001"]: return json(detail)
    default:
      guard words.count == 7, let number = Int(words[4]), let slice = Int(words[6]) else { return json([:]) }
      if number == 0, withheld.contains(slice) { return nil }
      let series = Self.series[number]
      let body = series.pixels(slice).withUnsafeBytes { Data($0) }
      return (
        "application/octet-stream", body,
        "Rescale-Slope: \(series.slope)\r\nRescale-Intercept: \(series.intercept)\r\n"
      )
    }
  }

  private func json(_ value: [String: Any]) -> (type: String, body: Data, fields: String)? {
    ("application/json", (try? JSONSerialization.data(withJSONObject: value)) ?? Data(), "")
  }

  private var detail: [String: Any] {
    func list(_ v: SIMD3<Double>) -> [Double] { [v.x, v.y, v.z] }
    return [
      "case": "case-0001", "state": "open", "revision": 0,
      "roi": ["box": 16, "pixelSpacing": NSNull()] as [String: Any],
      "window": ["center": 40, "width": 400], "objects": [] as [Any],
      "lesions": [["lesion": "left", "isFromPathology": true] as [String: Any]],
      "series": Self.series.map { series in
        [
          "series": series.number, "phase": series.number == 0 ? "late arterial" : "portal venous",
          "columns": series.columns, "rows": series.rows, "columnSpacing": series.columnSpacing,
          "rowSpacing": series.rowSpacing, "across": list(series.across), "down": list(series.down),
          "slices": series.heights.indices.map { slice in
            ["slice": slice, "position": list(series.position(slice)), "height": series.heights[slice]] as [String: Any]
          },
        ] as [String: Any]
      },
    ]
  }
}
