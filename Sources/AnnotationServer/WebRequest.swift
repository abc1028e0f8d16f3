import Foundation

/// One request of HTTP/1.1, whole.
struct WebRequest: Sendable {
  enum Method: String {
    case get = "GET"
    case post = "POST"
  }

  let method: Method
  /// The path, with what is percent-encoded left so; no query.
  let path: String
  /// The header fields by their names in lowercase letters, each with all of its values.
  let fields: [String: [String]]
  /// The client's address, without its port.
  let client: String
  var body = Data()
  /// Whether the client has closed the connection and waits for no answer.
  let isCancelled: @Sendable () -> Bool

  /// A field's value; nil where it is absent, or there several times.
  func field(_ name: String) -> String? {
    let values = fields[name] ?? []
    return values.count == 1 ? values[0] : nil
  }

  /// The path's parts, as `["api", "cases", "case-0001"]`.
  var parts: [Substring] { path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) }
}

/// One answer.
struct WebResponse: Sendable {
  var status: Int
  var type: String
  var body: Data
  var fields: [(name: String, value: String)] = []

  init(status: Int = 200, type: String, body: Data) { (self.status, self.type, self.body) = (status, type, body) }

  /// JSON, with its keys in order.
  static func json(_ value: some Encodable, status: Int = 200) -> WebResponse {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let body = try? encoder.encode(value) else { return .refusal(500, "the answer cannot be written as JSON") }
    return WebResponse(status: status, type: "application/json", body: body)
  }

  /// A refusal: what is wrong, and what to do.
  static func refusal(_ status: Int, _ message: String) -> WebResponse {
    let text = (try? JSONEncoder().encode(["message": message])) ?? Data("{}".utf8)
    return WebResponse(status: status, type: "application/json", body: text)
  }
}
