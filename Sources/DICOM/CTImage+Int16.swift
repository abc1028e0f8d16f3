extension CTImage {
  /// A slice in 16-bit integers, from which its HU follow exactly: value x slope + intercept.
  public struct Int16Values: Equatable, Sendable {
    /// Row by row: `rows` x `columns` values.
    public let values: [Int16]
    /// HU of one step.
    public let slope: Double
    /// HU of the value 0.
    public let intercept: Double
  }

  /// The slice in signed 16-bit integers; nil where they would not give the very HU of `values`.
  ///
  /// Stored values of unsigned 16 bits are moved by 32,768, which the intercept makes up for. Padding gets the value of air or, where
  /// no integer has its HU, the next one below.
  public func int16Values() -> Int16Values? {
    let integers = stored.map(0..<stored.count) { $0 }
    guard let lowest = integers.min(), let highest = integers.max() else { return nil }
    let range = Int(Int16.min)...Int(Int16.max)
    let shift = range.contains(lowest) && range.contains(highest) ? 0 : 1 << 15
    guard range.contains(lowest - shift), range.contains(highest - shift) else { return nil }
    let intercept = rescaleIntercept + rescaleSlope * Double(shift)
    let exact = values
    let air = ((PixelPadding.air - intercept) / rescaleSlope).rounded(rescaleSlope > 0 ? .down : .up)
    var result: [Int16] = []
    result.reserveCapacity(integers.count)
    for (index, integer) in integers.enumerated() {
      if let paddingMask, paddingMask[index] {
        let value = Double(integer) * rescaleSlope + rescaleIntercept
        guard let padding = value <= PixelPadding.air ? Int16(exactly: integer - shift) : Int16(exactly: air) else {
          return nil
        }
        result.append(padding)
      } else {
        let value = Int16(integer - shift)
        guard Float(Double(value) * rescaleSlope + intercept) == exact[index] else { return nil }
        result.append(value)
      }
    }
    return Int16Values(values: result, slope: rescaleSlope, intercept: intercept)
  }
}
