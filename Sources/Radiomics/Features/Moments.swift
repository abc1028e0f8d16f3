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
    for value in values {
      let off = value - mean
      let square = off * off
      second += square
      third += square * off
      fourth += square * square
      absolute += abs(off)
    }
    (second, third, fourth) = (second / count, third / count, fourth / count)
    let divisor = second == 0 ? 1 : second
    let (low, high) = (ordered.percentile(10), ordered.percentile(90))
    let middle = values.filter { $0 >= low && $0 <= high }
    let middleMean = middle.reduce(0, +) / Double(middle.count)
    self.mean = mean
    variance = second
    skewness = third / (divisor * divisor.squareRoot())
    kurtosis = fourth / (divisor * divisor)
    self.absolute = absolute / count
    robust = middle.reduce(0) { $0 + abs($1 - middleMean) } / Double(middle.count)
  }
}
