internal import Support

/// Finite values of which some places in their order are asked for, without sorting them all.
struct OrderedValues {
  /// The values in their own order; at least one.
  let values: [Double]
  /// The lowest value.
  let least: Double
  /// The highest value.
  let most: Double
  /// The values by bucket, from the lowest; within a bucket in any order.
  private var bucketed: [Double]
  /// Where each bucket begins in `bucketed`, and where the last one ends.
  private var starts: [Int]

  private static let bucketCount = 1024

  init(_ values: [Double]) {
    self.values = values
    var (least, most) = (values[0], values[0])
    for value in values {
      least = min(least, value)
      most = max(most, value)
    }
    (self.least, self.most) = (least, most)
    let scale = Double(Self.bucketCount - 1) / (most - least)
    var next = [Int](repeating: 0, count: Self.bucketCount + 1)
    var buckets: [UInt16] = []
    if values.count > 64, scale.isNormal {
      buckets = values.map { UInt16(truncatingIfNeeded: Int(($0 - least) * scale)) }
      for bucket in buckets { next[Int(bucket) + 1] += 1 }
    }
    // Buckets that would save little: few values, none but one, or most of them close together.
    guard let largest = next.max(), largest > 0, largest <= values.count / 2 else {
      bucketed = values.sorted()
      starts = Array(0...values.count)
      return
    }
    for bucket in 1...Self.bucketCount { next[bucket] += next[bucket - 1] }
    starts = next
    bucketed = values
    for (bucket, value) in zip(buckets, values) {
      bucketed[next[Int(bucket)]] = value
      next[Int(bucket)] += 1
    }
  }

  /// The value at a place in rising order, from 0.
  subscript(place: Int) -> Double {
    var (low, high) = (0, starts.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= place { low = middle } else { high = middle }
    }
    let bucket = bucketed[starts[low]..<starts[high]]
    return bucket.count == 1 ? bucket[place] : OrderedValues(Array(bucket))[place - starts[low]]
  }

  /// A percentile, between the two nearest values where it falls there (numpy's `linear`).
  func percentile(_ percent: Double) -> Double {
    Quantile.value(percent / 100, count: values.count) { self[$0] }
  }
}
