import Foundation

/// The shape of a lesion that lies on one slice, by its mask alone; not defined for others.
enum Shape2DFeatures: FeatureFamily {
  static let name = "shape2D"
  static let isShape = true

  static let features = [
    FeatureDefinition("MeshSurface", "mm2"), FeatureDefinition("PixelSurface", "mm2"),
    FeatureDefinition("Perimeter", "mm"), FeatureDefinition("PerimeterSurfaceRatio", "1/mm"),
    FeatureDefinition("Sphericity"), FeatureDefinition("MaximumDiameter", "mm"),
    FeatureDefinition("MajorAxisLength", "mm"), FeatureDefinition("MinorAxisLength", "mm"),
    FeatureDefinition("Elongation"),
  ]

  static func values(of lesion: PreparedLesion) -> [Double] {
    let image = lesion.image
    guard image.size.z == 1 else { return features.map { _ in .nan } }
    let outline = Outline(image)
    let diameter = Diameters.largest(outline.points, steps: image.spacing / 2).overall
    let places = image.places
    let axes = PrincipalAxes(places, dimensions: 2, lesion.settings.reading)
    return [
      outline.area, Double(places.count) * image.spacing.x * image.spacing.y, outline.perimeter,
      outline.perimeter / outline.area, 2 * (Double.pi * outline.area).squareRoot() / outline.perimeter, diameter,
      axes.length(1), axes.length(0), axes.ratio(0, 1),
    ]
  }
}

/// The outline of a mask on one slice, halfway between its pixels and those around it (marching squares).
private struct Outline {
  private(set) var area = 0.0
  private(set) var perimeter = 0.0
  private(set) var points: [SIMD3<Int32>] = []

  /// The middles of a square's sides, in halves.
  private static let sides: [SIMD2<Int>] = [[1, 0], [2, 1], [1, 2], [0, 1]]
  /// By the bits of the corners within the mask: the sides that each line joins.
  private static let lines: [[(Int, Int)]] = [
    [], [(3, 0)], [(0, 1)], [(3, 1)], [(1, 2)], [(1, 2), (3, 0)], [(0, 2)], [(3, 2)], [(2, 3)], [(2, 0)],
    [(0, 1), (2, 3)], [(2, 1)], [(1, 3)], [(1, 0)], [(0, 3)], [],
  ]

  init(_ image: LesionImage) {
    let size = image.size
    func bit(_ x: Int, _ y: Int, _ bit: Int) -> Int {
      x >= 0 && y >= 0 && x < size.x && y < size.y && image.mask[y * size.x + x] ? 1 << bit : 0
    }
    let half = SIMD2(image.spacing.x, image.spacing.y) / 2
    for y in -1..<size.y {
      for x in -1..<size.x {
        var square = bit(x, y, 0) | bit(x + 1, y, 1) | bit(x + 1, y + 1, 2) | bit(x, y + 1, 3)
        guard square != 0, square != 15 else { continue }
        for (start, end) in Self.lines[square] {
          let a = SIMD2<Double>(SIMD2(x, y) &* 2 &+ Self.sides[start]) * half
          let b = SIMD2<Double>(SIMD2(x, y) &* 2 &+ Self.sides[end]) * half
          area += (a.y * b.x - b.y * a.x) / 2
          perimeter += ((a - b) * (a - b)).sum().squareRoot()
        }
        if square > 7 { square ^= 15 }
        for (corner, side) in [(0, 3), (2, 2)] where square >> corner & 1 == 1 {
          let place = SIMD2(x, y) &* 2 &+ Self.sides[side]
          points.append(SIMD3<Int32>(Int32(place.x), Int32(place.y), 0))
        }
      }
    }
  }
}
