import Support

/// Damages a file, the same way for the same generator.
struct Mutation {
  private var generator: SplitMix64
  private var bytes: [UInt8]
  private let other: [UInt8]

  /// `bytes` damaged in one to four ways; pieces of `other` may be put into it.
  static func of(_ bytes: [UInt8], splicing other: [UInt8], isText: Bool, _ generator: SplitMix64) -> [UInt8] {
    var mutation = Mutation(generator: generator, bytes: bytes, other: other)
    for _ in 0..<mutation.number(1...4) {
      isText && mutation.number(0...3) > 0 ? mutation.editText() : mutation.editBytes()
    }
    return mutation.bytes
  }

  private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  /// A place in the file; half of them in its beginning, where headers are.
  private mutating func place() -> Int {
    guard bytes.count > 1 else { return 0 }
    let end = number(0...1) == 0 ? min(bytes.count, 1024) : bytes.count
    return number(0...end - 1)
  }

  private mutating func range(upTo length: Int) -> Range<Int> {
    let start = place()
    return start..<min(bytes.count, start + number(1...length))
  }

  // MARK: Bytes

  private mutating func editBytes() {
    switch number(0...6) {
    case 0: for _ in 0..<number(1...16) { flipBit() }
    case 1, 2: setLength()
    case 3: for index in range(upTo: 64) { bytes[index] = UInt8(truncatingIfNeeded: generator.next()) }
    case 4: bytes.removeLast(bytes.count - place())
    case 5: splice()
    default: bytes.removeSubrange(range(upTo: 256))
    }
  }

  private mutating func flipBit() {
    guard !bytes.isEmpty else { return }
    bytes[place()] ^= 1 << UInt8(number(0...7))
  }

  /// An extreme number where a length, a size or an offset may be, in either byte order.
  private mutating func setLength() {
    let extremes: [UInt64] = [
      0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF,
      1 << 32, 1 << 62, 0x7FFF_FFFF_FFFF_FFFF, 1 << 63, 0xFFFF_FFFF_FFFF_FFFF, (1e300).bitPattern,
      Double.nan.bitPattern,
      UInt64(Float.infinity.bitPattern),
    ]
    let value = extremes[number(0...extremes.count - 1)]
    let width = 1 << number(0...3)
    let start = number(0...1) == 0 ? place() : place() & ~(width - 1)
    let isBigEndian = number(0...3) == 0
    for byte in 0..<width where start + byte < bytes.count {
      bytes[start + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(isBigEndian ? width - 1 - byte : byte)))
    }
  }

  private mutating func splice() {
    guard !other.isEmpty else { return }
    let start = number(0...other.count - 1)
    let piece = other[start..<min(other.count, start + number(1...512))]
    let end = number(0...1) == 0 ? place() : nil
    let target = place()
    bytes.replaceSubrange(target..<max(target, min(end ?? target, bytes.count)), with: piece)
  }

  // MARK: Text

  private static let words = [
    "null", "true", "nan", "inf", "-1", "0", "1e308", "-1e308", "1e-308", "1e19", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "0x7fffffff", "1,5", "\"\"", "\"", "[]", "{}", "[", "{", "}", "~",
    "&a",
    "*a", "\t", ";", ",", "\r\n", "\u{FEFF}", "é", "\\u0000", String(repeating: "9", count: 400),
    String(repeating: "[", count: 300),
  ]

  private mutating func editText() {
    let tokens = tokens()
    guard !tokens.isEmpty else { return editBytes() }
    let token = tokens[number(0...tokens.count - 1)]
    let word = Array(Self.words[number(0...Self.words.count - 1)].utf8)
    switch number(0...5) {
    case 0, 1, 2: bytes.replaceSubrange(token, with: word)
    case 3: bytes.insert(contentsOf: word, at: token.upperBound)
    case 4:
      let piece = Array(bytes[token.lowerBound..<min(bytes.count, token.lowerBound + number(1...200))])
      bytes.insert(contentsOf: piece, at: tokens[number(0...tokens.count - 1)].lowerBound)
    default: bytes.removeSubrange(token.lowerBound..<min(bytes.count, token.upperBound + number(0...80)))
    }
  }

  /// The words and numbers.
  private func tokens() -> [Range<Int>] {
    var tokens: [Range<Int>] = []
    var start: Int?
    for (index, byte) in bytes.enumerated() {
      let isWord =
        byte >= 0x80 || "+-._".utf8.contains(byte) || (0x30...0x39).contains(byte) || (0x41...0x7A).contains(byte)
      if isWord, start == nil { start = index }
      if !isWord, let first = start {
        tokens.append(first..<index)
        start = nil
      }
    }
    return tokens + (start.map { [$0..<bytes.count] } ?? [])
  }
}
