import Foundation
import Study

/// A PNG or an SVG embedded in a page.
///
/// It is embedded as an image, so nothing in the file can act on the page.
struct EmbeddedPicture {
  let data: Data
  /// Width and height in pixels.
  let size: (width: Int, height: Int)
  /// What it shows, in its own words; nil where it has none.
  let words: String?
  private let mediaType: String

  /// Takes `data` as a picture; nil where it begins neither as a PNG nor as an SVG with a size.
  init?(_ data: Data) {
    self.data = data
    if let size = Self.sizeOfPNG(data) {
      (self.size, words, mediaType) = (size, nil, "image/png")
    } else if let (size, words) = Self.readSVG(data) {
      (self.size, self.words, mediaType) = (size, words, "image/svg+xml")
    } else {
      return nil
    }
  }

  /// Reads a file; nil where there is none, or it is not a picture.
  init?(contentsOf url: URL) {
    guard let data = try? Data(contentsOf: url) else { return nil }
    self.init(data)
  }

  /// The picture as an element that holds its place and is there at once, on screen and in print.
  func image(alternative: String) -> HTML {
    .void(
      "img",
      [
        "src": "data:\(mediaType);base64,\(data.base64EncodedString())", "alt": alternative, "width": "\(size.width)",
        "height": "\(size.height)", "loading": "eager", "decoding": "sync",
      ])
  }

  /// Source: PNG specification, 5.2 and 11.2.2.
  private static func sizeOfPNG(_ data: Data) -> (width: Int, height: Int)? {
    let bytes = [UInt8](data.prefix(24))
    guard bytes.count == 24, bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else { return nil }
    func number(at offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    return (number(at: 16), number(at: 20))
  }

  /// The size and the description at the head of an SVG.
  private static func readSVG(_ data: Data) -> (size: (width: Int, height: Int), words: String?)? {
    let head = String(decoding: data.prefix(1 << 16), as: UTF8.self)
    guard let root = head.prefixMatch(of: /<svg\b[^>]*>/)?.output,
      let width = root.firstMatch(of: /\swidth="(\d+)"/).flatMap({ Int($0.output.1) }),
      let height = root.firstMatch(of: /\sheight="(\d+)"/).flatMap({ Int($0.output.1) })
    else { return nil }
    return ((width, height), head.firstMatch(of: /<desc>([^<]*)<\/desc>/).map { String($0.output.1).xmlUnescaped })
  }
}
