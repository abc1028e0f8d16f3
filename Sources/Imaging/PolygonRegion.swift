/// The area that several outlines enclose together by the even-odd rule: an outline within another is a hole.
public struct PolygonRegion: Equatable, Sendable {
  /// The outlines, in pixels.
  public let outlines: [Polygon]

  /// Takes outlines, none of which crosses itself.
  public init(_ outlines: [Polygon]) { self.outlines = outlines }

  /// Whether a point, in pixels, is inside.
  public func contains(_ point: SIMD2<Double>) -> Bool { outlines.count { $0.contains(point) } % 2 == 1 }

  /// Which pixels of an image have their centres inside.
  public func mask(columns: Int, rows: Int) -> PixelMask {
    var values = [Bool](repeating: false, count: columns * rows)
    for outline in outlines {
      for (index, isInside) in outline.mask(columns: columns, rows: rows).values.enumerated() where isInside {
        values[index].toggle()
      }
    }
    return PixelMask(columns: columns, rows: rows, values: values)
  }

  /// The numbers, from 0, of the outlines that are holes: all of their corners lie within an odd number of others.
  ///
  /// Outlines that merely overlap are none.
  public var holes: Set<Int> {
    guard outlines.count > 1 else { return [] }
    return Set(
      outlines.indices.filter { index in
        let around = outlines.indices.count { other in
          other != index && outlines[index].area < outlines[other].area
            && outlines[index].vertices.allSatisfy(outlines[other].contains)
        }
        return around % 2 == 1
      })
  }

  /// Which pixels have their centres in the tumour: in an outline and not in a hole, where overlapping outlines count as one area.
  ///
  /// It is `mask` where no two outlines cross. Files may hold two outlines of one lesion that overlap: both are tumour.
  public func unionMask(columns: Int, rows: Int) -> PixelMask {
    let holes = holes
    var values = [Bool](repeating: false, count: columns * rows)
    for index in outlines.indices.sorted(by: { outlines[$0].area > outlines[$1].area }) {
      for (place, isInside) in outlines[index].mask(columns: columns, rows: rows).values.enumerated() where isInside {
        values[place] = !holes.contains(index)
      }
    }
    return PixelMask(columns: columns, rows: rows, values: values)
  }

  /// Whether a point, in pixels, is in the tumour as `unionMask` has it.
  public func unionContains(_ point: SIMD2<Double>) -> Bool {
    let around = outlines.indices.filter { outlines[$0].contains(point) }
    guard let innermost = around.min(by: { outlines[$0].area < outlines[$1].area }) else { return false }
    return outlines.count == 1 || !holes.contains(innermost)
  }

  private var signed: [(outline: Polygon, sign: Double)] {
    let holes = holes
    return outlines.enumerated().map { ($1, holes.contains($0) ? -1 : 1) }
  }

  /// The area in square pixels, where outlines lie beside or within one another.
  public var area: Double { signed.reduce(0) { $0 + $1.sign * $1.outline.area } }

  /// The centre of gravity of the area in pixels; nil where there is none.
  public var centroid: SIMD2<Double>? {
    let parts = signed
    let area = parts.reduce(0) { $0 + $1.sign * $1.outline.area }
    guard area > 1e-9 else { return nil }
    return parts.reduce(.zero) { $0 + $1.outline.centroid * ($1.sign * $1.outline.area / area) }
  }

  /// The distance of a point from the nearest edge, positive inside, with pixels of the size `scale`.
  func signedDistance(_ point: SIMD2<Double>, scale: SIMD2<Double>) -> Double {
    var nearest = Double.infinity
    var isInside = false
    for outline in outlines {
      for (a, b) in outline.edges {
        if (a.y > point.y) != (b.y > point.y), Polygon.crossing(a, b, at: point.y) > point.x { isInside.toggle() }
        let edge = (b - a) * scale
        let offset = (point - a) * scale
        let length = (edge * edge).sum()
        let share = length > 0 ? min(max((offset * edge).sum() / length, 0), 1) : 0
        let distance = offset - edge * share
        nearest = min(nearest, (distance * distance).sum())
      }
    }
    return (isInside ? 1 : -1) * nearest.squareRoot()
  }
}
