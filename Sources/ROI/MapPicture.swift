public import Annotation
import Foundation

/// A crop, and beside it the same crop under a map of where a network looked, both with the contour, as SVG.
public struct MapPicture: Sendable {
  /// The SVG file's text.
  public let svg: String
  private static let gap = 8

  /// Draws the two panels.
  ///
  /// - Parameters:
  ///   - crop: boxSize x boxSize values in 0...1, row by row.
  ///   - map: side x side values, not negative, row by row: the map over the same box. Its highest value has the brightest
  ///     colour; a map that is zero throughout is drawn dark.
  ///   - contour: the outline in the crop's pixels.
  ///   - boxSize: the crop's side.
  ///   - side: the side of a panel in pixels.
  ///   - description: what the picture shows, for those who do not see it.
  /// - Throws: an error with libpng's reason.
  public init(
    crop: [Float], map: [Float], contour: [Polygon], boxSize: Int, side: Int, description: String
  ) throws {
    precondition(crop.count == boxSize * boxSize && map.count == side * side, "a crop and a map of the stated sizes")
    let greys = NetworkInput.resized(crop, from: boxSize, to: side)
    let highest = map.max() ?? 0
    let covered = zip(greys, map).map { grey, heat in
      let level = PixelImage.level(grey)
      return Colour(level, level, level).covered(by: Self.cividis(highest > 0 ? Double(heat / highest) : 0), 0.55)
    }
    var picture = SVGPicture(width: 2 * side + Self.gap, height: side, background: "#ffffff")
    for (left, image, words) in [
      (0, PixelImage(greys: greys, side: side), "The crop"),
      (side + Self.gap, PixelImage(covered, side: side), "The crop under the map"),
    ] {
      try picture.image(
        image, x: left, y: 0, side: side, outlines: contour.map(\.vertices), boxSize: boxSize, "#ffffff",
        thickness: 1.4, opacity: 0.9, words: words)
    }
    svg = picture.file(title: "Where the network looked", description: description)
  }

  /// From blue (0) to yellow (1), of evenly rising lightness, the same for every kind of colour vision.
  ///
  /// Source: Nuñez, Anderton, Renslow, "Optimizing colormaps with consideration for color vision deficiency", PLOS ONE 2018;
  /// every 32nd of matplotlib's 256 values, and the last.
  static func cividis(_ value: Double) -> Colour {
    let place = min(max(value, 0), 1) * Double(anchors.count - 1)
    let lower = min(Int(place), anchors.count - 2)
    return anchors[lower].covered(by: anchors[lower + 1], place - Double(lower))
  }

  private static let anchors = [
    Colour(0, 34, 78), Colour(26, 56, 111), Colour(67, 78, 108), Colour(97, 101, 111), Colour(125, 124, 120),
    Colour(155, 148, 118), Colour(188, 174, 108), Colour(222, 201, 88), Colour(254, 232, 56),
  ]
}
