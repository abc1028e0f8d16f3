/// The integers of one frame as their file stores them, each decoded where it is asked for.
struct StoredIntegers: Sendable {
  /// Little endian, the values one after the other.
  let bytes: [UInt8]
  /// Where the first value begins.
  let firstBit: Int
  let count: Int
  /// The bits from one value to the next: 1, 8, 16 or 32.
  let bitsAllocated: Int
  /// How many of them, the lowest, count.
  let validBits: Int
  /// Whether the highest bit that counts is the sign.
  let isSigned: Bool

  /// What `transform` makes of the values numbered `range`.
  @inline(__always)
  func map<Result>(_ range: Range<Int>, _ transform: (Int) -> Result) -> [Result] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) of \(count) values")
    let unused = UInt32(32 - min(validBits, bitsAllocated))
    func value(_ stored: UInt32) -> Int {
      isSigned ? Int(Int32(bitPattern: stored << unused) >> Int32(unused)) : Int((stored << unused) >> unused)
    }
    let first = firstBit / 8
    return bytes.withUnsafeBytes { raw in
      func all(_ stored: (Int) -> UInt32) -> [Result] {
        Array(unsafeUninitializedCapacity: range.count) { results, initialised in
          for index in range {
            results.initializeElement(at: index - range.lowerBound, to: transform(value(stored(index))))
          }
          initialised = range.count
        }
      }
      return switch bitsAllocated {
      case 1: range.map { transform(Int(raw[(firstBit + $0) / 8] >> UInt8((firstBit + $0) % 8) & 1)) }
      case 8: all { UInt32(raw[first + $0]) }
      case 16: all { UInt32(raw.loadUnaligned(fromByteOffset: first + 2 * $0, as: UInt16.self).littleEndian) }
      default: all { raw.loadUnaligned(fromByteOffset: first + 4 * $0, as: UInt32.self).littleEndian }
      }
    }
  }
}
