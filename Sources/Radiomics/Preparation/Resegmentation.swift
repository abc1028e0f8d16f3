/// Removes voxels from a lesion's mask by their values (IBSI 1, 2.5).
public struct Resegmentation: Codable, Equatable, Sendable {
  /// The lowest value that stays, in HU; nil for no limit.
  public var lowest: Double?
  /// The highest value that stays, in HU; nil for no limit.
  public var highest: Double?
  /// How many standard deviations of the lesion's values one may lie from their mean; nil for any number.
  public var outlierSigmas: Double?

  /// Makes a resegmentation; both modes apply where both are given.
  public init(lowest: Double? = nil, highest: Double? = nil, outlierSigmas: Double? = nil) {
    self.lowest = lowest
    self.highest = highest
    self.outlierSigmas = outlierSigmas
  }

  /// Checks the parameters.
  ///
  /// - Throws: `RadiomicsError` that names the one that is wrong.
  public func check() throws(RadiomicsError) {
    if let lowest, let highest, !(lowest <= highest) {
      throw RadiomicsError(
        "resegmentation needs a lowest value that is at most the highest, found \(lowest) and \(highest) HU")
    }
    if let outlierSigmas, !(outlierSigmas > 0) {
      throw RadiomicsError("resegmentation needs `outlierSigmas` above 0, found \(outlierSigmas)")
    }
  }

  /// The lesion without the voxels that are out of range, and without outliers.
  ///
  /// - Throws: `RadiomicsError` where a parameter is wrong, or no more than one voxel remains, which has no texture.
  public func applied(to image: LesionImage) throws(RadiomicsError) -> LesionImage {
    try check()
    var result = image
    let (low, high) = (lowest ?? -.infinity, highest ?? .infinity)
    result.restrict(to: low, high)
    if let outlierSigmas {
      // Of the lesion as it was outlined: IBSI intersects the two modes' masks.
      let values = zip(image.values, image.mask).compactMap { $1 ? $0 : nil }
      let count = Double(max(values.count, 1))
      let mean = values.reduce(0, +) / count
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
      result.restrict(to: mean - outlierSigmas * deviation, mean + outlierSigmas * deviation)
    }
    let remaining = result.mask.count { $0 }
    guard remaining > 1 else {
      let all = image.mask.count { $0 }
      throw RadiomicsError(
        "resegmentation leaves \(remaining) of \(all) voxels, and features need at least 2; "
          + "widen the range or the outliers' limit"
      )
    }
    return result
  }
}

extension LesionImage {
  fileprivate mutating func restrict(to low: Double, _ high: Double) {
    for index in mask.indices where mask[index] && !(values[index] >= low && values[index] <= high) {
      mask[index] = false
    }
  }
}
