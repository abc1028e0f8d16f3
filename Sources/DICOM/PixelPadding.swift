/// Stored values that stand for no measurement, as outside of the circle that a scanner reconstructs: PixelPaddingValue and
/// PixelPaddingRangeLimit (PS3.3 section C.7.5.1.1.2).
struct PixelPadding: Equatable, Sendable {
  /// The stored values, both ends included.
  let range: ClosedRange<Int>

  /// What padding is taken for: air, unless it is darker.
  static let air = -1000.0

  /// Nil where the attribute is absent, empty or no whole number.
  ///
  /// Its VR must be US or SS, as PixelRepresentation says. Writers mix the two up, which changes the number but not its
  /// bits: these count.
  init?(_ dataSet: DataSet, isSigned: Bool) {
    guard let value = Self.stored(.pixelPaddingValue, dataSet, isSigned) else { return nil }
    let limit = Self.stored(.pixelPaddingRangeLimit, dataSet, isSigned) ?? value
    range = min(value, limit)...max(value, limit)
  }

  /// Whether the file states a padding value that is not understood.
  static func flaw(of dataSet: DataSet, isSigned: Bool) -> HeaderFlaw? {
    for tag in [DICOMTag.pixelPaddingValue, .pixelPaddingRangeLimit] {
      guard let element = dataSet.element(tag), !dataSet.value(of: element).trimmingPadding().isEmpty,
        stored(tag, dataSet, isSigned) == nil
      else { continue }
      return HeaderFlaw(tag, .unknown(expected: "a whole number of 16 bits"), found: dataSet.text(tag) ?? "bytes")
    }
    return nil
  }

  private static func stored(_ tag: DICOMTag, _ dataSet: DataSet, _ isSigned: Bool) -> Int? {
    guard let element = dataSet.element(tag) else { return nil }
    let bytes = Array(dataSet.value(of: element))
    let number: Int
    if element.vr.isCharacters || element.vr.number.map({ $0.width != 2 }) ?? false {
      guard let value = dataSet.integer(tag) else { return nil }
      number = value
    } else {
      guard bytes.count == 2 else { return nil }
      let (low, high) = dataSet.encoding.isBigEndian ? (bytes[1], bytes[0]) : (bytes[0], bytes[1])
      number = Int(high) << 8 | Int(low)
    }
    guard (Int(Int16.min)...Int(UInt16.max)).contains(number) else { return nil }
    let bits = UInt16(truncatingIfNeeded: number)
    return isSigned ? Int(Int16(bitPattern: bits)) : Int(bits)
  }

  /// By pixel whether it is padding; nil where none is, or where it is air as it stands.
  ///
  /// A value that tissue has, too, is padding only where it lies together with the image's border.
  func mask(
    of stored: StoredIntegers, columns: Int, rows: Int, slope: Double, intercept: Double
  ) -> [Bool]? {
    let ends = [range.lowerBound, range.upperBound].map { Double($0) * slope + intercept }
    guard let lowest = ends.min(), let highest = ends.max(), highest > Self.air else { return nil }
    // A value of more bits than count is found in the bits above them alone: without them it may be that of tissue.
    let isCounted = stored.holds(range)
    let mask = (isCounted ? stored : stored.withAllBits).map(0..<stored.count) { range.contains($0) }
    guard mask.contains(true) else { return nil }
    let canBeTissue = isCounted && lowest < 3072 && highest > -200
    return canBeTissue ? Self.connectedWithBorder(mask, columns: columns, rows: rows) : mask
  }

  /// The part of a mask from which a path of its pixels leads to the image's border, sideways or up and down.
  private static func connectedWithBorder(_ mask: [Bool], columns: Int, rows: Int) -> [Bool] {
    var result = [Bool](repeating: false, count: mask.count)
    var open: [Int] = []
    func visit(_ index: Int) {
      guard mask[index], !result[index] else { return }
      result[index] = true
      open.append(index)
    }
    for column in 0..<columns {
      visit(column)
      visit((rows - 1) * columns + column)
    }
    for row in 0..<rows {
      visit(row * columns)
      visit((row + 1) * columns - 1)
    }
    while let index = open.popLast() {
      let column = index % columns
      if column > 0 { visit(index - 1) }
      if column + 1 < columns { visit(index + 1) }
      if index >= columns { visit(index - columns) }
      if index + columns < mask.count { visit(index + columns) }
    }
    return result
  }
}

extension StoredIntegers {
  /// Whether all of these numbers can be stored in the bits that count.
  fileprivate func holds(_ range: ClosedRange<Int>) -> Bool {
    let bits = min(validBits, bitsAllocated, 32)
    let lowest = isSigned ? -(1 << (bits - 1)) : 0
    let highest = isSigned ? 1 << (bits - 1) - 1 : 1 << bits - 1
    return range.lowerBound >= lowest && range.upperBound <= highest
  }

  /// The same values with the bits above those that count.
  fileprivate var withAllBits: StoredIntegers {
    StoredIntegers(
      bytes: bytes, firstBit: firstBit, count: count, bitsAllocated: bitsAllocated, validBits: bitsAllocated,
      isSigned: isSigned)
  }
}
