import Foundation
import Testing
import Torch

@testable import Backbones

/// The formula of `filled` in Tests/Reference/backbones.py: the same weights and inputs on both sides, bit for bit.
enum Formula {
  /// Numbers in -1..<1, exact in float32.
  private static func noise(_ name: String, _ count: Int) -> [Double] {
    let start = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    return (0..<count).map { index in
      var z = start &+ UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      z = z ^ (z >> 31)
      return Double(z >> 40) / 8_388_608 - 1
    }
  }

  /// A well-scaled value for every element of a parameter or statistic.
  static func filled(_ name: String, _ shape: [Int]) throws -> Tensor {
    let count = shape.reduce(1, *)
    // Kernels of volumes are many: they repeat 4,093 numbers.
    let period = shape.count == 5 ? min(count, 4093) : count
    let fanIn = Double(shape.dropFirst().reduce(1, *))
    let (offset, scale): (Double, Double) =
      switch shape.count {
      case 4, 5: (0, (6 / fanIn).squareRoot())
      case 2: (0, (1 / fanIn).squareRoot())
      default:
        name.hasSuffix("running_var") ? (1, 0.5) : name.hasSuffix(".weight") ? (0.6, 0.2) : (0, 0.1)
      }
    let values = noise(name, period).map { Float(offset + scale * $0) }
    let repeated = period == count ? values : repeatElement(values, count: count / period + 1).flatMap { $0 }
    return try Tensor(Array(repeated.prefix(count)), shape: shape)
  }

  static func images(_ name: String, _ shape: [Int]) throws -> Tensor {
    try Tensor(noise(name, shape.reduce(1, *)).map { Float($0) * 2 }, shape: shape)
  }

  /// A network with formula weights.
  static func network(_ name: String, classes: Int) throws -> Backbone {
    let network = try Backbone.make(name, classes: classes, seed: 1)
    let weights = try network.state.map { ($0.key, try filled($0.key, $0.value.shape)) }
    try network.load(Dictionary(uniqueKeysWithValues: weights), replacingHead: false)
    return network
  }
}

/// A file of Tests/BackbonesTests/Fixtures.
func fixture(_ name: String) throws -> Data {
  let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
  return try Data(contentsOf: url)
}

/// The largest difference of two lists, in units of the second's root mean square.
func relativeDifference(_ found: [Float], _ expected: [Double]) throws -> Double {
  try #require(found.count == expected.count)
  let scale = (expected.map { $0 * $0 }.reduce(0, +) / Double(expected.count)).squareRoot()
  let difference = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
  return difference.isFinite ? difference / scale : .infinity
}
