import Foundation
import Testing

@testable import Radiomics

@Suite("Places in the order of values")
struct OrderedValuesTests {
  private static let inputs: [String: [Double]] = {
    var generator = FixedGenerator(7)
    func values(_ count: Int, _ value: (Double) -> Double) -> [Double] {
      (0..<count).map { _ in value(Double.random(in: -1...1, using: &generator)) }
    }
    return [
      "one": [3], "two": [2, -2], "equal": [Double](repeating: 7, count: 300),
      "few levels": values(900) { ($0 * 3).rounded() },
      "noise": values(2000) { 100 * $0 }, "a long tail": values(1000) { exp(300 * $0) },
      "one far away": values(999) { $0 } + [1e300], "no finite range": values(500) { $0 * 1.7e308 },
      "hardly any range": values(500) { $0 * 1e-318 }, "signs of zero": values(200) { $0 < 0 ? -0.0 : 0 },
    ]
  }()

  @Test(arguments: inputs.keys.sorted())
  func everyPlaceIsThatOfSorting(_ name: String) throws {
    let values = try #require(Self.inputs[name])
    let ordered = OrderedValues(values)
    let sorted = values.sorted()
    #expect((ordered.least, ordered.most) == (sorted[0], sorted[sorted.count - 1]))
    #expect(sorted.indices.allSatisfy { ordered[$0] == sorted[$0] })
    for percent in stride(from: 0.0, through: 100, by: 12.5) {
      let place = percent / 100 * Double(sorted.count - 1)
      let (below, above) = (sorted[Int(place)], sorted[Int(place.rounded(.up))])
      let expected = place == place.rounded() ? below : below + (place - place.rounded(.down)) * (above - below)
      #expect(ordered.percentile(percent) == expected)
    }
  }
}
