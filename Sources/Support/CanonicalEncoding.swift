/// A value that has one encoding in bytes, and shares it with no other value: what an identity may depend on.
public protocol CanonicallyEncodable {
  /// Adds the value's encoding at the end.
  func encode(into encoding: inout CanonicalEncoding)
}

/// The identity of what a result depends on: named, typed fields in a fixed encoding, fed into SHA-256.
///
/// Two lists of fields have the same digest only where they have the same kind and version, and the same names and values
/// in the same order. Every value begins with a letter for its type, every text and list with its length, so that no two
/// lists of fields give the same bytes. Numbers are little-endian in 64 bits:
///
/// | value | bytes |
/// |---|---|
/// | text | `t`, count, UTF-8 as it stands (no normalisation) |
/// | integer | `i`, two's complement |
/// | floating point | `d`, the bit pattern of binary64, so that 0 and -0 differ |
/// | truth value | `b`, 0 or 1 in one byte |
/// | nothing, something | `n`; `s`, the value |
/// | list | `l`, count, the values |
/// | record | `r`, for each field `f`, its name as a text, its value; then `e` |
///
/// The whole is the name of this encoding as a text, its version, the kind, the kind's version, and a record.
public struct CanonicalEncoding: Sendable {
  private var hash = SHA256()
  /// Bytes on their way to the hash, which takes many at a time faster than a few.
  private var pending: [UInt8] = []

  /// Begins the identity of something of a `kind`; `version` changes whenever the list of its fields does.
  public init(of kind: String, version: Int) {
    "CanonicalEncoding".encode(into: &self)
    1.encode(into: &self)
    kind.encode(into: &self)
    version.encode(into: &self)
    append("r")
  }

  /// Adds a field.
  public mutating func field(_ name: String, _ value: some CanonicallyEncodable) {
    append("f")
    name.encode(into: &self)
    value.encode(into: &self)
  }

  /// Adds a value that consists of named fields: for a structure's own `encode(into:)`.
  public mutating func record(_ fields: (inout CanonicalEncoding) throws -> Void) rethrows {
    append("r")
    try fields(&self)
    append("e")
  }

  /// The SHA-256 of all that was added so far, in 64 hexadecimal digits.
  public var digest: String {
    var whole = self
    whole.append("e")
    whole.hash.update(data: whole.pending)
    return whole.hash.finalize().hexadecimal
  }

  fileprivate mutating func append(_ type: Unicode.Scalar) { pending.append(UInt8(ascii: type)) }

  fileprivate mutating func append(_ bytes: some Sequence<UInt8>) {
    pending.append(contentsOf: bytes)
    if pending.count >= 1 << 16 {
      hash.update(data: pending)
      pending.removeAll(keepingCapacity: true)
    }
  }

  fileprivate mutating func append(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { append($0) }
  }
}

extension String: CanonicallyEncodable {
  /// Adds the text's UTF-8 behind its length.
  public func encode(into encoding: inout CanonicalEncoding) {
    encoding.append("t")
    encoding.append(UInt64(utf8.count))
    encoding.append(utf8)
  }
}

extension FixedWidthInteger where Self: CanonicallyEncodable {
  /// Adds the number in 64 bits.
  public func encode(into encoding: inout CanonicalEncoding) {
    encoding.append("i")
    encoding.append(UInt64(bitPattern: Int64(self)))
  }
}

extension Int: CanonicallyEncodable {}
extension Int64: CanonicallyEncodable {}

extension Double: CanonicallyEncodable {
  /// Adds the number's bit pattern.
  public func encode(into encoding: inout CanonicalEncoding) {
    encoding.append("d")
    encoding.append(bitPattern)
  }
}

extension Bool: CanonicallyEncodable {
  /// Adds 0 or 1.
  public func encode(into encoding: inout CanonicalEncoding) {
    encoding.append("b")
    encoding.append(self ? "\u{1}" : "\u{0}")
  }
}

extension Optional: CanonicallyEncodable where Wrapped: CanonicallyEncodable {
  /// Adds whether there is a value, and which.
  public func encode(into encoding: inout CanonicalEncoding) {
    guard let value = self else { return encoding.append("n") }
    encoding.append("s")
    value.encode(into: &encoding)
  }
}

extension Array: CanonicallyEncodable where Element: CanonicallyEncodable {
  /// Adds the values behind their number.
  public func encode(into encoding: inout CanonicalEncoding) {
    encoding.append("l")
    encoding.append(UInt64(count))
    for value in self { value.encode(into: &encoding) }
  }
}
