import Foundation

/// Unpacks deflated bytes: the one compression that zip archives of weights use.
///
/// Source: RFC 1951.
enum Inflate {
  /// The unpacked bytes; nil where the packed ones are damaged or do not give exactly `count`.
  static func bytes(_ packed: Data, count: Int) -> Data? {
    // Deflate packs by no more than 1032 to 1, so a small file cannot ask for all memory.
    guard count >= 0, count / 1032 <= packed.count else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(count)
    let isWhole = packed.withUnsafeBytes { bytes in
      var stream = Stream(bytes: bytes, limit: count)
      return stream.inflate(into: &result)
    }
    return isWhole && result.count == count ? Data(result) : nil
  }

  /// A Huffman code by the number of codes of each length and the symbols in the order of their codes.
  private struct Code {
    private(set) var counts = [Int](repeating: 0, count: 16)
    private(set) var symbols: [Int] = []

    init?(lengths: ArraySlice<Int>) {
      for length in lengths { counts[length] += 1 }
      var left = 1
      for length in 1...15 {
        left = left << 1 - counts[length]
        if left < 0 { return nil }  // more codes than bits can tell apart
      }
      counts[0] = 0
      for length in 1...15 {
        for (symbol, own) in zip(0..., lengths) where own == length { symbols.append(symbol) }
      }
    }
  }

  private struct Stream {
    let bytes: UnsafeRawBufferPointer
    let limit: Int
    var position = 0
    var buffer: UInt32 = 0
    var buffered = 0

    /// The next bits, the first one lowest; nil at the end.
    mutating func bits(_ count: Int) -> Int? {
      while buffered < count {
        guard position < bytes.count else { return nil }
        buffer |= UInt32(bytes[position]) << UInt32(buffered)
        position += 1
        buffered += 8
      }
      let value = buffer & (1 << UInt32(count) - 1)
      buffer >>= UInt32(count)
      buffered -= count
      return Int(value)
    }

    mutating func symbol(_ code: Code) -> Int? {
      var value = 0
      var first = 0
      var index = 0
      for length in 1...15 {
        guard let bit = bits(1) else { return nil }
        value |= bit
        let count = code.counts[length]
        if value - count < first { return code.symbols[index + value - first] }
        index += count
        first = (first + count) << 1
        value <<= 1
      }
      return nil
    }

    mutating func inflate(into result: inout [UInt8]) -> Bool {
      while true {
        guard let isLast = bits(1), let kind = bits(2) else { return false }
        let isSound =
          switch kind {
          case 0: stored(into: &result)
          case 1: block(Inflate.fixed, into: &result)
          case 2: dynamicCodes().map { block($0, into: &result) } ?? false
          default: false
          }
        guard isSound else { return false }
        if isLast == 1 { return true }
      }
    }

    private mutating func stored(into result: inout [UInt8]) -> Bool {
      // Stored bytes begin at a whole byte; what is buffered beyond this one goes back.
      position -= buffered / 8
      (buffer, buffered) = (0, 0)
      guard let length = bits(16), let inverse = bits(16), length == ~inverse & 0xFFFF,
        length <= bytes.count - position,
        length <= limit - result.count
      else { return false }
      result.append(contentsOf: bytes[position..<position + length])
      position += length
      return true
    }

    private mutating func dynamicCodes() -> (Code, Code)? {
      guard let literals = bits(5), let distances = bits(5), let lengthCodes = bits(4) else { return nil }
      let counts = (literal: literals + 257, distance: distances + 1)
      guard counts.literal <= 286, counts.distance <= 30 else { return nil }
      var lengths = [Int](repeating: 0, count: 19)
      for place in Inflate.lengthOrder.prefix(lengthCodes + 4) {
        guard let length = bits(3) else { return nil }
        lengths[place] = length
      }
      guard let code = Code(lengths: lengths[...]) else { return nil }
      lengths = []
      while lengths.count < counts.literal + counts.distance {
        guard let symbol = symbol(code) else { return nil }
        switch symbol {
        case 16:
          guard let last = lengths.last, let times = bits(2) else { return nil }
          lengths += [Int](repeating: last, count: times + 3)
        case 17, 18:
          guard let times = bits(symbol == 17 ? 3 : 7) else { return nil }
          lengths += [Int](repeating: 0, count: times + (symbol == 17 ? 3 : 11))
        default: lengths.append(symbol)
        }
      }
      guard lengths.count == counts.literal + counts.distance,
        let literal = Code(lengths: lengths[..<counts.literal]),
        let distance = Code(lengths: lengths[counts.literal...])
      else { return nil }
      return (literal, distance)
    }

    private mutating func block(_ codes: (literal: Code, distance: Code), into result: inout [UInt8]) -> Bool {
      while true {
        guard let symbol = symbol(codes.literal) else { return false }
        switch symbol {
        case ..<256:
          guard result.count < limit else { return false }
          result.append(UInt8(symbol))
        case 256: return true
        default:
          guard symbol < 286, let extra = bits(Inflate.lengths[symbol - 257].bits),
            let code = self.symbol(codes.distance), code < 30, let far = bits(Inflate.distances[code].bits)
          else { return false }
          let length = Inflate.lengths[symbol - 257].base + extra
          let distance = Inflate.distances[code].base + far
          guard distance <= result.count, length <= limit - result.count else { return false }
          for _ in 0..<length { result.append(result[result.count - distance]) }
        }
      }
    }
  }

  /// The order in which a block gives the lengths of the codes for code lengths.
  private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  /// The codes of blocks that bring none of their own.
  private static let fixed: (literal: Code, distance: Code) = {
    let literal =
      [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112) + [Int](repeating: 7, count: 24)
      + [Int](repeating: 8, count: 8)
    guard let literal = Code(lengths: literal[...]), let distance = Code(lengths: [Int](repeating: 5, count: 30)[...])
    else {
      preconditionFailure("RFC 1951, section 3.2.6 gives sound codes")
    }
    return (literal, distance)
  }()

  /// The shortest length of each length symbol from 257, and how many bits are added to it.
  private static let lengths: [(base: Int, bits: Int)] = {
    var table = steps(from: 3, count: 28, perBit: 4, startingAt: 8)
    table.append((258, 0))
    return table
  }()

  /// The shortest distance of each distance symbol, and how many bits are added to it.
  private static let distances = steps(from: 1, count: 30, perBit: 2, startingAt: 4)

  /// A table whose ranges double every few symbols.
  private static func steps(from first: Int, count: Int, perBit: Int, startingAt start: Int) -> [(base: Int, bits: Int)]
  {
    var base = first
    return (0..<count).map { symbol in
      let bits = symbol < start ? 0 : (symbol - start) / perBit + 1
      defer { base += 1 << bits }
      return (base, bits)
    }
  }
}
