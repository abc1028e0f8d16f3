import Foundation

/// Takes a `multipart/related` body (RFC 2046 section 5.1) apart as it streams in; it holds one part at a time.
struct MultipartParser {
  /// The largest part that is taken.
  static let largestPart = 1 << 31
  /// The longest headers of a part that are read.
  private static let longestHead = 16384
  /// The most blanks that may follow a boundary.
  private static let longestPadding = 256

  private let boundary: [UInt8]
  private var buffer: [UInt8] = []
  /// Where in the buffer the next search begins: no boundary starts before.
  private var searched = 0
  private var state = State.preamble

  private enum State {
    case preamble, part, end
  }

  /// What stands behind the characters of a boundary.
  private enum Delimiter {
    /// Something else: these characters are part of a body.
    case none
    /// More bytes are needed to tell.
    case incomplete
    /// Another part, which begins with the end of the line at this position.
    case next(lineEnd: Int)
    /// The end of all parts.
    case last
  }

  /// Takes the boundary of a `multipart/related` type.
  ///
  /// - Throws: `PACSError` of kind `.malformed` where the type is another, or states no boundary.
  init(_ type: MediaType?) throws(PACSError) {
    guard let type, type.name == "multipart/related" else {
      throw PACSError(
        .malformed, "WADO-RS: expected multipart/related, found \(type.map { "\"\($0.name)\"" } ?? "no type")")
    }
    let boundary = type.parameters["boundary"] ?? ""
    guard (1...70).contains(boundary.utf8.count) else {
      throw PACSError(.malformed, "WADO-RS: the multipart answer states no boundary")
    }
    self.boundary = Array("\r\n--\(boundary)".utf8)
    // The first boundary need not follow a line, so that it is given one.
    buffer = Array("\r\n".utf8)
  }

  /// Adds bytes, and returns the bodies of the parts that they complete, or what is wrong with one of them.
  ///
  /// - Throws: `PACSError` of kind `.malformed` where a part is too long.
  mutating func append(_ bytes: some Sequence<UInt8>) throws(PACSError) -> [Result<Data, PACSError>] {
    guard state != .end else { return [] }
    buffer.append(contentsOf: bytes)
    var parts: [Result<Data, PACSError>] = []
    search: while state != .end {
      guard let start = find(boundary, from: searched) else {
        searched = max(searched, buffer.count - boundary.count)
        break
      }
      switch delimiter(at: start + boundary.count) {
      case .none: searched = start + 1
      case .incomplete:
        searched = start
        break search
      case .next(let lineEnd):
        if state == .part { parts.append(Self.body(buffer[..<start])) }
        state = .part
        // The line's end stays: a part without headers begins with an empty line.
        buffer.removeFirst(lineEnd)
        searched = 0
      case .last:
        if state == .part { parts.append(Self.body(buffer[..<start])) }
        state = .end
      }
    }
    if state == .end { buffer = [] }
    if state == .preamble {
      // Nobody reads it, however long it is.
      buffer.removeFirst(searched)
      searched = 0
    }
    guard buffer.count <= Self.largestPart else { throw PACSError(.malformed, "WADO-RS: a part is larger than 2 GiB") }
    return parts
  }

  /// Throws unless the closing boundary has come.
  func finish() throws(PACSError) {
    guard state == .end else { throw PACSError(.interrupted, "WADO-RS: the answer ended within its last part") }
  }

  /// How many bytes are waiting for what follows.
  var heldBytes: Int { buffer.count }

  private func delimiter(at position: Int) -> Delimiter {
    let rest = buffer[position...].prefix(Self.longestPadding)
    if rest.starts(with: [0x2D, 0x2D]) { return .last }
    if rest.elementsEqual([0x2D]) { return .incomplete }
    let end = rest.drop { $0 == 0x20 || $0 == 0x09 }
    if end.starts(with: [0x0D, 0x0A]) { return .next(lineEnd: end.startIndex) }
    let mayGoOn = end.isEmpty || end.elementsEqual([0x0D])
    return mayGoOn && rest.count < Self.longestPadding ? .incomplete : .none
  }

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
  private static func body(_ part: ArraySlice<UInt8>) -> Result<Data, PACSError> {
    let separator = Data("\r\n\r\n".utf8)
    // A part starts with the end of its boundary's line; without headers the empty line comes at once.
    let head = Data(part.prefix(longestHead))
    guard let end = head.range(of: separator) else {
      return .failure(PACSError(.badInstance, "the headers of a part of the answer do not end"))
    }
    let headers = String(decoding: head[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let body = Data(part.dropFirst(end.upperBound))
    let stated = headers.lazy.filter { $0.lowercased().hasPrefix("content-length:") }
      .compactMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }.first
    guard stated ?? body.count == body.count else {
      return .failure(
        PACSError(.badInstance, "the length of a part of the answer differs from that in its headers: it was cut off"))
    }
    return .success(body)
  }
}
