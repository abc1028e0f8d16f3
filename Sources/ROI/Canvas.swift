import CPNG
import Foundation

/// A colour of 8-bit red, green and blue.
struct Colour: Equatable, Sendable {
  var red: UInt8
  var green: UInt8
  var blue: UInt8

  init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  static func grey(_ level: UInt8) -> Colour { Colour(level, level, level) }

  /// This colour covered by `other`, which lets 1 - `opacity` of it through.
  func covered(by other: Colour, _ opacity: Double) -> Colour {
    func mix(_ below: UInt8, _ above: UInt8) -> UInt8 {
      UInt8((Double(below) + (Double(above) - Double(below)) * min(max(opacity, 0), 1)).rounded())
    }
    return Colour(mix(red, other.red), mix(green, other.green), mix(blue, other.blue))
  }
}

/// A picture to draw on; what is drawn beyond its border is lost.
struct Canvas {
  let width: Int
  let height: Int
  private(set) var pixels: [Colour]

  init(width: Int, height: Int, background: Colour) {
    self.width = width
    self.height = height
    pixels = Array(repeating: background, count: width * height)
  }

  subscript(x: Int, y: Int) -> Colour { pixels[y * width + x] }

  mutating func paint(_ x: Int, _ y: Int, _ colour: Colour, opacity: Double = 1) {
    guard (0..<width).contains(x), (0..<height).contains(y) else { return }
    pixels[y * width + x] = opacity >= 1 ? colour : pixels[y * width + x].covered(by: colour, opacity)
  }

  mutating func fill(x: Int, y: Int, width: Int, height: Int, _ colour: Colour) {
    for row in y..<y + height { for column in x..<x + width { paint(column, row, colour) } }
  }

  /// A frame of `thickness` around (outside of) the rectangle.
  mutating func frame(x: Int, y: Int, width: Int, height: Int, thickness: Int, _ colour: Colour) {
    let outer = (x: x - thickness, y: y - thickness, width: width + 2 * thickness, height: height + 2 * thickness)
    fill(x: outer.x, y: outer.y, width: outer.width, height: thickness, colour)
    fill(x: outer.x, y: y + height, width: outer.width, height: thickness, colour)
    fill(x: outer.x, y: y, width: thickness, height: height, colour)
    fill(x: x + width, y: y, width: thickness, height: height, colour)
  }

  /// Text at twice the typeface's size, its diagonals smoothed; (x, y) is its top left corner.
  mutating func text(_ text: String, x: Int, y: Int, _ colour: Colour) {
    for (index, letter) in text.enumerated() {
      let left = x + index * Self.letterAdvance
      for row in 0..<BitmapFont.height {
        for column in 0..<BitmapFont.width {
          for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] where isInked(letter, column, row, dx, dy) {
            paint(left + 2 * column + dx, y + 2 * row + dy, colour)
          }
        }
      }
    }
  }

  /// How far one letter is from the next.
  static let letterAdvance = 2 * (BitmapFont.width + 1)
  /// The height of a line's letters.
  static let letterHeight = 2 * BitmapFont.height

  /// Whether one quarter of a dot is drawn: the dot's own, or the corner that two diagonal neighbours suggest (Scale2x).
  private func isInked(_ letter: Character, _ column: Int, _ row: Int, _ dx: Int, _ dy: Int) -> Bool {
    let own = BitmapFont.dot(letter, column, row)
    let (side, up) = (dx == 0 ? -1 : 1, dy == 0 ? -1 : 1)
    let beside = BitmapFont.dot(letter, column + side, row)
    let above = BitmapFont.dot(letter, column, row + up)
    let otherSide = BitmapFont.dot(letter, column - side, row)
    let below = BitmapFont.dot(letter, column, row - up)
    return beside == above && beside != below && above != otherSide ? beside : own
  }

  /// A closed line of `thickness` pixels through the points, smoothed, drawn only inside the rectangle.
  mutating func outline(
    _ points: [SIMD2<Double>], thickness: Double, _ colour: Colour, opacity: Double, x: Int, y: Int, width: Int,
    height: Int
  ) {
    // The nearest edge decides: edges that overlap must not darken one another.
    var coverage: [Int: Double] = [:]
    for (a, b) in zip(points, Array(points.dropFirst()) + points.prefix(1)) {
      let reach = thickness / 2 + 1
      let columns = (Int(min(a.x, b.x) - reach)...Int(max(a.x, b.x) + reach)).clamped(to: x...x + width - 1)
      let rows = (Int(min(a.y, b.y) - reach)...Int(max(a.y, b.y) + reach)).clamped(to: y...y + height - 1)
      for row in rows {
        for column in columns {
          let distance = Self.distance(SIMD2(Double(column), Double(row)), a, b)
          let cover = min(max(thickness / 2 + 0.5 - distance, 0), 1)
          if cover > 0 {
            coverage[row * self.width + column, default: 0] = max(coverage[row * self.width + column] ?? 0, cover)
          }
        }
      }
    }
    for (index, cover) in coverage { paint(index % self.width, index / self.width, colour, opacity: cover * opacity) }
  }

  private static func distance(_ point: SIMD2<Double>, _ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double {
    let edge = b - a
    let length = (edge * edge).sum()
    let along = length > 0 ? min(max(((point - a) * edge).sum() / length, 0), 1) : 0
    let offset = point - (a + edge * along)
    return (offset * offset).sum().squareRoot()
  }

  /// The picture as a PNG file's bytes.
  func png() throws(PNGError) -> Data {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(width)
    image.height = UInt32(height)
    image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
    defer { png_image_free(&image) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(pixels.count * 3)
    for pixel in pixels { bytes += [pixel.red, pixel.green, pixel.blue] }
    // What does not compress grows a little; this is more than zlib ever adds.
    var size = png_alloc_size_t(bytes.count + bytes.count / 8 + height + 4096)
    var file = Data(count: Int(size))
    let written = file.withUnsafeMutableBytes {
      png_image_write_to_memory(&image, $0.baseAddress, &size, 0, bytes, 0, nil)
    }
    guard written != 0 else {
      let message = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      throw PNGError(description: "the picture of \(width) x \(height) pixels cannot be written as PNG: \(message)")
    }
    return file.prefix(Int(size))
  }
}

/// libpng's reason for not writing a picture.
struct PNGError: Error, CustomStringConvertible {
  let description: String
}
