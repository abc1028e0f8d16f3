import Foundation

/// A place in a mapped file that moves forward as values are read; it never leaves its part of the file.
struct CheckpointCursor {
  /// The file's name, for messages.
  let file: String
  /// The whole file.
  let bytes: Data
  /// Where the next value is read.
  private(set) var position: Int
  /// Where this part of the file ends.
  let end: Int

  /// A cursor over `range` of a file, or over all of it.
  init(_ bytes: Data, file: String, range: Range<Int>? = nil) {
    self.file = file
    self.bytes = bytes
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// Maps a file into memory; nothing of it is read before it is needed.
  init(mapping url: URL) throws(CheckpointError) {
    do {
      self.init(try Data(contentsOf: url, options: .alwaysMapped), file: url.lastPathComponent)
    } catch {
      throw CheckpointError(file: url.lastPathComponent, "cannot be read: \(error.localizedDescription)")
    }
  }

  /// How many bytes are left.
  var remaining: Int { end - position }

  /// An error at a byte of the file, by default at the next one.
  func error(_ reason: String, at position: Int? = nil) -> CheckpointError {
    CheckpointError(file: file, position: position ?? self.position, reason)
  }

  /// Moves past `count` bytes and gives out where they lie.
  mutating func skip(_ count: Int, _ what: String) throws(CheckpointError) -> Range<Int> {
    guard count >= 0, count <= remaining else {
      throw error("\(what) takes \(count) bytes, but \(remaining) are left; the file is cut off or damaged")
    }
    defer { position += count }
    return position..<position + count
  }

  /// The next `count` bytes, not copied.
  mutating func take(_ count: Int, _ what: String) throws(CheckpointError) -> Data { bytes[try skip(count, what)] }

  /// The next byte.
  mutating func byte(_ what: String) throws(CheckpointError) -> UInt8 {
    guard position < end else { throw error("the file ends within \(what)") }
    defer { position += 1 }
    return bytes[position]
  }

  /// The next little-endian integer.
  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type, _ what: String) throws(CheckpointError) -> Value {
    let data = try take(MemoryLayout<Value>.size, what)
    return Value(littleEndian: data.withUnsafeBytes { $0.loadUnaligned(as: Value.self) })
  }

  /// The text up to the next line feed, which is passed over.
  mutating func line(_ what: String) throws(CheckpointError) -> String {
    guard let feed = bytes[position..<end].firstIndex(of: 0x0A) else { throw error("the file ends within \(what)") }
    defer { position = feed + 1 }
    return String(decoding: bytes[position..<feed], as: UTF8.self)
  }
}
