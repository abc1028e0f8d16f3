import Foundation
import Testing

@testable import AnnotationServer

/// What a stranger, another site in the browser and another reader get: nothing.
@Suite(.timeLimit(.minutes(15)))
struct SecurityTests {
  private let edit = #"{"window":"3F2504E0-4F89-41D3-9A0C-0305E82C3301","numbering":"x","base":0,"edits":[]}"#

  @Test func everyAnswerForbidsForeignCode() throws {
    let study = try ServedStudy()
    for answer in [
      try study.get("/"), try study.get("/assets/main.js"), try study.get("/assets/../Package.swift"),
      try study.get("/api/worklist"),
      try study.send("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
      try study.send("DELETE / HTTP/1.1\r\nHost: \(study.host)\r\nConnection: close\r\n\r\n"),
    ] {
      for field in RequestGuard.fields { #expect(answer.head.contains("\r\n\(field.name): \(field.value)")) }
      #expect(!answer.head.lowercased().contains("access-control-") && !answer.head.lowercased().contains("set-cookie"))
    }
  }

  @Test func onlyListedFilesAreServed() throws {
    let study = try ServedStudy()
    #expect(try study.get("/").status == 200)
    for name in [
      "", "../main.js", "%2e%2e/main.js", "tools/../main.js", "main.js%00", "Main.js", "tools", "tools/index.js/",
      "/etc/passwd",
    ] { #expect(try study.get("/assets/\(name)").status == 404) }
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/AnnotationServer/Page").standardizedFileURL
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.contains(".") }
    #expect(Set(Assets.answers.keys) == Set(files))
    for file in files {
      #expect(Assets.answers[file]?.body == (try Data(contentsOf: folder.appendingPathComponent(file))))
    }
  }

  @Test(arguments: ["evil.example", "127.0.0.1.evil.example", "127.0.0.1", "localhost:1", "", "[::1", "127.0.0.1:x"])
  func otherHostsAreRefused(host: String) throws {
    let study = try ServedStudy()
    #expect(try study.send("GET / HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n").status == 403)
    #expect(
      try study.send("GET / HTTP/1.1\r\nHost: \(study.host)\r\nHost: \(host)x\r\nConnection: close\r\n\r\n").status
        >= 400)
    #expect(
      try study.send("GET / HTTP/1.1\r\nHost: localhost:\(study.server.port)\r\nConnection: close\r\n\r\n").status
        == 200)
  }

  @Test func writesComeFromTheOwnPageAlone() throws {
    let study = try ServedStudy()
    let token = try study.token(of: "anna")
    let path = "/api/cases/case-0001/edits"
    #expect(try study.get("/api/worklist", token: token).status == 200)
    for origin in ["http://evil.example", "null", "https://\(study.host)", "http://127.0.0.1:1"] {
      #expect(try study.post(path, edit, token: token, origin: origin).status == 403)
    }
    for site in ["cross-site", "same-site", "none"] {
      #expect(try study.post(path, edit, token: token, ["Sec-Fetch-Site: \(site)"]).status == 403)
    }
    #expect(try study.get("/api/worklist", token: token, ["Sec-Fetch-Site: cross-site"]).status == 403)
    #expect(try study.post(path, edit, token: token, type: "text/plain").status == 415)
    #expect(try study.post(path, edit, token: token, ["Sec-Fetch-Site: same-origin"]).status == 200)
  }

  @Test func withoutATokenThereIsNothing() throws {
    let study = try ServedStudy()
    for path in [
      "/api/worklist", "/api/cases/case-0001", "/api/cases/case-0001/series/0/slices/0", "/api/adjudication",
    ] {
      #expect(try study.get(path).status == 401)
      #expect(try study.get(path, token: "0123").status == 401)
    }
    #expect(try study.post("/api/cases/case-0001/edits", edit).status == 401)
    #expect(try study.post("/api/session", #"{"token":"x"}"#).status == 401)
    #expect(try study.post("/api/session", #"{"reader":"anna","password":""}"#).status == 401)
  }

  @Test func readersSeeTheirOwnWorkAndNoIdentity() throws {
    let study = try ServedStudy()
    let (anna, ben) = (try study.token(of: "anna"), try study.token(of: "ben"))
    for token in [anna, ben] { #expect(try study.get("/api/worklist", token: token).status == 200) }
    let id = UUID().uuidString.lowercased()
    let note = #"<img src=x onerror=alert(1)>"#
    let numbering = try study.numbering(token: anna)
    let saved = try study.post(
      "/api/cases/case-0001/edits",
      #"{"window":"\#(id)","numbering":"\#(numbering)","base":0,"edits":[{"id":"\#(id)","object":{"object":"\#(id)","kind":"note","lesion":null,"text":"\#(note)"}}]}"#,
      token: anna)
    #expect(saved.status == 200 && saved.body.contains(id))
    let (own, other) = (
      try study.get("/api/cases/case-0001", token: anna), try study.get("/api/cases/case-0001", token: ben)
    )
    // Markup stays a text in JSON, which no browser takes for a page.
    #expect(own.body.contains("onerror") && own.head.contains("Content-Type: application/json"))
    #expect(other.status == 200 && !other.body.contains(id) && !other.body.contains("onerror"))
    for answer in [own, other] {
      #expect(!answer.body.contains("SECRET") && !answer.body.contains("2.25.1") && !answer.body.contains("grade"))
      #expect(!answer.body.contains("anna") && !answer.body.contains("ben"))
    }
    #expect(try study.get("/api/cases/case-0002", token: ben).body == study.get("/api/cases/x", token: ben).body)
    #expect(try study.get("/api/adjudication", token: anna).status == 403)
    let ada = try study.token(of: "ada", .adjudicator)
    #expect(try study.get("/api/cases/case-0001", token: ada).status == 403)
    #expect(try study.get("/api/adjudication", token: ada).status == 200)
  }

  @Test func malformedAndOversizedRequestsCostNothing() throws {
    let study = try ServedStudy()
    let token = try study.token(of: "anna")
    let head =
      "POST /api/cases/case-0001/edits HTTP/1.1\r\nHost: \(study.host)\r\nOrigin: http://\(study.host)\r\n"
      + "Content-Type: application/json\r\nAuthorization: Bearer \(token)\r\n"
    #expect(try study.send(head + "Content-Length: 99999999\r\n\r\n").status == 413)
    #expect(try study.send(head + "Transfer-Encoding: chunked\r\n\r\n").status == 411)
    for text in [
      head + "Content-Length: -1\r\n\r\n", head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
      "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 200_000) + "\r\n\r\n",
    ] {
      let status = try study.send(text).status
      #expect(status == 0 || (400..<500).contains(status))
    }
    _ = try study.post("/api/worklist", String(repeating: "[", count: 100_000), token: token)
    for body in ["", "{", "[]", String(repeating: "[", count: 100_000), #"{"window":1}"#] {
      #expect(try study.post("/api/cases/case-0001/edits", body, token: token).status == 422)
    }
    #expect(try study.get("/api/worklist", token: token).status == 200)
  }

  /// What the desk bounds is refused over the socket too, and names the edit.
  @Test func outlinesBeyondTheLimitsAreRefused() throws {
    let study = try ServedStudy()
    let token = try study.token(of: "anna")
    _ = try study.get("/api/worklist", token: token)
    let numbering = try study.numbering(token: token)
    func save(_ vertices: String, kind: String = "outline") throws -> ServedStudy.Answer {
      let id = UUID().uuidString.lowercased()
      return try study.post(
        "/api/cases/case-0001/edits",
        """
        {"window": "\(id)", "numbering": "\(numbering)", "base": 0, "edits": [{"id": "\(id)", "object": {"object": "\(id)",
        "kind": "\(kind)", "lesion": "left", "series": 0, "slice": 1, "vertices": \(vertices), "provenance": "drawn",
        "tool": "polygon"}}]}
        """, token: token)
    }
    func circle(_ count: Int) -> String {
      let points = (0..<count).map { index -> String in
        let angle = 2 * Double.pi * Double(index) / Double(count)
        return "[\(30 + 10 * cos(angle)), \(22 + 10 * sin(angle))]"
      }
      return "[\(points.joined(separator: ", "))]"
    }
    #expect(try save(circle(5_000)).status == 200)
    let tooMany = try save(circle(5_001))
    #expect(tooMany.status == 422 && tooMany.body.contains("at most 5000 vertices, found 5001"))
    for (vertices, reason) in [
      ("[[1, 1], [9, 9], [9, 1], [1, 9]]", "crosses itself"), ("[[1, 1], [2, 2], [3, 3]]", "no area"),
      ("[[1, 1], [2, 2]]", "needs 3 or more"), ("[[1, 1], [2, 2], [65, 3]]", "beyond the image"),
      ("[[1, 1], [2, 2], [1e300, 3]]", "beyond the image"),
    ] {
      let answer = try save(vertices)
      #expect(answer.status == 422 && answer.body.contains(reason) && answer.body.contains("\"edit\""))
    }
    for (vertices, kind) in [
      ("[[1, 1], [2, 2], [1e400, 3]]", "outline"), ("[[1, 1], [2], [3, 3]]", "outline"), (circle(3), "program"),
    ] { #expect(try save(vertices, kind: kind).status == 422) }
    let before = try study.get("/api/cases/case-0001", token: token).body
    let body = #"{"window":"\#(UUID().uuidString)","numbering":"\#(numbering)","base":1,"edits":["#
    #expect(
      try study.post("/api/cases/case-0001/edits", body + String(repeating: " ", count: 4 << 20) + "]}", token: token)
        .status == 413)
    #expect(try study.get("/api/cases/case-0001", token: token).body == before)
  }

  @Test func aRequestThatNeverEndsIsCutOff() throws {
    let study = try ServedStudy(arrival: .milliseconds(300))
    // It would wait forever otherwise.
    #expect(try study.send("GET / HTTP/1.1\r\nHost: ").status != 200)
  }
}
