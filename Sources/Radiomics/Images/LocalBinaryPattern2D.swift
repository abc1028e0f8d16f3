internal import Foundation

/// Local binary patterns of each slice: on a circle around a pixel, how many samples are at least as large, where they
/// form few runs.
///
/// These are scikit-image's "uniform" patterns: with at most two changes along the samples the response is the count of
/// those that are at least as large as the pixel, otherwise `samples` + 1. Samples are bilinear, and 0 outside the
/// slice. T. Ojala, M. Pietikäinen, T. Mäenpää, IEEE Transactions on Pattern Analysis and Machine Intelligence, 2002.
public struct LocalBinaryPattern2D: ImageFilter {
  /// The settings' name.
  public static let key = "lbp2D"
  /// pyradiomics' name.
  public var names: [String] { ["lbp-2D"] }

  /// The circle's radius in pixels.
  public var radius: Double
  /// The number of samples on the circle.
  public var samples: Int

  /// Makes the filter.
  public init(radius: Double = 1, samples: Int = 8) {
    self.radius = radius
    self.samples = samples
  }

  private enum CodingKeys: String, CodingKey { case radius, samples }

  /// Reads the parameters; each has its default where it is absent.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    radius = try container.decodeIfPresent(Double.self, forKey: .radius) ?? 1
    samples = try container.decodeIfPresent(Int.self, forKey: .samples) ?? 8
  }

  /// Checks the parameters.
  public func check() throws(RadiomicsError) {
    guard radius > 0, radius <= 100, (1...64).contains(samples) else {
      throw RadiomicsError(
        "the filter `lbp2D` needs a `radius` above 0 and at most 100 pixels and 1 to 64 "
          + "`samples`, found \(radius) and \(samples)"
      )
    }
  }

  /// The patterns.
  public func images(of image: LesionImage) -> [LesionImage] {
    let size = image.size
    // Rounded as scikit-image does it, so that samples on a pixel's centre are exactly there.
    let offsets = (0..<samples).map { sample in
      let angle = 2 * Double.pi * Double(sample) / Double(samples)
      let down = -radius * sin(angle)
      let right = radius * cos(angle)
      return (
        (down * 100_000).rounded(.toNearestOrEven) / 100_000, (right * 100_000).rounded(.toNearestOrEven) / 100_000
      )
    }
    var response = image.values
    for z in 0..<size.z {
      func pixel(_ column: Double, _ row: Double) -> Double {
        guard column >= 0, row >= 0, column < Double(size.x), row < Double(size.y) else { return 0 }
        return image.values[image.index(Int(column), Int(row), z)]
      }
      for y in 0..<size.y {
        for x in 0..<size.x {
          let centre = image.values[image.index(x, y, z)]
          var (larger, changes, previous) = (0, 0, false)
          for (place, offset) in offsets.enumerated() {
            let (row, column) = (Double(y) + offset.0, Double(x) + offset.1)
            let (top, left) = (row.rounded(.down), column.rounded(.down))
            let (bottom, right) = (row.rounded(.up), column.rounded(.up))
            let (down, along) = (row - top, column - left)
            let above = (1 - along) * pixel(left, top) + along * pixel(right, top)
            let below = (1 - along) * pixel(left, bottom) + along * pixel(right, bottom)
            let isLarger = (1 - down) * above + down * below - centre >= 0
            if isLarger { larger += 1 }
            if place > 0, isLarger != previous { changes += 1 }
            previous = isLarger
          }
          response[image.index(x, y, z)] = Double(changes <= 2 ? larger : samples + 1)
        }
      }
    }
    return [image.replacing(response)]
  }
}
