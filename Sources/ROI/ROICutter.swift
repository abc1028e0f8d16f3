public import DICOM
public import Imaging

/// Cuts the box around a tumour out of a slice.
///
/// The box lies on whole pixels: of `boxSize` pixels, the first is the centroid minus (boxSize - 1) / 2, rounded half up, so
/// that the box's centre is at most half a pixel away from the centroid of the contour's area (of all its polygons'
/// together).
public struct ROICutter: Sendable {
  /// How slices become crops.
  public let settings: ROISettings

  /// Makes a cutter.
  public init(_ settings: ROISettings) { self.settings = settings }

  /// Cuts the crop around `polygons` out of `image`.
  ///
  /// - Parameters:
  ///   - image: a slice in HU.
  ///   - polygons: the tumour's outline in the slice's pixels, one polygon or several.
  ///   - pixelSize: the distance of two rows and of two columns in mm; needed for resampling alone.
  ///   - shift: how far, in the crop's columns and rows, the box lies off its place.
  /// - Returns: the crop, its values in 0...1, with the outline in its pixels.
  /// - Throws: `ROIError` where there is nothing to centre on, or resampling is asked for and the pixel size unknown.
  public func cut(
    _ image: CTImage, around polygons: [Polygon], pixelSize: (row: Double, column: Double)?,
    shift: SIMD2<Int> = .zero
  ) throws(ROIError) -> ROICrop {
    let grid = try grid(columns: image.columns, rows: image.rows, pixelSize)
    let outline = polygons.map { polygon in Polygon(vertices: polygon.vertices.map(grid.fromSource)) }
    let region = PolygonRegion(outline)
    let centre = region.holes.isEmpty ? Polygon.centroid(of: outline) : region.centroid ?? Polygon.centroid(of: outline)
    guard outline.contains(where: { !$0.vertices.isEmpty }), abs(centre.x) < 1e6, abs(centre.y) < 1e6 else {
      throw .noContour
    }
    let size = settings.boxSize
    // A symmetric outline's centroid is half-way but for the last digits, which must not decide.
    let origin =
      (centre - Double(size - 1) / 2 + 0.5 + 1e-6).rounded(.down) + SIMD2(Double(shift.x), Double(shift.y))
    let horizontal = grid.x.taps(from: Int(origin.x), count: size)
    let vertical = grid.y.taps(from: Int(origin.y), count: size)

    let values = image.values(rows: vertical.source, columns: horizontal.source)
    let crop =
      settings.resampleTo == nil
      ? laid(values, vertical, horizontal) : blended(values, vertical, horizontal)
    let inBox = outline.map { polygon in Polygon(vertices: polygon.vertices.map { $0 - origin }) }
    let inside = horizontal.taps.count { $0 != nil } * vertical.taps.count { $0 != nil }
    return ROICrop(
      values: settings.windowed(crop), polygons: inBox, warnings: warnings(inBox, missing: size * size - inside))
  }

  /// The box from pixels as they are.
  private func laid(_ values: [Float], _ vertical: Taps, _ horizontal: Taps) -> [Float] {
    let size = settings.boxSize
    var crop = [Float](repeating: Float(settings.outsideHU), count: size * size)
    let columns = horizontal.source.count
    guard let left = horizontal.taps.firstIndex(where: { $0 != nil }) else { return crop }
    for (row, tap) in vertical.taps.enumerated() {
      guard let tap else { continue }
      let start = row * size + left
      crop.replaceSubrange(start..<start + columns, with: values[tap.first * columns..<(tap.first + 1) * columns])
    }
    return crop
  }

  /// The box from pixels between those of the slice.
  private func blended(_ values: [Float], _ vertical: Taps, _ horizontal: Taps) -> [Float] {
    let size = settings.boxSize
    var crop = [Float](repeating: Float(settings.outsideHU), count: size * size)
    let columns = horizontal.source.count
    for (row, upDown) in vertical.taps.enumerated() {
      guard let upDown else { continue }
      for (column, leftRight) in horizontal.taps.enumerated() {
        guard let leftRight else { continue }
        func blend(_ line: Int) -> Float {
          let (left, right) = (values[line * columns + leftRight.first], values[line * columns + leftRight.second])
          return leftRight.weight == 0 ? left : left + (right - left) * leftRight.weight
        }
        let top = blend(upDown.first)
        crop[row * size + column] = upDown.weight == 0 ? top : top + (blend(upDown.second) - top) * upDown.weight
      }
    }
    return crop
  }

  private func warnings(_ polygons: [Polygon], missing: Int) -> [ROIWarning] {
    let size = settings.boxSize
    let x = polygons.flatMap { $0.vertices.map(\.x) }
    let y = polygons.flatMap { $0.vertices.map(\.y) }
    var warnings: [ROIWarning] = []
    if let left = x.min(), let right = x.max(), let top = y.min(), let bottom = y.max(),
      min(left, top) < -0.5 || max(right, bottom) > Double(size) - 0.5
    {
      warnings.append(.contourLeavesBox(width: right - left, height: bottom - top, boxSize: size))
    }
    if missing > 0 { warnings.append(.boxLeavesImage(pixels: missing, boxSize: size)) }
    return warnings
  }

  private func grid(
    columns: Int, rows: Int, _ pixelSize: (row: Double, column: Double)?
  ) throws(ROIError) -> Grid {
    guard let target = settings.resampleTo else {
      return Grid(x: Axis(sourceCount: columns, factor: 1), y: Axis(sourceCount: rows, factor: 1))
    }
    guard let pixelSize, pixelSize.row.isFinite, pixelSize.column.isFinite, min(pixelSize.row, pixelSize.column) > 0
    else {
      throw .pixelSizeMissing(resampleTo: target)
    }
    return Grid(
      x: Axis(sourceCount: columns, factor: pixelSize.column / target),
      y: Axis(sourceCount: rows, factor: pixelSize.row / target))
  }
}

/// The pixel grid that the box lies on: the slice's own, or the resampled one.
private struct Grid {
  let x: Axis
  let y: Axis

  func fromSource(_ point: SIMD2<Double>) -> SIMD2<Double> { SIMD2(x.fromSource(point.x), y.fromSource(point.y)) }
}

/// One direction of the grid: half-pixel centres, as PyTorch's `interpolate(scale_factor:, align_corners: false)`.
private struct Axis {
  let sourceCount: Int
  /// Pixels of the grid per pixel of the slice.
  let factor: Double

  var count: Int { Int((Double(sourceCount) * factor).rounded(.down)) }

  func fromSource(_ position: Double) -> Double { factor == 1 ? position : (position + 0.5) * factor - 0.5 }

  /// What `boxCount` pixels of the grid are made of.
  ///
  /// No anti-aliasing: pixels of CT differ by little from one another's size, and a filter would take away texture.
  func taps(from first: Int, count boxCount: Int) -> Taps {
    Taps(
      (first..<first + boxCount).map { index in
        guard (0..<count).contains(index) else { return nil }
        if factor == 1 { return (index, index, 0) }
        let position = max((Double(index) + 0.5) / factor - 0.5, 0)
        let lower = min(Int(position), sourceCount - 1)
        return (lower, min(lower + 1, sourceCount - 1), Float(position - Double(lower)))
      })
  }
}

/// Where the pixels of a box come from, in one direction.
private struct Taps {
  typealias Tap = (first: Int, second: Int, weight: Float)

  /// The pixels of the slice that the box needs.
  let source: Range<Int>
  /// For each pixel of the box two of `source`, counted from its start, and the second one's weight; nil off the image.
  let taps: [Tap?]

  init(_ taps: [Tap?]) {
    let first = taps.lazy.compactMap { $0 }.first?.first ?? 0
    source = first..<(taps.lazy.compactMap { $0?.second }.max().map { $0 + 1 } ?? first)
    self.taps = taps.map { tap in tap.map { ($0.first - first, $0.second - first, $0.weight) } }
  }
}
