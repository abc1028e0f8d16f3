import Foundation
import Imaging
import Study
import Support

/// Polygons in JSON columns as text: reading tables is one core's work, and decoding them that of all.
enum JSONText {
  /// What `JSONEncoder` would write, without its containers for each coordinate, which take longer than the crop does.
  static func encode(_ polygons: [Polygon]) -> String {
    let texts = polygons.map { polygon in
      #"{"vertices":["# + polygon.vertices.map { "[\($0.x),\($0.y)]" }.joined(separator: ",") + "]}"
    }
    return "[" + texts.joined(separator: ",") + "]"
  }

  /// One polygon, as `JSONEncoder` writes it.
  ///
  /// - Throws: `StudyError` of kind `.file` where the text is something else.
  static func polygon(_ text: String) throws -> Polygon {
    if let scanned = text.withCString({ scan($0) { $0.polygon() } }) { return scanned }
    return try decode(text)
  }

  /// Several polygons.
  ///
  /// - Throws: `StudyError` of kind `.file` where the text is something else.
  static func polygons(_ text: String) throws -> [Polygon] {
    if let scanned = text.withCString({ scan($0) { $0.list { $0.polygon() } } }) { return scanned }
    return try decode(text)
  }

  private static func decode<Value: Decodable>(_ text: String) throws -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
      throw StudyError(.file, "study.sqlite contains a contour that cannot be read; import the contours again")
    }
  }

  private static func scan<Value>(_ text: UnsafePointer<CChar>, _ value: (inout Scanner) -> Value?) -> Value? {
    var scanner = Scanner(position: text)
    guard let value = value(&scanner), scanner.position.pointee == 0 else { return nil }
    return value
  }

  /// Reads text without spaces, as it is written here; of anything else, even if it is JSON, it gives nil.
  private struct Scanner {
    /// In a text that ends with a zero.
    var position: UnsafePointer<CChar>

    mutating func polygon() -> Polygon? {
      guard skip(#"{"vertices":"#), let vertices = list({ $0.vertex() }), skip("}") else { return nil }
      return Polygon(vertices: vertices)
    }

    mutating func list<Element>(_ element: (inout Scanner) -> Element?) -> [Element]? {
      guard skip("[") else { return nil }
      var elements: [Element] = []
      if skip("]") { return elements }
      repeat {
        guard let next = element(&self) else { return nil }
        elements.append(next)
      } while skip(",")
      return skip("]") ? elements : nil
    }

    private mutating func vertex() -> SIMD2<Double>? {
      guard skip("["), let x = number(), skip(","), let y = number(), skip("]") else { return nil }
      return SIMD2(x, y)
    }

    private mutating func number() -> Double? {
      let start = UInt8(bitPattern: position.pointee)
      guard start == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(start) else { return nil }
      var end: UnsafeMutablePointer<CChar>?
      let value = strtod(position, &end)
      // JSON has no hexadecimal numbers.
      guard let end, value.isFinite, memchr(position, 0x78, UnsafePointer(end) - position) == nil else { return nil }
      position = UnsafePointer(end)
      return value
    }

    private mutating func skip(_ text: StaticString) -> Bool {
      guard strncmp(position, text.utf8Start, text.utf8CodeUnitCount) == 0 else { return false }
      position += text.utf8CodeUnitCount
      return true
    }
  }
}
