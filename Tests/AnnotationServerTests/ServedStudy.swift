import Annotation
import Foundation
import GRDB
import Glibc
import Study
import Support
import TestSupport
import Testing

@testable import AnnotationServer

/// A server over a study with one patient, spoken to over a socket byte by byte, as an attacker would.
final class ServedStudy {
  struct Answer {
    var status = 0
    var head = ""
    var body = ""
  }

  let folder: ScratchFolder
  let server: AnnotationServer
  var host: String { "127.0.0.1:\(server.port)" }

  init(arrival: Duration = .seconds(600)) throws {
    folder = try ScratchFolder()
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Protocols/paper.yaml").standardizedFileURL
    let study = try StudyFolder.create(at: folder.url.appendingPathComponent("study"), protocolSource: source)
    try study.write { database in
      var patient = Patient(code: "P1", sourceID: "SECRET-ID")
      try patient.insert(database)
      var exam = Exam(patientId: patient.id ?? 0, studyInstanceUID: "2.25.1")
      try exam.insert(database)
      var series = Series(examId: exam.id ?? 0, seriesInstanceUID: "2.25.1.1", description: "SECRET-NAME")
      try series.insert(database)
      for ordinal in 0..<4 {
        var slice = SliceRecord(
          seriesId: series.id ?? 0, sopInstanceUID: "2.25.1.1.\(ordinal)", frame: 0, path: "dicom/\(ordinal)",
          ordinal: ordinal, columns: 64, rows: 48, rowSpacing: 0.5, columnSpacing: 1)
        try slice.insert(database)
      }
      var lesion = Lesion(
        patientId: patient.id ?? 0, name: "left", grade: try #require(Grade(rawValue: 4)), attributes: [:])
      try lesion.insert(database)
    }
    let desk = try AnnotationDesk(study)
    for reader in ["anna", "ben"] { try desk.addReader(id: reader, role: .reader) }
    try desk.addReader(id: "ada", role: .adjudicator)
    var settings = AnnotationServer.Settings()
    settings.arrival = arrival
    server = try AnnotationServer(desk, settings)
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
