/// Mean and central moments of values.
struct Moments {
  let mean: Double
  let variance: Double
  /// 0 where all values are equal.
  let skewness: Double
  /// 3 for a normal distribution; 0 where all values are equal.
  let kurtosis: Double
  /// The mean distance from the mean.
  let absolute: Double
  /// The same of the values between the 10th and the 90th percentile.
  let robust: Double

  init(_ ordered: OrderedValues) {
    let values = ordered.values
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    var (second, third, fourth, absolute) = (0.0, 0.0, 0.0, 0.0)
    let (low, high) = (ordered.percentile(10), ordered.percentile(90))
    var (middleSum, middleCount) = (0.0, 0.0)
    for value in values {
      let isMiddle = value >= low && value <= high
      middleSum += isMiddle ? value : 0
      middleCount += isMiddle ? 1 : 0
      let off = value - mean
      let square = off * off
      second += square
      third += square * off
      fourth += square * square
      absolute += abs(off)
    }
    (second, third, fourth) = (second / count, third / count, fourth / count)
    let divisor = second == 0 ? 1 : second
    let middleMean = middleSum / middleCount
    self.mean = mean
    variance = second
    skewness = third / (divisor * divisor.squareRoot())
    kurtosis = fourth / (divisor * divisor)
    self.absolute = absolute / count
    robust = values.reduce(0) { $0 + ($1 >= low && $1 <= high ? abs($1 - middleMean) : 0) } / middleCount
  }
}
