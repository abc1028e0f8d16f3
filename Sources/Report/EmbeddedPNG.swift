import Foundation

/// A PNG that stands within a page.
struct EmbeddedPNG {
  let data: Data
  /// Width and height in pixels.
  let size: (width: Int, height: Int)

  /// Takes `data` for a PNG; nil where it does not begin as one (PNG specification, 5.2 and 11.2.2).
  init?(_ data: Data) {
    let bytes = [UInt8](data.prefix(24))
    guard bytes.count == 24, bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else { return nil }
    func number(at offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    self.data = data
    size = (number(at: 16), number(at: 20))
  }

  /// Reads a file; nil where there is none, or it does not begin as a PNG.
  init?(contentsOf url: URL) {
    guard let data = try? Data(contentsOf: url) else { return nil }
    self.init(data)
  }

  /// The picture as an element that holds its place and is there at once, on screen and in print.
  func image(alternative: String) -> HTML {
    .void(
      "img",
      [
        "src": "data:image/png;base64,\(data.base64EncodedString())", "alt": alternative, "width": "\(size.width)",
        "height": "\(size.height)", "loading": "eager", "decoding": "sync",
      ])
  }
}
