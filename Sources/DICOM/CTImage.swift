import Crypto
import Foundation

/// One CT slice in Hounsfield units.
public struct CTImage: Equatable, Sendable {
  /// The number of columns.
  public let columns: Int
  /// The number of rows.
  public let rows: Int
  /// HU, row by row: `rows` x `columns` values.
  public let values: [Float]
  /// SHA-256, in hexadecimal, of the size and the stored values, each as a little-endian 32-bit integer.
  ///
  /// Two files have the same hash just where they store the same values, however each of them is compressed.
  public let pixelHash: String

  /// Makes an image from its stored values: HU = stored x slope + intercept.
  public init(columns: Int, rows: Int, storedValues: [Int], rescaleSlope: Double, rescaleIntercept: Double) {
    precondition(storedValues.count == columns * rows, "\(storedValues.count) values for \(columns) x \(rows) pixels")
    self.columns = columns
    self.rows = rows
    values = storedValues.map { Float(Double($0) * rescaleSlope + rescaleIntercept) }
    let words =
      [columns, rows].map { Int32(truncatingIfNeeded: $0).littleEndian }
      + storedValues.map { Int32(truncatingIfNeeded: $0).littleEndian }
    let digest = words.withUnsafeBytes { SHA256.hash(data: Data($0)) }
    pixelHash = digest.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
  }
}
