import Support
import Testing

@Suite("Quantiles")
struct QuantileTests {
  @Test("Values between order statistics are interpolated, as numpy.quantile does")
  func interpolation() {
    #expect(Quantile.value(0.25, ofSorted: [0, 1, 2, 3]) == 0.75)
    #expect(Quantile.value(1, ofSorted: [0, 1, 2, 3]) == 3)
    #expect(Quantile.value(0.5, ofSorted: [4]) == 4)
    // numpy.quantile([-1.5, 0.25, 3, 10, 10], [0.1, 0.3, 0.9])
    #expect(
      [0.1, 0.3, 0.9].map { Quantile.value($0, ofSorted: [-1.5, 0.25, 3, 10, 10]) }
        .elementsEqual([-0.8, 0.8, 10]) { abs($0 - $1) < 1e-15 })
  }

  @Test("At an order statistic, what is above it does not matter, even where the difference overflows")
  func orderStatistic() {
    let greatest = Double.greatestFiniteMagnitude
    #expect(Quantile.value(0, ofSorted: [-greatest, greatest]) == -greatest)
    #expect(Quantile.value(0.5, ofSorted: [-greatest, -greatest, greatest]) == -greatest)
  }
}
