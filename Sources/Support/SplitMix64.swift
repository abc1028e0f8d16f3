/// The SplitMix64 generator: the same seed gives the same numbers on every machine.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  /// What the state grows by from number to number.
  public static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  @usableFromInline var state: UInt64

  /// Starts the sequence of `seed`.
  @inlinable public init(seed: UInt64) { state = seed }

  /// Starts the sequence number `stream` of `seed`; streams of one seed are independent of one another.
  ///
  /// None of them is the sequence of the seed alone.
  @inlinable public init(seed: UInt64, stream: UInt64) {
    state = Self.mix((seed ^ (stream &* 0xD1B5_4A32_D192_ED03)) &+ Self.increment)
  }

  /// The next 64 random bits.
  @inlinable public mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.mix(state)
  }

  /// A number in 0..<bound; its bias of bound / 2^64 is of no account.
  @inlinable public mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

  /// A number from 0 to below 1.
  @inlinable public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// The generator's finaliser: 64 bits of which each depends on all bits of `value`.
  @inlinable public static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
