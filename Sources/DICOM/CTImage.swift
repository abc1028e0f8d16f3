import Support

/// One CT slice, kept as it is stored and turned into Hounsfield units where it is asked for.
public struct CTImage: Sendable {
  /// The number of columns.
  public let columns: Int
  /// The number of rows.
  public let rows: Int
  /// The place along the slices' normal in mm, which grows towards the patient's head in axial slices; nil where the file does not
  /// state it.
  public let height: Double?
  let stored: StoredIntegers
  let rescaleSlope: Double
  let rescaleIntercept: Double
  /// By pixel whether it is padding, row by row; nil where none is that would not be air as it stands.
  let paddingMask: [Bool]?

  /// Makes an image from its stored values: HU = stored x slope + intercept, and air where they are padding.
  init(
    columns: Int, rows: Int, stored: StoredIntegers, rescaleSlope: Double, rescaleIntercept: Double,
    padding: PixelPadding? = nil, height: Double? = nil
  ) {
    precondition(stored.count == columns * rows, "\(stored.count) values for \(columns) x \(rows) pixels")
    self.columns = columns
    self.rows = rows
    self.height = height
    self.stored = stored
    self.rescaleSlope = rescaleSlope
    self.rescaleIntercept = rescaleIntercept
    paddingMask = padding?.mask(
      of: stored, columns: columns, rows: rows, slope: rescaleSlope, intercept: rescaleIntercept)
  }

  /// Makes an image of `rows` x `columns` values, row by row: HU = stored x slope + intercept.
  public init(
    columns: Int, rows: Int, storedValues: [Int16], rescaleSlope: Double = 1, rescaleIntercept: Double = 0
  ) {
    let bytes = storedValues.map(\.littleEndian).withUnsafeBytes { Array($0) }
    let stored = StoredIntegers(
      bytes: bytes, firstBit: 0, count: storedValues.count, bitsAllocated: 16, validBits: 16, isSigned: true)
    self.init(
      columns: columns, rows: rows, stored: stored, rescaleSlope: rescaleSlope, rescaleIntercept: rescaleIntercept)
  }

  /// HU of the whole slice, row by row: `rows` x `columns` values, computed by each call.
  public var values: [Float] { values(rows: 0..<rows, columns: 0..<columns) }

  /// HU of a part of the slice, row by row.
  public func values(rows: Range<Int>, columns: Range<Int>) -> [Float] {
    precondition(columns.lowerBound >= 0 && columns.upperBound <= self.columns, "\(columns) of \(self.columns) columns")
    var values: [Float] = []
    values.reserveCapacity(rows.count * columns.count)
    for row in rows {
      let start = row * self.columns
      values += stored.map(start + columns.lowerBound..<start + columns.upperBound) {
        Float(Double($0) * rescaleSlope + rescaleIntercept)
      }
      guard let paddingMask else { continue }
      let first = values.count - columns.count
      for column in columns where paddingMask[start + column] {
        let index = first + column - columns.lowerBound
        values[index] = min(values[index], Float(PixelPadding.air))
      }
    }
    return values
  }

  /// The different values that the slice stores, but no more than `limit` of them.
  ///
  /// A CT has hundreds. It is looked at from the middle row on, so that a slice with many is left soon.
  public func distinctStoredValues(upTo limit: Int) -> Set<Int> {
    var found: Set<Int> = []
    for row in rowsFromTheMiddle {
      found.formUnion(stored.map(row * columns..<(row + 1) * columns) { $0 })
      if found.count >= limit { return Set(found.sorted().prefix(limit)) }
    }
    return found
  }

  /// The rows from the middle one on, which is the likeliest to show tissue, then those before it.
  var rowsFromTheMiddle: [Int] { Array(rows / 2..<rows) + Array(0..<rows / 2) }

  /// SHA-256, in hexadecimal, of the size and the stored values of every eighth row, each as a little-endian 16-bit integer.
  ///
  /// Files that store the same picture have the same hash, however each of them is compressed. Others have not: noise makes
  /// any two acquisitions differ in each of their rows.
  public var pixelHash: String {
    var hash = SHA256()
    func add(_ words: [UInt16]) { words.withUnsafeBytes { hash.update(data: $0) } }
    add([columns, rows].map { UInt16(truncatingIfNeeded: $0).littleEndian })
    for row in stride(from: 0, to: rows, by: 8) {
      add(stored.map(row * columns..<(row + 1) * columns) { UInt16(truncatingIfNeeded: $0).littleEndian })
    }
    return hash.finalize().hexadecimal
  }
}
