import Foundation
import Testing
import Torch

@testable import Backbones

/// Five steps of Inception-v3, GoogLeNet and networks of volumes against torch: Tests/Reference/backbones_further.py.
@Suite struct TrainingParityTests {
  struct Golden: Decodable {
    let shape: [Int]
    /// Empty where every stage is trained.
    let frozenThrough: String
    let batches: [String]
    let losses: [Double]
    let logits: [Double]
    let gradients: [String: ParityTests.Summary]
    let after: [String: ParityTests.Summary]
  }

  struct Evaluation: Decodable {
    let shape: [Int]
    let batch: String
    let gradients: [String: ParityTests.Summary]
  }

  /// Rectangular kernels, joined branches and pools of every stage, with fixed statistics.
  @Test(arguments: ["inception_v3", "googlenet", "resnet50-inflated"])
  func gradientsOfAllStagesAgree(name: String) throws {
    let all = try JSONDecoder().decode([String: Evaluation].self, from: fixture("further-gradients.json"))
    let golden = try #require(all[name])
    let network = try Formula.network(name, classes: 2)
    let logits = try network(Formula.images(golden.batch, golden.shape), training: false)
    let targets = try Tensor([Int64]([0, 1].prefix(golden.shape[0])), shape: [golden.shape[0]])
    try logits.crossEntropy(targets, classWeights: Tensor([1, 2.5] as [Float], shape: [2])).backward()
    #expect(Set(network.trainedParameters.map(\.name)) == Set(golden.gradients.keys))
    for (name, parameter) in network.trainedParameters {
      let gradient = try #require(try parameter.gradient(), "\(name)")
      let difference = try #require(golden.gradients[name]).difference(from: gradient)
      #expect(difference < 1e-4, "gradient of \(name)")
    }
  }

  static let names = ["inception_v3", "googlenet", "resnet50-inflated", "r3d_18", "medicalnet-resnet10"]

  @Test(arguments: names)
  func fiveStepsAgree(name: String) throws {
    let all = try JSONDecoder().decode([String: Golden].self, from: fixture("further-training.json"))
    let golden = try #require(all[name])
    let network = try Formula.network(name, classes: 2)
    try network.freeze(through: golden.frozenThrough.isEmpty ? nil : golden.frozenThrough)
    let trained = network.trainedParameters
    #expect(Set(trained.map(\.name)) == Set(golden.gradients.keys))
    let optimiser = try Adam(trained, .init(learningRate: 1e-5, beta1: 0.8, weightDecay: 0.8))
    let targets = try Tensor([Int64]([0, 1, 0, 1, 0, 1, 0, 1].prefix(golden.shape[0])), shape: [golden.shape[0]])
    let classWeights = try Tensor([1, 2.5] as [Float], shape: [2])
    let stages = network.parts.stages.dropFirst(network.stages.firstIndex(of: golden.frozenThrough).map { $0 + 1 } ?? 0)
    for (step, batch) in golden.batches.enumerated() {
      // As in training, but for the classifier's dropout, which would draw differently on both sides.
      var features = try network.frozenPart(Formula.images(batch, golden.shape))
      for stage in stages { features = try stage.layer(features, training: true) }
      let logits = try network.parts.classifier(features, training: false)
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
  }
}
