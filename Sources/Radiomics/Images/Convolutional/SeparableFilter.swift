/// A filter that is one filter along each of x, y and z, or of x and y only.
struct SeparableFilter: Sendable, Equatable {
  /// The taps along x, y and, in 3D, z; odd counts.
  let taps: [[Double]]

  /// Makes the filter; an even count of taps is followed by a 0.
  init(_ taps: [[Double]]) { self.taps = taps.map { $0.count % 2 == 0 ? $0 + [0] : $0 } }

  /// The image convolved along each axis.
  func response(to values: [Double], size: SIMD3<Int>, boundary: BoundaryCondition) -> [Double] {
    var result = values
    for (axis, taps) in taps.enumerated() {
      result = result.convolved(with: taps, along: axis, size: size, boundary: boundary)
    }
    return result
  }

  /// The filter with zeros between its taps, for the next level of a wavelet's decomposition (the algorithme à trous).
  var spread: SeparableFilter {
    SeparableFilter(taps.map { Array($0.map { [$0] }.joined(separator: [0])) })
  }

  /// The filter under a rotation by right angles.
  func rotated(_ rotation: RightAngleRotation) -> SeparableFilter {
    SeparableFilter(
      taps.indices.map { rotation.isFlipped[$0] ? taps[rotation.axes[$0]].reversed() : taps[rotation.axes[$0]] })
  }
}

/// One of the rotations that bring a grid's axes onto each other (IBSI 2, 2.5).
struct RightAngleRotation: Sendable {
  /// Which axis' filter comes to lie along each axis.
  let axes: [Int]
  /// Whether it is reversed there.
  let isFlipped: [Bool]

  /// The rotation that changes nothing.
  static func identity(dimensions: Int) -> RightAngleRotation {
    RightAngleRotation(axes: Array(0..<dimensions), isFlipped: Array(repeating: false, count: dimensions))
  }

  /// The 4 rotations of a slice, or the 24 of a volume.
  static func all(dimensions: Int) -> [RightAngleRotation] {
    let orders =
      dimensions == 2 ? [[0, 1], [1, 0]] : [[0, 1, 2], [1, 2, 0], [2, 0, 1], [1, 0, 2], [0, 2, 1], [2, 1, 0]]
    return orders.enumerated().flatMap { index, axes in
      let isOdd = index >= orders.count / 2
      return (0..<(1 << dimensions)).compactMap { bits in
        // An odd order of the axes is a rotation with an odd number of reversals only, and otherwise a reflection.
        (bits.nonzeroBitCount % 2 == 1) == isOdd
          ? RightAngleRotation(axes: axes, isFlipped: (0..<dimensions).map { bits >> $0 & 1 == 1 }) : nil
      }
    }
  }
}

/// How the responses of several orientations become one.
public enum Pooling: String, Codable, Sendable, CaseIterable {
  /// Their mean.
  case mean
  /// Their maximum.
  case max

  /// One response of several with the same count of values, at least one.
  func pooled(_ count: Int, _ response: (Int) -> [Double]) -> [Double] {
    var result = response(0)
    for index in 1..<Swift.max(1, count) {
      let next = response(index)
      switch self {
      case .mean: for place in result.indices { result[place] += next[place] }
      case .max: for place in result.indices { result[place] = Swift.max(result[place], next[place]) }
      }
    }
    if self == .mean { for place in result.indices { result[place] /= Double(count) } }
    return result
  }
}
