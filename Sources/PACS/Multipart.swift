import Foundation

/// Takes a `multipart/related` body (RFC 2046 section 5.1) apart as it streams in; it holds one part at a time.
struct MultipartParser {
  /// The largest part that is taken.
  static let largestPart = 1 << 31

  private let boundary: [UInt8]
  private var buffer: [UInt8] = []
  /// Where in the buffer the next search begins: no boundary starts before.
  private var searched = 0
  private var state = State.preamble

  private enum State {
    case preamble, part, end
  }

  /// Reads the boundary from a `Content-Type`.
  ///
  /// - Throws: `PACSError` of kind `.malformed` where the type is another, or states no boundary.
  init(contentType: String?) throws(PACSError) {
    let parameters = (contentType ?? "").split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    guard parameters.first?.lowercased() == "multipart/related" else {
      throw PACSError(
        .malformed, "WADO-RS: expected multipart/related, found \(parameters.first.map { "\"\($0)\"" } ?? "no type")")
    }
    let boundary =
      parameters.lazy.filter { $0.lowercased().hasPrefix("boundary=") }
      .map { $0.dropFirst("boundary=".count).trimmingCharacters(in: CharacterSet(charactersIn: "\"")) }.first ?? ""
    guard (1...70).contains(boundary.utf8.count) else {
      throw PACSError(.malformed, "WADO-RS: the multipart answer states no boundary")
    }
    self.boundary = Array("\r\n--\(boundary)".utf8)
    // The first boundary need not follow a line, so that it is given one.
    buffer = Array("\r\n".utf8)
  }

  /// Adds bytes, and calls `take` with the body of each part that they complete.
  mutating func append(_ bytes: some Sequence<UInt8>, take: (Data) throws -> Void) throws {
    guard state != .end else { return }
    buffer.append(contentsOf: bytes)
    while state != .end, let start = find(boundary, from: searched) {
      // What follows tells the last boundary from the others, and the end of its line begins the next part.
      guard let lineEnd = find([0x0D, 0x0A], from: start + boundary.count) ?? closing(start) else {
        searched = start
        return
      }
      if state == .part { try take(try Self.body(buffer[..<start])) }
      state = isClosing(start) ? .end : .part
      // The line's end stays: a part without headers begins with an empty line.
      buffer.removeFirst(lineEnd)
      searched = 0
    }
    if state == .end { buffer = [] } else { searched = max(searched, buffer.count - boundary.count) }
    guard buffer.count <= Self.largestPart else { throw PACSError(.malformed, "WADO-RS: a part of more than 2 GiB") }
  }

  /// Throws unless the closing boundary has come.
  func finish() throws(PACSError) {
    guard state == .end else { throw PACSError(.interrupted, "WADO-RS: the answer ended before its last part did") }
  }

  private func isClosing(_ start: Int) -> Bool {
    buffer[(start + boundary.count)...].starts(with: [0x2D, 0x2D])
  }

  /// The closing boundary need not be followed by a line's end.
  private func closing(_ start: Int) -> Int? { isClosing(start) ? start + boundary.count + 2 : nil }

  private func find(_ pattern: [UInt8], from start: Int) -> Int? {
    // Patterns begin with a carriage return: one byte in 256 of an image is compared with more than that.
    buffer.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return nil }
      var position = start
      while position + pattern.count <= bytes.count,
        let found = memchr(base + position, Int32(pattern[0]), bytes.count - pattern.count + 1 - position)
      {
        position = UnsafeRawPointer(found) - base
        if memcmp(base + position, pattern, pattern.count) == 0 { return position }
        position += 1
      }
      return nil
    }
  }

  /// A part without its headers; its length must be the one that they state, if they do.
  private static func body(_ part: ArraySlice<UInt8>) throws(PACSError) -> Data {
    let separator = Data("\r\n\r\n".utf8)
    // A part starts with the end of its boundary's line; without headers the empty line comes at once.
    let head = Data(part.prefix(16384))
    guard let end = head.range(of: separator) else {
      throw PACSError(.malformed, "WADO-RS: a part has no headers' end")
    }
    let headers = String(decoding: head[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let body = Data(part.dropFirst(end.upperBound))
    let stated = headers.lazy.filter { $0.lowercased().hasPrefix("content-length:") }
      .compactMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }.first
    guard stated ?? body.count == body.count else {
      throw PACSError(.malformed, "WADO-RS: a part has \(body.count) bytes, its headers state \(stated ?? 0)")
    }
    return body
  }
}
