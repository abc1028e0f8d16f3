import BrowserSupport
import DICOM
import Foundation
import Glibc
import Imaging
import Intake
import Study
import Support
import TestSupport
import Testing

@testable import Annotation
@testable import AnnotationServer

/// The real server over a small study of real DICOM files, for browsers and, byte by byte, for attackers.
///
/// Each patient has one exam with two series of eight slices and a lesion "left": an ellipse of 120 HU in tissue of 40 HU.
final class ServedStudy {
  struct Answer {
    var status = 0
    var head = ""
    var body = ""
  }

  static let columns = 64
  static let rows = 48
  static let slices = 8
  /// The middle of the lesion on every slice, in pixels.
  static let centre = SIMD2(30.0, 22.0)
  private static let secret = "SECRET"

  let folder: ScratchFolder
  let study: StudyFolder
  private(set) var server: AnnotationServer
  private var settings = AnnotationServer.Settings()
  var host: String { "127.0.0.1:\(server.port)" }

  /// Makes the study, differing from the paper's protocol by `change`, and begins to serve it.
  init(
    patients: Int = 1, arrival: Duration = .seconds(600), tls: TLSIdentity? = nil,
    _ change: (inout StudyProtocol) -> Void = { _ in }
  ) throws {
    folder = try ScratchFolder()
    study = try StudyFolder.create(
      at: folder.url.appendingPathComponent("study"),
      protocolSource: protocolsFolder.appendingPathComponent("paper.yaml"))
    var protocolOfStudy = try study.readProtocol()
    change(&protocolOfStudy)
    try AtomicFile.write(protocolOfStudy.yaml, to: study.protocolFile)
    let dicom = folder.url.appendingPathComponent("dicom")
    try FileManager.default.createDirectory(at: dicom, withIntermediateDirectories: true)
    for patient in 1...patients { try Self.writeSlices(of: patient, series: 1...2, to: dicom) }
    _ = try DICOMImport.run(dicom, into: study)
    let table = folder.url.appendingPathComponent("pathology.csv")
    let rows = (1...patients).map { "\(Self.secret)-ID-\($0),left,\($0.isMultiple(of: 2) ? 2 : 4)" }
    try AtomicFile.write((["patient,lesion,grade"] + rows).joined(separator: "\n") + "\n", to: table)
    _ = try PathologyImport.run(table, into: study)
    (settings.arrival, settings.tls) = (arrival, tls)
    let desk = try AnnotationDesk(study)
    for reader in ["anna", "ben"] { try desk.addReader(id: reader, role: .reader) }
    try desk.addReader(id: "ada", role: .adjudicator)
    server = try AnnotationServer(desk, settings)
  }

  /// Writes series of a patient's exam; `heights` are in slices.
  static func writeSlices(
    of patient: Int, series: ClosedRange<Int>, heights: Range<Int> = 0..<slices, to folder: URL
  ) throws {
    for number in series {
      for slice in heights {
        let values = (0..<rows * columns).map { index -> Int16 in
          let offset = (SIMD2(Double(index % columns), Double(index / columns)) - centre) / [12, 10]
          let texture = (index * (7 + patient) + slice * 13) % 11
          return Int16(1024 + texture + ((offset * offset).sum() < 1 ? 120 : 40) + 10 * number)
        }
        var instance = CTInstance(
          patientID: "\(secret)-ID-\(patient)", studyInstanceUID: "2.25.\(patient)",
          seriesInstanceUID: "2.25.\(patient).\(number)", sopInstanceUID: "2.25.\(patient).\(number).\(slice + 100)",
          columns: columns, rows: rows, storedValues: values, rescaleIntercept: -1024,
          position: SIMD3(0, 0, 3 * Double(slice)), pixelSpacing: PixelSpacing(row: 1.25, column: 1),
          sliceThickness: 3)
        instance.elements[.seriesDescription] = "\(secret)-NAME"
        try instance.write(to: folder.appendingPathComponent("\(patient)-\(number)-\(slice).dcm"))
      }
    }
  }

  /// A desk of its own on the study's tables: what is on disk.
  func desk() throws -> AnnotationDesk { try AnnotationDesk(StudyFolder(at: study.url)) }

  /// The page in a browser, entered by a one-time address.
  func page(
    _ driver: WebDriver, _ reader: String, _ role: Reader.Role = .reader, profile: String = UUID().uuidString,
    isRecorded: Bool = false
  ) async throws -> CasePage {
    let browser = try await driver.open(profile: profile)
    if isRecorded { try await browser.record() }
    let page = CasePage(browser)
    try await page.enter(server.addressOnce(reader: reader, role: role))
    return page
  }

  /// Ends the server, so that nothing answers at its port.
  func stop() { server.stop() }

  /// Begins to serve again, at the same port.
  func restart() throws {
    settings.port = UInt16(server.port)
    server = try AnnotationServer(desk(), settings)
  }

  deinit {
    server.stop()
    folder.remove()
  }

  /// A session's token.
  func token(of reader: String, _ role: Reader.Role = .reader) throws -> String {
    let once = try #require(server.addressOnce(reader: reader, role: role).split(separator: "=").last)
    let answer = try post("/api/session", #"{"token":"\#(once)"}"#)
    let body = try #require(try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: String])
    return try #require(body["authorization"])
  }

  /// What the case's detail says of its numbers of slices.
  func numbering(token: String, of name: String = "case-0001") throws -> String {
    let body = Data(try get("/api/cases/\(name)", token: token).body.utf8)
    return try #require((try JSONSerialization.jsonObject(with: body) as? [String: Any])?["numbering"] as? String)
  }

  func get(_ path: String, token: String? = nil, _ fields: [String] = []) throws -> Answer {
    try send(
      "GET \(path) HTTP/1.1\r\n"
        + (["Host: \(host)", "Connection: close"] + (token.map { ["Authorization: Bearer \($0)"] } ?? []) + fields)
        .joined(separator: "\r\n") + "\r\n\r\n")
  }

  func post(
    _ path: String, _ body: String, token: String? = nil, origin: String? = nil, type: String = "application/json",
    _ fields: [String] = []
  ) throws -> Answer {
    try send(
      "POST \(path) HTTP/1.1\r\n"
        + ([
          "Host: \(host)", "Connection: close", "Origin: \(origin ?? "http://\(host)")", "Content-Type: \(type)",
          "Content-Length: \(body.utf8.count)",
        ] + (token.map { ["Authorization: Bearer \($0)"] } ?? []) + fields).joined(separator: "\r\n") + "\r\n\r\n"
        + body)
  }

  /// What comes back for these bytes until the server closes the connection.
  func send(_ text: String) throws -> Answer {
    let socket = Loopback.connecting(to: server.port)
    defer { close(socket) }
    var state = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    poll(&state, 1, -1)
    _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK)
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      // The server may refuse before it has read everything.
      guard count > 0 else { break }
      sent += count
    }
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      received += buffer[..<count]
    }
    let all = String(decoding: received, as: UTF8.self)
    guard let end = all.range(of: "\r\n\r\n") else { return Answer() }
    let head = String(all[..<end.lowerBound])
    let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return Answer(status: status, head: head, body: String(all[end.upperBound...]))
  }
}
