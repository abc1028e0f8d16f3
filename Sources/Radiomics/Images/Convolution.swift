/// What lies beyond an image's border (IBSI 2, 2.2).
public enum BoundaryCondition: String, Codable, Sendable, CaseIterable {
  /// Zeros.
  case zero
  /// The value of the border's voxel, on and on.
  case nearest
  /// The image again, from its other side.
  case periodic
  /// The image mirrored at the border's face, so that the border's voxel appears twice.
  case mirror

  /// The index at which a position finds its value; nil where that is 0.
  ///
  /// - Parameters:
  ///   - position: any integer; 0 is the first voxel.
  ///   - count: how many voxels there are, at least 1.
  /// - Returns: the index of a voxel.
  func source(of position: Int, count: Int) -> Int? {
    if position >= 0, position < count { return position }
    func remainder(_ divisor: Int) -> Int { (position % divisor + divisor) % divisor }
    switch self {
    case .zero: return nil
    case .nearest: return position < 0 ? 0 : count - 1
    case .periodic: return remainder(count)
    case .mirror:
      let place = remainder(2 * count)
      return place < count ? place : 2 * count - 1 - place
    }
  }
}

extension [Double] {
  /// The image convolved with a filter along one axis: at i the sum over j of taps[j] * image[i + n / 2 - j].
  ///
  /// The order of the sum is PyWavelets', so that rounding errors are the same: taps that reach beyond the far border
  /// come first, the innermost of them first, and then all others.
  ///
  /// - Parameters:
  ///   - taps: the filter, its n / 2-th of n taps on the voxel.
  ///   - axis: 0 for x, 1 for y, 2 for z.
  ///   - size: the image's size; x runs fastest.
  ///   - boundary: what lies beyond the border.
  /// - Returns: as many values as the image has.
  func convolved(
    with taps: [Double], along axis: Int, size: SIMD3<Int>, boundary: BoundaryCondition
  ) -> [Double] {
    [Double](unsafeUninitializedCapacity: count) { output, initialized in
      initialized = count
      convolve(with: taps, along: axis, size: size, boundary: boundary, to: output)
    }
  }

  /// As `convolved`, into an array of as many values.
  func convolve(
    with taps: [Double], along axis: Int, size: SIMD3<Int>, boundary: BoundaryCondition, into result: inout [Double]
  ) {
    result.withUnsafeMutableBufferPointer {
      convolve(with: taps, along: axis, size: size, boundary: boundary, to: $0)
    }
  }

  private func convolve(
    with taps: [Double], along axis: Int, size: SIMD3<Int>, boundary: BoundaryCondition,
    to output: UnsafeMutableBufferPointer<Double>
  ) {
    let length = size[axis]
    let centre = taps.count / 2
    // Where each tap of each voxel finds its value; -1 for 0.
    let sources = (-taps.count..<length + taps.count).map { boundary.source(of: $0, count: length) ?? -1 }
    func order(_ i: Int) -> [Int] {
      let beyond = Swift.max(0, i + centre - length + 1)
      return [Int]((0..<beyond).reversed()) + [Int](beyond..<Swift.max(beyond, taps.count))
    }
    withUnsafeBufferPointer { input in
      precondition(output.count == input.count, "a convolution has as many values as its image")
      guard let source = input.baseAddress, let target = output.baseAddress else { return }
      target.initialize(repeating: 0, count: input.count)
      if axis == 0 {
        // A row with its surroundings, so that each tap meets contiguous values.
        let inner = Swift.max(0, length - centre)
        let terms = taps.enumerated().map { (tap: $1, offset: taps.count + centre - $0) }
        let orders = (inner..<length).map(order)
        var row = [Double](repeating: 0, count: sources.count)
        row.withUnsafeMutableBufferPointer { row in
          guard let first = row.baseAddress else { return }
          for start in stride(from: 0, to: input.count, by: length) {
            for (place, index) in sources.enumerated() { first[place] = index < 0 ? 0 : source[start + index] }
            add(terms, of: first, to: target + start, inner)
            for i in inner..<length {
              for j in orders[i - inner] { target[start + i] += taps[j] * first[taps.count + centre - j + i] }
            }
          }
        }
        return
      }
      // Neighbours along y lie a row apart, along z a slice; pieces of those stay in the cache for all taps.
      let distance = axis == 1 ? size.x : size.x * size.y
      let piece = 256
      let terms = (0..<length).map { i in
        order(i).compactMap { j in
          let index = sources[taps.count + i + centre - j]
          return index < 0 ? nil : (tap: taps[j], offset: index * distance)
        }
      }
      for block in stride(from: 0, to: input.count, by: length * distance) {
        for i in 0..<length {
          for first in stride(from: 0, to: distance, by: piece) {
            let to = target + (block + i * distance + first)
            add(terms[i], of: source + (block + first), to: to, Swift.min(piece, distance - first))
          }
        }
      }
    }
  }
}

/// Adds multiples of contiguous values to others, one after the other; two at a time halve the traffic.
private func add(
  _ terms: [(tap: Double, offset: Int)], of source: UnsafePointer<Double>, to: UnsafeMutablePointer<Double>,
  _ count: Int
) {
  for index in stride(from: 0, to: terms.count - 1, by: 2) {
    let (first, second) = (terms[index].tap, terms[index + 1].tap)
    let (a, b) = (source + terms[index].offset, source + terms[index + 1].offset)
    // Not a `for`, which an unoptimised build runs ten times slower.
    var k = 0
    while k < count {
      to[k] = (to[k] + first * a[k]) + second * b[k]
      k += 1
    }
  }
  guard terms.count % 2 == 1, let last = terms.last else { return }
  let a = source + last.offset
  var k = 0
  while k < count {
    to[k] += last.tap * a[k]
    k += 1
  }
}
