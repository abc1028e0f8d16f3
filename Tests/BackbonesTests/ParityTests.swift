import DICOM
import Foundation
import TestSupport
import Testing
import Torch

@testable import Backbones

/// Against torch and torchvision: the golden values of Tests/Reference/backbones.py.
@Suite struct ParityTests {
  struct Layout: Decodable {
    struct Entry: Decodable {
      let name: String
      let shape: [Int]

      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        name = try container.decode(String.self)
        shape = try container.decode([Int].self)
      }
    }

    let tensors: [Entry]
    /// The shape of the input; nil for two images of 64 x 96.
    let input: [Int]?
    let logits: [Double]
  }

  static func layout(_ name: String) throws -> Layout {
    for file in ["layouts.json", "further-layouts.json"] {
      if let found = try JSONDecoder().decode([String: Layout].self, from: fixture(file))[name] { return found }
    }
    return try #require(nil, "neither backbones.py nor backbones_further.py has golden values for \(name)")
  }

  @Test(arguments: Backbone.names)
  func namesAndShapesAreThePublishedOnes(name: String) throws {
    let file = try Architecture.named(name).published
    let network = try Backbone.make(name, classes: file.classes ?? 400, seed: 1)
    let published = try Self.layout(name).tensors.filter { !file.ignored.contains(where: $0.name.hasPrefix) }
    #expect(Set(network.state.keys) == Set(published.map(\.name)))
    for entry in published { #expect(network.state[entry.name]?.shape == entry.shape, "\(entry.name)") }
  }

  @Test(arguments: Backbone.names)
  func logitsAgree(name: String) throws {
    let network = try Formula.network(name, classes: 3)
    let golden = try Self.layout(name)
    let images = try Formula.images("input", golden.input ?? [2, 3, 64, 96])
    let logits = try withoutGradient { () throws(TorchError) in try network(images, training: false) }
    let difference = try relativeDifference(logits.floats(), golden.logits)
    #expect(difference < 1e-4)
  }

  struct Summary: Decodable {
    let norm: Double
    let samples: [Double]

    /// The relative difference: of the norms, or of the samples (root mean square, over the elements'), the larger one.
    func difference(from tensor: Tensor) throws -> Double {
      let elements = try tensor.floats().map(Double.init)
      let found = elements.map { $0 * $0 }.reduce(0, +).squareRoot()
      let squares = samples.indices.map { index in
        let difference = elements[index * (elements.count - 1) / (samples.count - 1)] - samples[index]
        return difference * difference
      }
      let difference = (squares.reduce(0, +) / Double(squares.count)).squareRoot()
      guard difference.isFinite else { return .infinity }
      return max(abs(found - norm) / norm, difference / (norm / Double(elements.count).squareRoot()))
    }
  }

  struct Training: Decodable {
    let trainedParameterCount: Int
    let losses: [Double]
    let logits: [Double]
    let gradients: [String: Summary]
    let after: [String: Summary]
    let change: [String: Summary]
  }

  /// The paper: ResNet-50, stem to layer2 frozen, Adam at 1e-5 with beta1 0.8 and coupled decay 0.8, class weight 2.5.
  @Test func fiveStepsOfThePaperAgree() throws {
    let golden = try JSONDecoder().decode(Training.self, from: fixture("resnet50-training.json"))
    let network = try Formula.network("resnet50", classes: 2)
    try network.freeze(through: "layer2")
    let trained = network.trainedParameters
    #expect(golden.trainedParameterCount == 22_067_202)
    #expect(network.trainedParameterCount == golden.trainedParameterCount)
    #expect(Set(trained.map(\.name)) == Set(golden.gradients.keys))

    let before = Dictionary(uniqueKeysWithValues: try trained.map { ($0.name, try $0.tensor.copied()) })
    let optimiser = try Adam(trained, .init(learningRate: 1e-5, beta1: 0.8, weightDecay: 0.8))
    let targets = try Tensor([0, 1, 0, 1] as [Int64], shape: [4])
    let classWeights = try Tensor([1, 2.5] as [Float], shape: [2])
    for (step, batch) in ["batch0.637", "batch1", "batch2", "batch3", "batch4"].enumerated() {
      let logits = try network(Formula.images(batch, [4, 3, 64, 64]), training: true)
      let loss = try logits.crossEntropy(targets, classWeights: classWeights)
      try optimiser.clearGradients()
      try loss.backward()
      if step == 0 {
        #expect(try relativeDifference(logits.floats(), golden.logits) < 1e-4)
        for (name, parameter) in trained {
          let gradient = try #require(try parameter.gradient(), "\(name)")
          let difference = try #require(golden.gradients[name]).difference(from: gradient)
          #expect(difference < 1e-4, "gradient of \(name)")
        }
      }
      try optimiser.step()
      #expect(abs(try loss.item() - golden.losses[step]) < 1e-4 * golden.losses[step], "loss of step \(step)")
    }
    for (name, tensor) in network.state {
      let difference = try #require(golden.after[name]).difference(from: tensor)
      #expect(difference < 1e-4, "\(name) after 5 steps")
    }
    // The steps are 1e-3 of the weights: their direction shows only here, to float32's precision of the weights. From the
    // second step on a batch may have an activation at a ReLU's corner.
    for (name, parameter) in trained {
      let change = try parameter - #require(before[name])
      let difference = try #require(golden.change[name]).difference(from: change.detached())
      #expect(difference < 3e-2, "change of \(name)")
    }
  }

  static let publishedWeights = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(".deps/weights/efficientnet-lite0-57934424.pth")

  static let weightsArePresent = FileManager.default.fileExists(atPath: publishedWeights.path)
  static let weightsAreMissing: Comment = "needs the published weights that scripts/setup unpacks into .deps/weights"

  /// The logits of the published EfficientNet-Lite0 for a slice of 128 x 128 values in 0...1.
  private func publishedLogits(_ values: [Float]) throws -> [Float] {
    let network = try Backbone.make("efficientnet-lite0", classes: 1000, seed: 1)
    try network.load(Checkpoint.read(Self.publishedWeights), replacingHead: false)
    let slice = try Tensor(values, shape: [1, 1, 128, 128]).resizedBilinearly(height: 224, width: 224)
    let preprocessing = network.preprocessing
    let channels = try zip(preprocessing.mean, preprocessing.standardDeviation).map { try (slice - $0) / $1 }
    return try network(Tensor.concatenate(channels, along: 1), training: false).floats()
  }

  private func goldenLogits(_ slice: String) throws -> [Double] {
    let golden = try JSONDecoder().decode([String: [Double]].self, from: fixture("efficientnet-lite0-published.json"))
    return try #require(golden[slice])
  }

  @Test(.enabled(if: weightsArePresent, weightsAreMissing))
  func publishedEfficientNetLite0AgreesOnASliceByFormula() throws {
    // `formula_slice` in Tests/Reference/backbones.py.
    let values = (0..<128 * 128).map { index in
      let (x, y) = (index % 128, index / 128)
      let distance = (x - 64) * (x - 64) + (y - 60) * (y - 60)
      return Float(distance < 2500 ? 220 - distance / 25 + (7 * x + 13 * y) % 17 : 90 + (5 * x + 3 * y) % 23) / 255
    }
    #expect(try relativeDifference(publishedLogits(values), goldenLogits("formula")) < 1e-4)
  }

  @Test(
    .enabled(if: weightsArePresent, weightsAreMissing), .enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func publishedEfficientNetLite0AgreesOnARealSlice() throws {
    // `real_slice` in Tests/Reference/backbones.py.
    let folder = try #require(SharedData.root).appendingPathComponent("real-ct")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    let image = try DICOMFile.image(at: folder.appendingPathComponent(names[10]))
    let crop = image.values(rows: 216..<344, columns: 296..<424)
    let values = crop.map { (hounsfield: Float) -> Float in (min(max(hounsfield, -160), 240) + 160) / 400 }
    #expect(try relativeDifference(publishedLogits(values), goldenLogits("real")) < 1e-4)
  }
}
