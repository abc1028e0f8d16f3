import Foundation
import Study

/// A drawing as an SVG file of its own: its images within it, its text as text, and what it shows in words.
///
/// Lengths are in pixels, y runs downwards, and the same drawing gives the same bytes.
struct SVGPicture: Sendable {
  /// How a line of text is set.
  enum Weight: String {
    case regular = "400"
    case bold = "600"
  }

  private let width: Int
  private let height: Int
  private var elements: [String] = []

  /// A picture of this size, on a background of its own colour (such as `#ffffff`).
  init(width: Int, height: Int, background: String) {
    self.width = width
    self.height = height
    elements.append(#"<rect width="100%" height="100%" fill="\#(background)"/>"#)
  }

  /// Fills a rectangle.
  mutating func fill(x: Int, y: Int, width: Int, height: Int, _ colour: String) {
    elements.append(#"<rect x="\#(x)" y="\#(y)" width="\#(width)" height="\#(height)" fill="\#(colour)"/>"#)
  }

  /// A frame of `thickness` around (outside of) the rectangle.
  mutating func frame(x: Int, y: Int, width: Int, height: Int, thickness: Int, _ colour: String) {
    let half = Double(thickness) / 2
    elements.append(
      #"<rect x="\#(Self.text(Double(x) - half))" y="\#(Self.text(Double(y) - half))" width="\#(width + thickness)""#
        + #" height="\#(height + thickness)" fill="none" stroke="\#(colour)" stroke-width="\#(thickness)"/>"#)
  }

  /// A line of text on the baseline `y`; what goes beyond `room` is cut off.
  mutating func text(
    _ text: String, x: Int, y: Int, room: Int, size: Int, _ colour: String, weight: Weight = .regular
  ) {
    // An inner picture clips what it holds.
    elements.append(
      #"<svg x="\#(x)" y="\#(y - size)" width="\#(room)" height="\#(2 * size)"><text y="\#(size)" font-size="\#(size)""#
        + #" font-weight="\#(weight.rawValue)" fill="\#(colour)">\#(text.xmlEscaped)</text></svg>"#)
  }

  /// A square image with outlines on it, shown with the side `side`.
  ///
  /// `outlines` are closed polygons in the pixels of a box of `boxSize`, whose integers are centres of pixels; `words` are what a
  /// reader who does not see it should know. It throws `PNGError` where the image cannot be encoded.
  mutating func image(
    _ image: PixelImage, x: Int, y: Int, side: Int, outlines: [[SIMD2<Double>]], boxSize: Int, colour: String,
    thickness: Double, opacity: Double, words: String
  ) throws(PNGError) {
    let stroke = thickness * Double(boxSize) / Double(side)
    elements.append(
      #"<svg x="\#(x)" y="\#(y)" width="\#(side)" height="\#(side)" viewBox="0 0 \#(boxSize) \#(boxSize)">"#
        + "<title>\(words.xmlEscaped)</title>"
        + #"<image width="\#(boxSize)" height="\#(boxSize)" xlink:href="data:image/png;base64,"#
        + (try image.png()).base64EncodedString() + #""/>"#
        + Self.paths(outlines, colour: colour, thickness: stroke, opacity: opacity) + "</svg>")
  }

  /// Outlines over an image that was drawn at the same place with the same `boxSize`; dashes of length `dash` where it is not 0.
  mutating func outlines(
    _ outlines: [[SIMD2<Double>]], x: Int, y: Int, side: Int, boxSize: Int, colour: String, thickness: Double,
    dash: Double = 0
  ) {
    let scale = Double(boxSize) / Double(side)
    elements.append(
      #"<svg x="\#(x)" y="\#(y)" width="\#(side)" height="\#(side)" viewBox="0 0 \#(boxSize) \#(boxSize)">"#
        + Self.paths(outlines, colour: colour, thickness: thickness * scale, opacity: 1, dash: dash * scale)
        + "</svg>")
  }

  /// A horizontal line, as a key to outlines; dashes of length `dash` where it is not 0.
  mutating func line(x: Int, y: Int, width: Int, colour: String, thickness: Double, dash: Double = 0) {
    elements.append(
      #"<path d="M\#(x) \#(y)H\#(x + width)" stroke="\#(colour)" stroke-width="\#(Self.text(thickness))"\#(Self.dashes(dash))/>"#
    )
  }

  /// Closed lines, `thickness` in the pixels of their box.
  private static func paths(
    _ outlines: [[SIMD2<Double>]], colour: String, thickness: Double, opacity: Double, dash: Double = 0
  ) -> String {
    outlines.map { points in
      let corners = points.map { "\(text($0.x + 0.5)) \(text($0.y + 0.5))" }
      return #"<path d="M\#(corners.joined(separator: "L"))Z" fill="none" stroke="\#(colour)""#
        + #" stroke-width="\#(text(thickness))" stroke-opacity="\#(text(opacity))" stroke-linejoin="round"\#(dashes(dash))/>"#
    }.joined()
  }

  private static func dashes(_ length: Double) -> String {
    length > 0 ? #" stroke-dasharray="\#(text(length))""# : ""
  }

  /// The whole file; `title` and `description` say what it shows.
  func file(title: String, description: String) -> String {
    #"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="\#(width)""#
      + #" height="\#(height)" viewBox="0 0 \#(width) \#(height)" role="img""#
      + #" font-family="Helvetica, Arial, 'Liberation Sans', sans-serif">"# + "\n"
      + "<title>\(title.xmlEscaped)</title>\n<desc>\(description.xmlEscaped)</desc>\n"
      + elements.joined(separator: "\n") + "\n</svg>\n"
  }

  /// A number with at most three decimals.
  private static func text(_ value: Double) -> String {
    let rounded = (value * 1000).rounded() / 1000
    return rounded == rounded.rounded() && abs(rounded) < 1e9 ? String(Int(rounded)) : "\(rounded)"
  }
}
