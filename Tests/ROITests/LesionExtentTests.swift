import Foundation
import Testing

@testable import ROI

@Suite struct LesionExtentTests {
  private func brute(_ points: [SIMD2<Double>]) -> Double {
    points.flatMap { first in points.map { (($0 - first) * ($0 - first)).sum().squareRoot() } }.max() ?? 0
  }

  @Test func theLargestDistanceIsThatOfAllPairs() {
    var generator = SystemRandomNumberGenerator()
    for count in [0, 1, 2, 3, 5, 40, 300] {
      for isOnGrid in [false, true] {
        let points = (0..<count).map { _ in
          let point = SIMD2(Double.random(in: -9...40, using: &generator), .random(in: 0...3, using: &generator))
          return isOnGrid ? point.rounded(.down) : point
        }
        #expect(abs(LesionExtent.largestDistance(points) - brute(points)) < 1e-12)
      }
    }
    // On a line, and all in one place.
    #expect(LesionExtent.largestDistance([[0, 0], [1, 1], [3, 3], [2, 2]]) == 18.0.squareRoot())
    #expect(LesionExtent.largestDistance([[4, 4], [4, 4], [4, 4]]) == 0)
  }
}
