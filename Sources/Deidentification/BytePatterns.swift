/// Many short byte strings, found in one pass.
struct BytePatterns: Sendable {
  /// Where one of them stands.
  struct Match {
    let position: Int
    let count: Int
    let isDay: Bool
  }

  private var byStart: [UInt32: [(bytes: [UInt8], isDay: Bool)]] = [:]
  /// Which starts there are, by 16 bits of them: nearly every position is passed by one look.
  private var isStart = [Bool](repeating: false, count: 1 << 16)

  /// Adds a string of at least four bytes, in small letters.
  mutating func add(_ bytes: [UInt8], isDay: Bool) {
    guard bytes.count >= 4 else { return }
    let start = bytes.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    byStart[start, default: []].append((bytes, isDay))
    isStart[Self.slot(start)] = true
  }

  /// Whether a few digits are a part of a longer number, such as those of 0.800000.
  private static func isWithinNumber(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    func isNumeric(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || byte == 0x2E }
    guard range.count < 6, bytes[range].allSatisfy(isNumeric) else { return false }
    return range.lowerBound > 0 && isNumeric(bytes[range.lowerBound - 1])
      || range.upperBound < bytes.count && isNumeric(bytes[range.upperBound])
  }

  /// ASCII's capitals as small letters.
  static func lowered(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    bytes.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
  }

  private static func slot(_ start: UInt32) -> Int { Int((start &* 2_654_435_761) >> 16) }

  /// Where the strings stand, in capitals or not.
  func matches(in bytes: [UInt8]) -> [Match] {
    guard !byStart.isEmpty, bytes.count >= 4 else { return [] }
    var matches: [Match] = []
    let lowered = Self.lowered(bytes[...])
    var start = lowered[0..<3].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    for position in 3..<lowered.count {
      start = start << 8 | UInt32(lowered[position])
      guard isStart[Self.slot(start)], let candidates = byStart[start] else { continue }
      let first = position - 3
      for candidate in candidates where first + candidate.bytes.count <= lowered.count {
        let end = first + candidate.bytes.count
        if lowered[first..<end].elementsEqual(candidate.bytes), !Self.isWithinNumber(lowered, first..<end) {
          matches.append(Match(position: first, count: candidate.bytes.count, isDay: candidate.isDay))
        }
      }
    }
    return matches
  }
}
