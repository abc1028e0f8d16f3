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

  /// This colour covered by `other`, which lets 1 - `opacity` of it through.
  func covered(by other: Colour, _ opacity: Double) -> Colour {
    func mix(_ below: UInt8, _ above: UInt8) -> UInt8 {
      UInt8((Double(below) + (Double(above) - Double(below)) * min(max(opacity, 0), 1)).rounded())
    }
    return Colour(mix(red, other.red), mix(green, other.green), mix(blue, other.blue))
  }
}

/// A square image of 8 bits a channel.
struct PixelImage: Sendable {
  private let side: Int
  private let isGrey: Bool
  private let bytes: [UInt8]

  /// An image of grey `values`, row by row: 0 is black, 1 is white, what lies beyond is clipped.
  init(greys values: [Float], side: Int) {
    self.side = side
    isGrey = true
    bytes = values.map(Self.level)
  }

  /// An image of `colours`, row by row.
  init(_ colours: [Colour], side: Int) {
    self.side = side
    isGrey = false
    bytes = colours.flatMap { [$0.red, $0.green, $0.blue] }
  }

  /// The grey level of a value in 0...1.
  static func level(_ value: Float) -> UInt8 { UInt8((min(max(value, 0), 1) * 255).rounded()) }

  /// The image as a PNG file's bytes.
  func png() throws(PNGError) -> Data {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(side)
    image.height = UInt32(side)
    image.format = isGrey ? 0 : UInt32(PNG_FORMAT_FLAG_COLOR)
    defer { png_image_free(&image) }
    // What does not compress grows a little; this is more than zlib ever adds.
    var size = png_alloc_size_t(bytes.count + bytes.count / 8 + side + 4096)
    var file = Data(count: Int(size))
    let written = file.withUnsafeMutableBytes {
      png_image_write_to_memory(&image, $0.baseAddress, &size, 0, bytes, 0, nil)
    }
    guard written != 0 else {
      let message = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      throw PNGError(description: "an image of \(side) x \(side) pixels cannot be written as PNG: \(message)")
    }
    return file.prefix(Int(size))
  }
}

/// libpng's reason for not writing an image.
struct PNGError: Error, CustomStringConvertible {
  let description: String
}
