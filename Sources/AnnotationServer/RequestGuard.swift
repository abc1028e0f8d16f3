import Foundation

/// What a request must be, whoever sends it, so that no other page in the reader's browser can use the server.
struct RequestGuard: Sendable {
  /// The server's port.
  let port: UInt16
  /// Nil for a server on the loopback address without TLS.
  let tls: TLSIdentity?

  /// What every answer says: nothing but the server's own files runs in the page, and nothing of it is kept or framed.
  static let fields: [(name: String, value: String)] = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"), ("X-Robots-Tag", "noindex"),
  ]

  /// The answer to a request that must not be served; nil for one that may be.
  func refusal(of request: WebRequest) -> WebResponse? {
    // A page of another site can point its own name at this machine (DNS rebinding), but cannot change what Host says.
    guard let host = request.field("host"), isOwn(host) else {
      return .refusal(403, "this server is not known by that name; use the address that it printed")
    }
    let site = request.field("sec-fetch-site")
    guard request.fields["sec-fetch-site"] == nil || site == "same-origin" || site == "none" || isOpening(request)
    else {
      return .refusal(403, "requests by other sites are not answered")
    }
    guard request.method == .post else { return nil }
    guard request.field("origin") == "\(tls == nil ? "http" : "https")://\(host)", site == nil || site == "same-origin"
    else { return .refusal(403, "only the page of this server may change anything") }
    let type = request.field("content-type")?.split(separator: ";").first?.trimmingCharacters(in: .whitespaces)
    guard type?.lowercased() == "application/json" else { return .refusal(415, "the body must be application/json") }
    return nil
  }

  /// The page may be opened by a link from anywhere; it holds nothing.
  private func isOpening(_ request: WebRequest) -> Bool {
    request.method == .get && request.path == "/" && request.field("sec-fetch-mode") == "navigate"
      && request.field("sec-fetch-dest") == "document"
  }

  /// Whether `host`, as the field Host has it, is a name of this server.
  func isOwn(_ host: String) -> Bool {
    let (name, given) = Self.split(host)
    guard given ?? (tls == nil ? 80 : 443) == port else { return false }
    if let tls { return tls.isIssued(for: name) }
    return ["127.0.0.1", "localhost", "::1"].contains(name)
  }

  /// A name and its port, which may be absent; the brackets of an IPv6 address go.
  private static func split(_ host: String) -> (name: String, port: UInt16?) {
    let text = host.lowercased()
    let end = text.lastIndex(of: "]").map { text.index(after: $0) } ?? text.lastIndex(of: ":") ?? text.endIndex
    let name = text[..<end]
    let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
    guard end < text.endIndex else { return (String(isBracketed ? name.dropFirst().dropLast() : name), nil) }
    // A port that is no number is none of this server's.
    let port = text[end] == ":" ? UInt16(text[text.index(after: end)...]) ?? 0 : 0
    return (String(isBracketed ? name.dropFirst().dropLast() : name), port)
  }
}
