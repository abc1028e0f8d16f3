public import Foundation
public import Imaging

/// A crop, and beside it the same crop under a map of where a network looked, both with the contour.
public struct MapPicture: Sendable {
  private let canvas: Canvas
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
  public init(crop: [Float], map: [Float], contour: [Polygon], boxSize: Int, side: Int) {
    precondition(crop.count == boxSize * boxSize && map.count == side * side, "a crop and a map of the stated sizes")
    var canvas = Canvas(width: 2 * side + Self.gap, height: side, background: .grey(255))
    let greys = NetworkInput.resized(crop, from: boxSize, to: side)
    let highest = map.max() ?? 0
    for (index, value) in greys.enumerated() {
      let grey = Colour.grey(UInt8((min(max(value, 0), 1) * 255).rounded()))
      let colour = Self.cividis(highest > 0 ? Double(map[index] / highest) : 0)
      canvas.paint(index % side, index / side, grey)
      canvas.paint(side + Self.gap + index % side, index / side, grey.covered(by: colour, 0.55))
    }
    let scale = Double(side) / Double(boxSize)
    for left in [0, side + Self.gap] {
      for polygon in contour {
        canvas.outline(
          polygon.vertices.map { ($0 + 0.5) * scale - 0.5 + SIMD2(Double(left), 0) }, thickness: 1.4, .grey(255),
          opacity: 0.9, x: left, y: 0, width: side, height: side)
      }
    }
    self.canvas = canvas
  }

  /// The picture as PNG.
  ///
  /// - Throws: an error with libpng's reason.
  public func png() throws -> Data { try canvas.png() }

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
