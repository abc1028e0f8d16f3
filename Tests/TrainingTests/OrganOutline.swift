import DICOM
import Foundation
import Support
import Testing

/// A label map of a NIfTI-1 file: one organ's number for each voxel.
///
/// Source: the NIfTI-1 header, nifti1.h. Its coordinates run to the right, the front and the head; DICOM's to the left, the
/// back and the head.
struct LabelMap {
  /// Columns, rows and slices.
  private let size: [Int]
  private let labels: [Int]
  /// The columns of the affine's inverse: from a position (mm, NIfTI's axes) less `origin` to a voxel.
  private let inverse: [SIMD3<Double>]
  private let origin: SIMD3<Double>

  /// Reads a gzipped file.
  init(_ url: URL) throws {
    let data = try Self.unzipped(url)
    func value<T>(_ type: T.Type, at offset: Int) -> T {
      data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }
    try #require(value(Int32.self, at: 0) == 348, "this is no little-endian NIfTI-1 file")
    size = (1...3).map { Int(value(Int16.self, at: 40 + 2 * $0)) }
    let (count, start) = (size.reduce(1, *), max(352, Int(value(Float.self, at: 108))))
    switch value(Int16.self, at: 70) {
    case 2: labels = (0..<count).map { Int(value(UInt8.self, at: start + $0)) }
    case 4: labels = (0..<count).map { Int(value(Int16.self, at: start + 2 * $0)) }
    case 512: labels = (0..<count).map { Int(value(UInt16.self, at: start + 2 * $0)) }
    case let datatype: throw Unsupported(description: "labels of NIfTI's datatype \(datatype)")
    }

    func floats(_ offset: Int, _ count: Int) -> [Double] {
      (0..<count).map { Double(value(Float.self, at: offset + 4 * $0)) }
    }
    let columns: [SIMD3<Double>]
    if value(Int16.self, at: 254) > 0 {
      let rows = [280, 296, 312].map { floats($0, 4) }
      columns = (0..<3).map { SIMD3(rows[0][$0], rows[1][$0], rows[2][$0]) }
      origin = SIMD3(rows[0][3], rows[1][3], rows[2][3])
    } else {
      try #require(value(Int16.self, at: 252) > 0, "the file states no orientation")
      let (b, c, d) = (floats(256, 1)[0], floats(260, 1)[0], floats(264, 1)[0])
      let a = max(0, 1 - b * b - c * c - d * d).squareRoot()
      let pixdim = floats(76, 4)
      columns = [
        SIMD3(a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)) * pixdim[1],
        SIMD3(2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)) * pixdim[2],
        SIMD3(2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c) * pixdim[3]
          * (pixdim[0] < 0 ? -1 : 1),
      ]
      let offset = floats(268, 3)
      origin = SIMD3(offset[0], offset[1], offset[2])
    }
    func cross(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> SIMD3<Double> {
      SIMD3(u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x)
    }
    let determinant = (columns[0] * cross(columns[1], columns[2])).sum()
    inverse = (0..<3).map { cross(columns[($0 + 1) % 3], columns[($0 + 2) % 3]) / determinant }
  }

  struct Unsupported: Error, CustomStringConvertible { let description: String }

  private static func unzipped(_ url: URL) throws -> Data {
    try Subprocess(URL(fileURLWithPath: "/usr/bin/env"), ["gzip", "-dc", url.path]).run(outputLimit: 1 << 30).output
  }

  /// The label at a position in DICOM's coordinates (mm); 0 outside of the map.
  private func label(at position: SIMD3<Double>) -> Int {
    let offset = position * SIMD3(-1, -1, 1) - origin
    let voxel = inverse.map { Int(($0 * offset).sum().rounded()) }
    guard zip(voxel, size).allSatisfy({ (0..<$1).contains($0) }) else { return 0 }
    return labels[(voxel[2] * size[1] + voxel[1]) * size[0] + voxel[0]]
  }

  /// The labels of a slice's pixels, row by row.
  func labels(on slice: CTAttributes) throws -> [Int] {
    let (corner, spacing) = (try #require(slice.imagePosition), try #require(slice.pixelSpacing))
    let alongRow = try #require(slice.rowDirection) * spacing.column
    let alongColumn = try #require(slice.columnDirection) * spacing.row
    return (0..<slice.rows).flatMap { row in
      (0..<slice.columns).map { label(at: corner + alongRow * Double($0) + alongColumn * Double(row)) }
    }
  }
}

/// The outline of the largest connected piece of an organ on one slice.
struct OrganOutline {
  /// The corners in pixels, an integer being a pixel's centre; the outline runs between pixels, so its exact mask is the
  /// piece with its holes filled.
  let vertices: [SIMD2<Double>]

  /// Traces the pixels whose label is `organ`; nil where there are none.
  init?(of organ: Int, in labels: [Int], columns: Int) {
    var rest = Set(labels.indices.filter { labels[$0] == organ })
    var piece: Set<Int> = []
    while let first = rest.popFirst() {
      var (found, open): (Set<Int>, [Int]) = ([first], [first])
      while let pixel = open.popLast() {
        let column = pixel % columns
        let neighbours =
          (column > 0 ? [pixel - 1] : []) + (column < columns - 1 ? [pixel + 1] : []) + [
            pixel - columns, pixel + columns,
          ]
        for neighbour in neighbours where rest.remove(neighbour) != nil {
          found.insert(neighbour)
          open.append(neighbour)
        }
      }
      if found.count > piece.count { piece = found }
    }
    guard let top = piece.min() else { return nil }
    vertices = Self.trace(piece, from: top, columns)
  }

  /// Walks along the pixels' edges with the piece on the right hand, from the top left corner of its first pixel.
  private static func trace(_ piece: Set<Int>, from top: Int, _ columns: Int) -> [SIMD2<Double>] {
    func contains(_ column: Int, _ row: Int) -> Bool {
      (0..<columns).contains(column) && row >= 0 && piece.contains(row * columns + column)
    }
    let start = SIMD2(top % columns, top / columns)
    var (corner, direction) = (start, SIMD2(1, 0))
    var corners: [SIMD2<Int>] = [start]
    repeat {
      corner &+= direction
      let right = SIMD2(-direction.y, direction.x)
      // The pixels ahead: of the four around a corner, the one towards `direction` and to either hand.
      func ahead(_ side: SIMD2<Int>) -> Bool {
        let twice = direction &+ side
        return contains(corner.x + (twice.x - 1) / 2, corner.y + (twice.y - 1) / 2)
      }
      if !ahead(right) {
        corners.append(corner)
        direction = right
      } else if ahead(SIMD2(0, 0) &- right) {
        corners.append(corner)
        direction = SIMD2(0, 0) &- right
      }
    } while corner != start || direction != SIMD2(1, 0)
    return corners.dropLast().map { SIMD2(Double($0.x) - 0.5, Double($0.y) - 0.5) }
  }
}
