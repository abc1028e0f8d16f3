public import DICOM
import Foundation

/// An axial slice on a grid of about 2 mm, x to the patient's left, y to the back.
///
/// Averaging takes most of the noise away, and makes every scanner's pixels cost the same.
public struct CoarseSlice: Equatable, Sendable {
  /// Cells per row.
  public let columns: Int
  /// Cells per column.
  public let rows: Int
  /// A cell's side in mm.
  public let cell: Double
  /// The place of the first cell's outer corner: x and y in mm (LPS).
  public let origin: SIMD2<Double>
  /// The position along z in mm (LPS).
  public let height: Double
  /// HU, row by row.
  public let values: [Float]

  /// Averages an image's pixels over cells; nil where the header does not place it, or it is not axial.
  public init?(_ image: CTImage, _ attributes: CTAttributes) {
    guard let spacing = attributes.pixelSpacing, let position = attributes.imagePosition,
      let row = attributes.rowDirection, let column = attributes.columnDirection, abs(row.x) > 0.9,
      abs(column.y) > 0.9, image.columns == attributes.columns, image.rows == attributes.rows
    else { return nil }
    let cell = max(2, spacing.row, spacing.column)
    // The corner with the smallest x and y, whichever way rows and columns run.
    let step = SIMD2(spacing.column * (row.x < 0 ? -1 : 1), spacing.row * (column.y < 0 ? -1 : 1))
    let extent = SIMD2(Double(image.columns), Double(image.rows)) * step
    let start = SIMD2(position.x, position.y) - step / 2
    let origin = SIMD2(min(start.x, start.x + extent.x), min(start.y, start.y + extent.y))
    let columns = max(1, Int(abs(extent.x) / cell))
    let rows = max(1, Int(abs(extent.y) / cell))
    func cells(_ count: Int, _ start: Double, _ step: Double, _ origin: Double, limit: Int) -> [Int] {
      (0..<count).map { min(limit - 1, max(0, Int((start + (Double($0) + 0.5) * step - origin) / cell))) }
    }
    let cellOfColumn = cells(image.columns, start.x, step.x, origin.x, limit: columns)
    let cellOfRow = cells(image.rows, start.y, step.y, origin.y, limit: rows)
    let values = image.values
    var sums = [Float](repeating: 0, count: columns * rows)
    var counts = sums
    for y in 0..<image.rows {
      let base = cellOfRow[y] * columns
      for x in 0..<image.columns {
        sums[base + cellOfColumn[x]] += values[y * image.columns + x]
        counts[base + cellOfColumn[x]] += 1
      }
    }
    self.init(
      columns: columns, rows: rows, cell: cell, origin: origin, height: position.z,
      values: zip(sums, counts).map { $1 > 0 ? $0 / $1 : -1000 })
  }

  init(columns: Int, rows: Int, cell: Double, origin: SIMD2<Double>, height: Double, values: [Float]) {
    self.columns = columns
    self.rows = rows
    self.cell = cell
    self.origin = origin
    self.height = height
    self.values = values
  }

  /// HU at a cell; air outside.
  func value(_ x: Int, _ y: Int) -> Float {
    (0..<columns).contains(x) && (0..<rows).contains(y) ? values[y * columns + x] : -1000
  }

  /// How many cells make up `millimetres`.
  func cells(_ millimetres: Double) -> Int { Int((millimetres / cell).rounded()) }

  /// The cell at a place in mm.
  func cell(at place: SIMD2<Double>) -> SIMD2<Int> {
    let offset = (place - origin) / cell
    return SIMD2(Int(offset.x.rounded(.down)), Int(offset.y.rounded(.down)))
  }

  /// The centre of a cell in mm.
  func place(of cell: SIMD2<Int>) -> SIMD2<Double> {
    origin + (SIMD2(Double(cell.x), Double(cell.y)) + 0.5) * self.cell
  }

  /// Whether `other` covers the same place: within half a cell in the plane and 1 mm along z.
  func isAligned(with other: CoarseSlice) -> Bool {
    let offset = other.origin - origin
    return abs(other.height - height) < 1 && other.cell == cell && abs(offset.x) < cell / 2 && abs(offset.y) < cell / 2
  }

  /// The cells from `low` to `high`, both included; air where the slice has none.
  func cropped(from low: SIMD2<Int>, to high: SIMD2<Int>) -> CoarseSlice {
    let columns = max(1, high.x - low.x + 1)
    let rows = max(1, high.y - low.y + 1)
    let values = (0..<rows).flatMap { y in (0..<columns).map { value(low.x + $0, low.y + y) } }
    return CoarseSlice(
      columns: columns, rows: rows, cell: cell, origin: origin + SIMD2(Double(low.x), Double(low.y)) * cell,
      height: height, values: values)
  }

  /// The slice with each cell replaced by the median of its 3 x 3 neighbourhood.
  var smoothed: CoarseSlice {
    var result = values
    var window = [Float](repeating: 0, count: 9)
    for y in 0..<rows {
      for x in 0..<columns {
        var index = 0
        for dy in -1...1 {
          for dx in -1...1 {
            window[index] = value(x + dx, y + dy)
            index += 1
          }
        }
        window.sort()
        result[y * columns + x] = window[4]
      }
    }
    return CoarseSlice(columns: columns, rows: rows, cell: cell, origin: origin, height: height, values: result)
  }

  /// The largest connected region of `mask`, as the indices of its cells.
  func largestRegion(of mask: [Bool]) -> [Int] {
    var seen = mask.map { !$0 }
    var largest: [Int] = []
    for start in mask.indices where !seen[start] {
      var region = [start]
      seen[start] = true
      var next = 0
      while next < region.count {
        let index = region[next]
        next += 1
        let (x, y) = (index % columns, index / columns)
        for (nx, ny) in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
        where (0..<columns).contains(nx) && (0..<rows).contains(ny) && !seen[ny * columns + nx] {
          seen[ny * columns + nx] = true
          region.append(ny * columns + nx)
        }
      }
      if region.count > largest.count { largest = region }
    }
    return largest
  }
}
