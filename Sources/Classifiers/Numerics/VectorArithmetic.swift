/// The inner product of two vectors of `count` numbers, summed in eight parts: faster than one after the other, and in the
/// same order every time.
func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, count: Int) -> Double {
  let (left, right) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
  let stride = MemoryLayout<SIMD8<Double>>.stride
  var parts = SIMD8<Double>.zero
  let whole = count / 8
  for block in 0..<whole {
    parts +=
      left.loadUnaligned(fromByteOffset: block * stride, as: SIMD8<Double>.self)
      * right.loadUnaligned(fromByteOffset: block * stride, as: SIMD8<Double>.self)
  }
  var sum = parts.sum()
  for index in whole * 8..<count { sum += a[index] * b[index] }
  return sum
}

/// The inner product of two vectors of one length.
func dot(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count, "vectors of \(a.count) and \(b.count) numbers have no inner product")
  return dot(a, from: 0, b)
}

/// The inner product of a part of one vector with the whole of another.
func dot(_ a: [Double], from first: Int, _ b: [Double]) -> Double {
  precondition(first >= 0 && first + b.count <= a.count, "the vector ends before its part does")
  return a.withUnsafeBufferPointer { left in
    b.withUnsafeBufferPointer { right in
      guard let left = left.baseAddress, let right = right.baseAddress else { return 0 }
      return dot(left + first, right, count: b.count)
    }
  }
}

/// Adds a multiple of a vector to a part of another.
func add(_ source: [Double], times factor: Double, to target: inout [Double], from first: Int) {
  precondition(first >= 0 && first + source.count <= target.count, "the vector ends before its part does")
  source.withUnsafeBufferPointer { source in
    target.withUnsafeMutableBufferPointer { target in
      guard let from = source.baseAddress, let to = target.baseAddress else { return }
      for index in source.indices { to[first + index] += factor * from[index] }
    }
  }
}
