import Imaging

/// A mask annotation of MD.ai: polygons that are filled, and polygons that are then cleared, as its Python client does
/// (mdai 0.16, `convert_mask_annotation_to_array`).
struct MDAIMask {
  /// Why a mask gives no outline.
  enum Problem: Error, CustomStringConvertible {
    case noForeground
    case impossible(ContourError)
    case tooLarge
    case foregroundInBackground

    var description: String {
      switch self {
      case .noForeground: "the mask has no foreground polygon"
      case .impossible(let error): "a polygon of the mask cannot be used: \(error)"
      case .tooLarge:
        "the mask's polygons span more than \(MDAIMask.largestSide) pixels; was it drawn on another image?"
      case .foregroundInBackground:
        "a foreground polygon of the mask lies entirely inside the background, so it is not clear whether it is an island "
          + "or was erased; draw the lesion as a freeform annotation"
      }
    }
  }

  let foreground: [[SIMD2<Double>]]
  let background: [[SIMD2<Double>]]

  /// Columns or rows of the largest image that a mask is painted for; CT has 512 or 1024.
  private static let largestSide = 4096.0

  /// The corners of the areas' outlines, in the coordinates of the annotation.
  ///
  /// Foreground polygons that touch no other polygon stay as they were drawn. Others are painted pixel by pixel and outlined
  /// again (`PixelMask.outlines`), for holes and overlaps have no polygon of their own.
  func outlines() -> Result<[[SIMD2<Double>]], Problem> {
    guard !foreground.isEmpty else { return .failure(.noForeground) }
    let boxes = (foreground + background).map(Box.init)
    let isApart = boxes.indices.prefix(foreground.count).allSatisfy { index in
      boxes.indices.allSatisfy { $0 == index || !boxes[$0].touches(boxes[index]) }
    }
    return isApart ? .success(foreground) : painted(boxes.reduce(Box([])) { $0.union($1) })
  }

  private func painted(_ box: Box) -> Result<[[SIMD2<Double>]], Problem> {
    guard box.low.x > -Self.largestSide, box.low.y > -Self.largestSide, box.high.x - box.low.x < Self.largestSide,
      box.high.y - box.low.y < Self.largestSide
    else { return .failure(.tooLarge) }
    let origin = box.low.rounded(.down) - 1
    let size = (box.high - origin).rounded(.up) + 2
    let (columns, rows) = (Int(size.x), Int(size.y))
    func mask(_ vertices: [SIMD2<Double>]) -> Result<PixelMask, Problem> {
      let polygon = Polygon(vertices: vertices.map { $0 - origin })
      let usable = polygon.withoutSmallLoops()?.outline ?? polygon
      return Result { () throws(ContourError) in
        try usable.validate(columns: columns, rows: rows)
        return usable.mask(columns: columns, rows: rows)
      }.mapError(Problem.impossible)
    }
    do throws(Problem) {
      var filled = [Bool](repeating: false, count: columns * rows)
      var areas: [[Bool]] = []
      for polygon in foreground {
        let area = try mask(polygon).get().values
        areas.append(area)
        for (index, isInside) in area.enumerated() where isInside { filled[index] = true }
      }
      for polygon in background {
        for (index, isInside) in try mask(polygon).get().values.enumerated() where isInside { filled[index] = false }
      }
      guard areas.allSatisfy({ area in zip(area, filled).contains { $0 && $1 } }) else {
        return .failure(.foregroundInBackground)
      }
      let outlines = PixelMask(columns: columns, rows: rows, values: filled).outlines()
      return .success(outlines.map { $0.vertices.map { $0 + origin } })
    } catch {
      return .failure(error)
    }
  }

  /// The smallest rectangle around some points.
  private struct Box {
    var low = SIMD2(repeating: Double.infinity)
    var high = SIMD2(repeating: -Double.infinity)

    init(_ points: [SIMD2<Double>]) {
      for point in points {
        low = pointwiseMin(low, point)
        high = pointwiseMax(high, point)
      }
    }

    func touches(_ other: Box) -> Bool {
      low.x <= other.high.x && other.low.x <= high.x && low.y <= other.high.y && other.low.y <= high.y
    }

    func union(_ other: Box) -> Box {
      var result = self
      result.low = pointwiseMin(low, other.low)
      result.high = pointwiseMax(high, other.high)
      return result
    }
  }
}
