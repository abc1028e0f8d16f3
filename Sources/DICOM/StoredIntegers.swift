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
    let unused = 32 - min(validBits, bitsAllocated)
    let mask = UInt32.max >> UInt32(unused)
    let first = firstBit / 8
    return bytes.withUnsafeBytes { raw in
      func all(_ value: (Int) -> Int) -> [Result] {
        Array(unsafeUninitializedCapacity: range.count) { results, initialised in
          // Within `count` values, as checked above: nothing overflows, and unchecked sums become vectors.
          for index in 0..<range.count {
            results.initializeElement(at: index, to: transform(value(range.lowerBound &+ index)))
          }
          initialised = range.count
        }
      }
      func byte(_ index: Int) -> UInt32 { UInt32(raw[first &+ index]) }
      func word(_ index: Int) -> UInt32 {
        UInt32(raw.loadUnaligned(fromByteOffset: first &+ 2 &* index, as: UInt16.self).littleEndian)
      }
      func long(_ index: Int) -> UInt32 {
        raw.loadUnaligned(fromByteOffset: first &+ 4 &* index, as: UInt32.self).littleEndian
      }
      func signed(_ stored: UInt32) -> Int { Int(Int32(bitPattern: stored &<< UInt32(unused)) &>> Int32(unused)) }
      // Of 16 bits and fewer: an Int32 becomes a floating-point number in a vector of them.
      func unsigned(_ stored: UInt32) -> Int { Int(Int32(bitPattern: stored & mask)) }
      return switch (bitsAllocated, isSigned) {
      case (1, _): range.map { transform(Int(raw[(firstBit + $0) / 8] >> UInt8((firstBit + $0) % 8) & 1)) }
      case (8, true): all { signed(byte($0)) }
      case (8, false): all { unsigned(byte($0)) }
      case (16, true): all { signed(word($0)) }
      case (16, false): all { unsigned(word($0)) }
      case (_, true): all { signed(long($0)) }
      case (_, false): all { Int(long($0) & mask) }
      }
    }
  }
}
