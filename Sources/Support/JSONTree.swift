public import Foundation

/// A JSON value that knows the line that it stands on, so that a message can say where.
public struct JSONTree: Sendable {
  /// What kind of value it is, and the value.
  public enum Content: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case boolean(Bool)
    /// A number.
    case number(Double)
    /// A text.
    case string(String)
    /// A list of values.
    case array([JSONTree])
    /// Values by their keys.
    case object([String: JSONTree])
  }

  /// The value.
  public let content: Content
  /// The line that it begins on, from 1.
  public let line: Int

  /// Reads one JSON text (RFC 8259); of a key that stands twice in an object, the last counts.
  ///
  /// - Throws: `SyntaxError` where the text is something else, or nested more than 200 deep.
  public init(_ data: Data) throws(SyntaxError) {
    var parser = Parser(bytes: [UInt8](data))
    self = try parser.parseText()
  }

  /// What is wrong with a text, and where.
  public struct SyntaxError: Error, Equatable {
    /// The line, from 1.
    public let line: Int
    /// What was expected and found.
    public let message: String

    /// Tells a fault of a text, or of what it should hold, by its line.
    public init(line: Int, message: String) {
      self.line = line
      self.message = message
    }
  }

  /// The value of a key; nil where this is no object, or the key is absent or `null`.
  public subscript(key: String) -> JSONTree? {
    guard case .object(let members) = content, let value = members[key], !value.isNull else { return nil }
    return value
  }

  /// Whether the value is `null`.
  public var isNull: Bool { if case .null = content { true } else { false } }
  /// The elements; nil where this is no list.
  public var array: [JSONTree]? { if case .array(let elements) = content { elements } else { nil } }
  /// The number; nil where this is none.
  public var number: Double? { if case .number(let number) = content { number } else { nil } }
  /// Whether the value is an object.
  public var isObject: Bool { if case .object = content { true } else { false } }

  /// The text of a string that is not blank, or a number as it is written where it is whole.
  public var text: String? {
    switch content {
    case .string(let string): string.allSatisfy(\.isWhitespace) ? nil : string
    case .number(let number): integer.map(String.init) ?? String(number)
    default: nil
    }
  }

  /// The number where it is whole; nil otherwise.
  public var integer: Int? { number.flatMap { Int(exactly: $0) } }

  private init(_ content: Content, _ line: Int) {
    self.content = content
    self.line = line
  }
}

extension JSONTree {
  private struct Parser {
    let bytes: [UInt8]
    var position = 0
    var line = 1
    var depth = 0

    init(bytes: [UInt8]) {
      self.bytes = bytes
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func parseText() throws(SyntaxError) -> JSONTree {
      let value = try parseValue()
      skipBlanks()
      if let byte = peek { throw error("found \(name(byte)) after the end of the JSON text") }
      return value
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func error(_ message: String) -> SyntaxError { SyntaxError(line: line, message: message) }

    private func name(_ byte: UInt8?) -> String {
      guard let byte else { return "the end of the file" }
      return (0x21..<0x7F).contains(byte) ? "`\(Character(UnicodeScalar(byte)))`" : "byte \(byte)"
    }

    private mutating func skipBlanks() {
      while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
        if byte == 0x0A { line += 1 }
        position += 1
      }
    }

    /// Steps over `byte` where it comes next.
    private mutating func take(_ byte: UInt8) -> Bool {
      skipBlanks()
      guard peek == byte else { return false }
      position += 1
      return true
    }

    private mutating func parseValue() throws(SyntaxError) -> JSONTree {
      skipBlanks()
      let start = line
      guard let byte = peek else { throw error("expected a value, found the end of the file") }
      switch byte {
      case UInt8(ascii: "{"): return JSONTree(.object(try parseObject()), start)
      case UInt8(ascii: "["): return JSONTree(.array(try parseArray()), start)
      case UInt8(ascii: "\""): return JSONTree(.string(try parseString()), start)
      case UInt8(ascii: "t"): return JSONTree(try parseWord("true", .boolean(true)), start)
      case UInt8(ascii: "f"): return JSONTree(try parseWord("false", .boolean(false)), start)
      case UInt8(ascii: "n"): return JSONTree(try parseWord("null", .null), start)
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return JSONTree(.number(try parseNumber()), start)
      default: throw error("expected a value, found \(name(byte))")
      }
    }

    /// Runs `element` between the brackets, as often as commas ask for it.
    private mutating func parseList(
      until close: Unicode.Scalar, _ element: (inout Parser) throws(SyntaxError) -> Void
    ) throws(SyntaxError) {
      depth += 1
      guard depth < 200 else { throw error("arrays or objects are nested more than 200 deep") }
      position += 1
      if !take(UInt8(ascii: close)) {
        repeat { try element(&self) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: close)) else { throw error("expected `,` or `\(close)`, found \(name(peek))") }
      }
      depth -= 1
    }

    private mutating func parseArray() throws(SyntaxError) -> [JSONTree] {
      var elements: [JSONTree] = []
      try parseList(until: "]") { (parser) throws(SyntaxError) in elements.append(try parser.parseValue()) }
      return elements
    }

    private mutating func parseObject() throws(SyntaxError) -> [String: JSONTree] {
      var members: [String: JSONTree] = [:]
      try parseList(until: "}") { (parser) throws(SyntaxError) in
        parser.skipBlanks()
        guard parser.peek == UInt8(ascii: "\"") else {
          throw parser.error("expected a key in quotation marks, found \(parser.name(parser.peek))")
        }
        let key = try parser.parseString()
        guard parser.take(UInt8(ascii: ":")) else {
          throw parser.error("expected `:` after the key \"\(key)\", found \(parser.name(parser.peek))")
        }
        members[key] = try parser.parseValue()
      }
      return members
    }

    private mutating func parseWord(_ word: String, _ content: Content) throws(SyntaxError) -> Content {
      guard bytes[position...].starts(with: word.utf8) else { throw error("expected `\(word)`") }
      position += word.utf8.count
      return content
    }

    private mutating func parseNumber() throws(SyntaxError) -> Double {
      let start = position
      while let byte = peek, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
      let text = String(decoding: bytes[start..<position], as: UTF8.self)
      let digits = text.drop { $0 == "-" }
      let isWritten = digits.first?.isNumber == true && text.last?.isNumber == true
      let hasLeadingZero = digits.hasPrefix("0") && digits.dropFirst().first?.isNumber == true
      guard isWritten, !hasLeadingZero, let number = Double(text) else { throw error("`\(text)` is not a number") }
      return number
    }

    private mutating func parseString() throws(SyntaxError) -> String {
      position += 1
      var text: [UInt8] = []
      while let byte = peek {
        position += 1
        switch byte {
        case UInt8(ascii: "\""):
          guard let string = String(validating: text, as: UTF8.self) else { throw error("a text is not valid UTF-8") }
          return string
        case UInt8(ascii: "\\"):
          text += try parseEscape()
        case 0..<0x20:
          throw error("a text contains a line break or control character; is its closing quotation mark missing?")
        default:
          text.append(byte)
        }
      }
      throw error("the file ends within a text")
    }

    private mutating func parseEscape() throws(SyntaxError) -> [UInt8] {
      guard let byte = peek else { throw error("the file ends within a text") }
      position += 1
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
      case UInt8(ascii: "b"): return [8]
      case UInt8(ascii: "f"): return [12]
      case UInt8(ascii: "n"): return [10]
      case UInt8(ascii: "r"): return [13]
      case UInt8(ascii: "t"): return [9]
      case UInt8(ascii: "u"): return Array(String(try parseUnicode()).utf8)
      default: throw error("unknown escape `\\` followed by \(name(byte))")
      }
    }

    private mutating func parseUnicode() throws(SyntaxError) -> Character {
      var units = [try parseHexadecimal()]
      if UTF16.isLeadSurrogate(units[0]), bytes[position...].starts(with: "\\u".utf8) {
        position += 2
        units.append(try parseHexadecimal())
      }
      return String(decoding: units, as: UTF16.self).first ?? "\u{FFFD}"
    }

    private mutating func parseHexadecimal() throws(SyntaxError) -> UInt16 {
      let digits = bytes[position..<min(position + 4, bytes.count)]
      guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
        let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
      else { throw error("`\\u` must be followed by four hexadecimal digits") }
      position += 4
      return unit
    }
  }
}
