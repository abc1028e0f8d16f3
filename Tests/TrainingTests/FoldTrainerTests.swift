import Backbones
import Foundation
import Study
import TestSupport
import Testing
import Torch

@testable import Training

/// Images of 3 x 40 x 40 of noise, brighter in every odd one; it keeps account of what was asked for.
private final class Images {
  private(set) var batches: [[Sample]] = []

  func batch(_ samples: [Sample]) throws -> Tensor {
    batches.append(samples)
    let images = try samples.map { sample in
      let shift = sample.index % 2 == 1 ? 0.7 : -0.7
      let image = try Tensor.normal([3, 40, 40], seed: UInt64(sample.index)) + shift
      return sample.isFlipped ? try image.flipped(2) : image
    }
    return try Tensor.stack(images, along: 0).to(.channelsLast)
  }
}

@Suite(.serialized) struct FoldTrainerTests {
  private let images = Images()
  private let labels = (0..<40).map { Int64($0 % 2) }
  private var settings: StudyProtocol.Training

  init() throws {
    settings = try demoProtocol().requireTraining()
    settings.epochs = 1
    settings.batchSize = 8
  }

  private struct Interruption: Error {}

  private struct Outcome: Equatable {
    var probabilities: [Double] = []
    var losses: [Double] = []
    var heldOutLosses: [Double] = []
    /// Epoch and slices done.
    var steps: [[Int]] = []
  }

  private func train(
    training: Range<Int> = 0..<24, heldOut: Range<Int> = 24..<40, fold: Int = 0, checkpoint: FoldCheckpoint? = nil,
    failingIn failure: Int? = nil
  ) throws -> Outcome {
    let network = try Backbone.make("resnet18", classes: 2, seed: 1)
    try network.move(to: .cpu, format: .channelsLast)
    let trainer = FoldTrainer(
      network: network, settings: settings, features: .computed(images.batch),
      examples: labels.enumerated().map { TrainingExample(groups: [[$0]], label: $1) }, device: .cpu,
      checkpoint: checkpoint)
    var outcome = Outcome()
    outcome.probabilities = try trainer.train(
      training: Array(training), heldOut: Array(heldOut), fold: fold,
      onStep: { epoch, done, _ in outcome.steps.append([epoch, done]) },
      onEpoch: { epoch, result in
        if epoch == failure { throw Interruption() }
        outcome.losses.append(result.loss)
        outcome.heldOutLosses.append(result.heldOutLoss)
      })
    return outcome
  }

  @Test mutating func aNetworkLearnsWhatIsThere() throws {
    settings.epochs = 8
    let outcome = try train()
    #expect(areaUnderCurve(outcome.probabilities, (24..<40).map { $0 % 2 == 1 }) > 0.98)
    #expect(outcome.losses.count == 8)
    #expect(outcome.losses[7] < 0.5 * outcome.losses[0])
  }

  @Test mutating func theSameSeedGivesTheSameBits() throws {
    settings.epochs = 2
    let first = try train()
    #expect(try train() == first)
    #expect(try train(fold: 1).losses != first.losses)
    settings.seed = 2
    #expect(try train().losses != first.losses)
  }

  @Test mutating func anInterruptedFoldGoesOnWithTheSameBits() throws {
    settings.epochs = 2
    let whole = try train(training: 0..<16)
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("fold.safetensors")
    let checkpoint = FoldCheckpoint(url: file, fold: 0)
    #expect(throws: Interruption.self) { try train(training: 0..<16, checkpoint: checkpoint, failingIn: 2) }
    try checkpoint.settle()
    #expect(try checkpoint.read().map { [$0.position.fold, $0.position.epoch] } == [0, 1])
    // Another fold begins anew.
    let network = try Backbone.make("resnet18", classes: 2, seed: 1)
    #expect(try FoldCheckpoint(url: file, fold: 1).restore(network, Adam(network.trainedParameters, .init())) == 0)
    // A damaged checkpoint is not one that is not there.
    let damaged = folder.url.appendingPathComponent("damaged.safetensors")
    try Data(contentsOf: file).prefix(100).write(to: damaged)
    let error = #expect(throws: TrainingError.self) {
      try FoldCheckpoint(url: damaged, fold: 0).restore(network, Adam(network.trainedParameters, .init()))
    }
    #expect(error?.description.contains("damaged.safetensors is damaged") == true)
    let rest = try train(training: 0..<16, checkpoint: checkpoint)
    #expect(rest.steps == [[2, 8], [2, 16]])
    #expect(rest.losses == [whole.losses[1]])
    #expect(rest.probabilities == whole.probabilities)
  }

  @Test mutating func stepsTakeTheProtocolsBatches() throws {
    settings.epochs = 2
    settings.batchSize = 5
    settings.flipProbability = 1
    let outcome = try train(training: 0..<12, heldOut: 24..<31)
    #expect(outcome.steps == [[1, 5], [1, 10], [1, 12], [2, 5], [2, 10], [2, 12]])
    let training = images.batches.filter { $0[0].index < 24 }
    let heldOut = images.batches.filter { $0[0].index >= 24 }
    #expect(training.map(\.count) == [5, 5, 2, 5, 5, 2])
    for epoch in [training.prefix(3), training.suffix(3)] {
      #expect(epoch.joined().map(\.index).sorted() == Array(0..<12))
    }
    #expect(training.joined().count { $0.isFlipped } == 24)
    // Held-out slices come in order and as they are, after each epoch.
    #expect(heldOut.count >= 4)
    for pair in stride(from: 0, to: heldOut.count, by: 2).map({ heldOut[$0..<min($0 + 2, heldOut.count)] }) {
      #expect(pair.map(\.count) == [5, 2])
      #expect(pair.joined().map(\.index) == Array(24..<31))
      #expect(pair.joined().count { $0.isFlipped } == 0)
    }
    #expect(outcome.probabilities.count == 7)
  }

  @Test mutating func theLossIsTheClassWeightedMean() throws {
    settings.highGradeWeight = 2.5
    // Batches of 8, 8 and 3 with uneven classes: a mean of the batches' means would be another number.
    let outcome = try train(heldOut: 21..<40)
    var (sum, weight) = (0.0, 0.0)
    for (index, probability) in zip(21..<40, outcome.probabilities) {
      let classWeight = index % 2 == 1 ? 2.5 : 1
      sum -= classWeight * log(index % 2 == 1 ? probability : 1 - probability)
      weight += classWeight
    }
    #expect(abs(outcome.heldOutLosses[0] - sum / weight) < 1e-5 * sum / weight)
  }

  @Test mutating func bfloat16RoundsAndDoesNotChangeTheResult() throws {
    settings.learningRate = 1e-12
    let exact = try train().probabilities
    settings.precision = .bfloat16
    let rounded = try train().probabilities
    let difference = zip(exact, rounded).map { abs($0 - $1) }.max() ?? 1
    #expect(difference > 1e-6)
    #expect(difference < 0.05)
  }

  @Test(arguments: [0..<24, 0..<8]) mutating func aLossThatIsNoNumberSaysWhatToDo(training: Range<Int>) throws {
    settings.learningRate = 1e30
    let error = #expect(throws: TrainingError.self) { try train(training: training) }
    #expect(error?.description.contains("fold 1, epoch 1") == true)
    #expect(error?.description.contains("training.learningRate") == true)
  }
}
