import Foundation
import Testing
import Torch

@testable import Backbones

@Suite struct GradCAMTests {
  struct Golden: Decodable {
    /// Classes, inputs, (slices,) rows, columns.
    let shape: [Int]
    let maps: [Double]
    /// The shape of the input; nil for images of 96 x 128.
    let input: [Int]?
    /// The name of the images' formula; nil for `cam`.
    let images: String?
  }

  @Test(arguments: Backbone.names)
  func mapsAgreeWithHooksOfPyTorch(name: String) throws {
    let all = try ["grad-cam.json", "further-grad-cam.json"].compactMap {
      try JSONDecoder().decode([String: Golden].self, from: fixture($0))[name]
    }
    let golden = try #require(all.first, "neither backbones.py nor backbones_further.py has Grad-CAM for \(name)")
    let network = try Formula.network(name, classes: golden.shape[0])
    let images = try Formula.images(golden.images ?? "cam", golden.input ?? [golden.shape[1], 3, 96, 128])
    var found: [Float] = []
    for index in 0..<golden.shape[0] {
      let map = try network.gradCAM(images, of: index)
      #expect(map.shape == Array(golden.shape.dropFirst()))
      #expect(!map.requiresGradient)
      found += try map.floats()
    }
    #expect(golden.maps.contains { $0 > 0 } && golden.maps.contains { $0 == 0 })
    #expect(try relativeDifference(found, golden.maps) < 1e-4)
    for parameter in network.trainedParameters { #expect(try parameter.tensor.gradient() == nil, "\(parameter.name)") }
  }

  @Test func aNetworkThatLooksAtASquareHasItsMapThere() throws {
    let network = try Backbone.make("resnet18", classes: 2, seed: 1)
    try network.load(Brightness.weights(of: network), replacingHead: false)
    let (top, left, side) = (68, 100, 88)
    let pixels = (0..<3 * 224 * 224).map { index -> Float in
      let (row, column) = (index / 224 % 224, index % 224)
      return (top..<top + side).contains(row) && (left..<left + side).contains(column) ? 1 : 0
    }
    let images = try Tensor(pixels, shape: [1, 3, 224, 224])
    let map = try network.gradCAM(images, of: 1)
    #expect(map.shape == [1, 7, 7])
    let enlarged = try map.reshaped([1, 1, 7, 7]).resizedBilinearly(height: 224, width: 224).floats()
    let inside = enlarged.indices.filter {
      (top..<top + side).contains($0 / 224) && (left..<left + side).contains($0 % 224)
    }
    let energy = inside.reduce(0) { $0 + enlarged[$1] } / enlarged.reduce(0, +)
    // Cells of 32 pixels blur it; a map that says nothing would have 0.15.
    #expect(energy > 0.6)
    let peak = try #require(enlarged.indices.max { enlarged[$0] < enlarged[$1] })
    #expect(inside.contains(peak))

    // Nothing speaks for the other class, whose weights are zero.
    #expect(try network.gradCAM(images, of: 0).floats() == Array(repeating: 0, count: 49))
  }

  @Test func aClassThatDoesNotExistIsAnError() throws {
    let network = try Backbone.make("resnet18", classes: 2, seed: 1)
    let images = try Tensor.zeros([1, 3, 64, 64])
    #expect(throws: TorchError.self) { try network.gradCAM(images, of: 2) }
  }
}

/// Weights with which ResNet-18 passes the brightness of its input on, and nothing else: class 1 is how bright it is.
enum Brightness {
  static func weights(of network: Backbone) throws -> [String: Tensor] {
    var weights: [String: Tensor] = [:]
    for (name, tensor) in network.state {
      guard name == "fc.weight" || name == "fc.bias" || tensor.shape.count == 4 else {
        weights[name] = try tensor.copied()
        continue
      }
      var values = [Float](repeating: 0, count: tensor.count)
      switch name {
      case "conv1.weight": values.replaceSubrange(0..<147, with: Array(repeating: 1 / 147, count: 147))
      case "fc.weight": values[512] = 1
      // The shortcut passes the first channel; what is added to it is zero.
      case _ where name.hasSuffix("downsample.0.weight"): values[0] = 1
      default: break
      }
      weights[name] = try Tensor(values, shape: tensor.shape)
    }
    return weights
  }
}
