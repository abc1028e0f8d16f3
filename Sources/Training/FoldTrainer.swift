import Experiment
import Foundation
import Study
import Torch

/// Trains the unfrozen part of a network on one fold and predicts the examples that the fold holds out.
struct FoldTrainer {
  let network: any TrainedNetwork
  let settings: StudyProtocol.Training
  let features: FeatureSource
  /// All examples, of which a fold takes some.
  let examples: [TrainingExample]
  let device: Device
  /// Where training goes on from and what it leaves after each epoch; nil keeps nothing.
  var checkpoint: FoldCheckpoint?
  /// How phases are left out in training; nil leaves out none.
  var phaseDropout: PhaseDropout?

  /// What a finished epoch gave.
  struct EpochResult {
    let loss: Double
    let heldOutLoss: Double
    let imagesPerSecond: Double
    let seconds: Double
  }

  /// Trains for the protocol's epochs.
  ///
  /// - Parameters:
  ///   - training: the examples to train on, by their numbers.
  ///   - heldOut: the examples to predict.
  ///   - fold: the fold's number, from 0; with the protocol's seed it decides order and flips.
  ///   - onResume: told how many whole epochs were done before, according to the checkpoint.
  ///   - onStep: told after each step the epoch (from 1), the examples done in it, and the mean loss so far;
  ///     on a GPU, which asking would hold up, that of the epoch before.
  ///   - onEpoch: told after each epoch, and what it gave.
  /// - Returns: the probability of high grade for each held-out example, in the order given.
  /// - Throws: `TrainingError` where a loss is not a finite number; `TorchError`; what the callbacks throw.
  func train(
    training: [Int], heldOut: [Int], fold: Int, onResume: (Int) throws -> Void = { _ in },
    onStep: (Int, Int, @escaping () throws -> Double?) throws -> Void,
    onEpoch: (Int, EpochResult) throws -> Void
  ) throws -> [Double] {
    let optimiser = try Adam(
      network.trainedParameters,
      Adam.Settings(
        learningRate: settings.learningRate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
        weightDecay: settings.weightDecay, decoupled: settings.decay == .decoupled))
    let classWeights = try classWeights()
    try optimiser.stepDuringBackward()
    let finishedEpochs = try checkpoint?.restore(network, optimiser) ?? 0
    try onResume(finishedEpochs)
    // Where it is stopped, what is on its way to the disk arrives.
    defer { try? checkpoint?.settle() }
    let sliceCount = training.reduce(0) { $0 + examples[$1].sliceCount }
    var latest: [Double]?
    var lossBefore: Double?
    for epoch in (finishedEpochs + 1)..<(settings.epochs + 1) {
      let start = ContinuousClock.now
      try LibTorch.seed(settings.seed ^ BatchPlan.stream(fold: fold, epoch: epoch))
      let plan = BatchPlan.training(
        training, batchSize: settings.batchSize, flipProbability: settings.flipProbability,
        phaseDropout: phaseDropout, seed: settings.seed, fold: fold, epoch: epoch)
      let sum = try LossSum(settings, device)
      var done = 0
      let loader = BatchLoader(plan, features, examples, device: device)
      while let batch = try loader.next() {
        let loss = try forward(batch, training: true).crossEntropy(batch.targets, classWeights: classWeights)
        try loss.backward()
        try sum.add(loss, batch.examples.map { examples[$0].label })
        done += batch.examples.count
        let before = lossBefore
        try onStep(epoch, done) { device == .cpu ? try sum.mean() : before }
      }
      let trainingLoss = try sum.mean()
      lossBefore = trainingLoss
      let trained = start.duration(to: .now).seconds
      // Prediction takes blocks of other sizes: what the steps have left free, and what it leaves itself, goes back.
      LibTorch.trimMemory()
      let (probabilities, heldOutLoss) = try evaluate(heldOut, classWeights)
      LibTorch.trimMemory()
      guard trainingLoss.isFinite, heldOutLoss.isFinite else {
        throw TrainingError(
          "at batch size \(settings.batchSize), the loss of fold \(fold + 1), epoch \(epoch) is not a finite number; lower "
            + "training.learningRate, or use a larger training.batchSize or roi.outputSize")
      }
      try onEpoch(
        epoch,
        EpochResult(
          loss: trainingLoss, heldOutLoss: heldOutLoss, imagesPerSecond: Double(sliceCount) / max(trained, 1e-9),
          seconds: start.duration(to: .now).seconds))
      // After the last one the fold's network and predictions are written at once; killed before, that epoch is done again.
      if epoch < settings.epochs { try checkpoint?.save(network, optimiser, epoch: epoch) }
      latest = probabilities
    }
    try checkpoint?.settle()
    return try latest ?? evaluate(heldOut, classWeights).probabilities
  }

  /// The probability of high grade for each of some examples, by the network as it is.
  func probabilities(of indices: [Int]) throws -> [Double] { try evaluate(indices, classWeights()).probabilities }

  /// What `body` gives for each of some examples in prediction, batch by batch.
  func eachBatch<Result>(of indices: [Int], _ body: (Batch) throws(TorchError) -> [Result]) throws -> [Result] {
    let loader = BatchLoader(
      BatchPlan.heldOut(indices, batchSize: settings.batchSize), features, examples, device: device)
    var results: [Result] = []
    while let batch = try loader.next() {
      results += try withAutocast(settings.precision.dtype, on: device) { () throws(TorchError) in try body(batch) }
    }
    return results
  }

  private func classWeights() throws -> Tensor {
    try Tensor([1, Float(settings.highGradeWeight)], shape: [2], device: device)
  }

  private func forward(_ batch: Batch, training: Bool) throws -> Tensor {
    let logits = try withAutocast(settings.precision.dtype, on: device) { () throws(TorchError) in
      training
        ? try network.logits(batch, training: true)
        : try withoutGradient { () throws(TorchError) in try network.logits(batch, training: false) }
    }
    return try logits.to(.float32)
  }

  private func evaluate(_ indices: [Int], _ classWeights: Tensor) throws -> (probabilities: [Double], loss: Double) {
    var probabilities: [Tensor] = []
    let sum = try LossSum(settings, device)
    let plan = BatchPlan.heldOut(indices, batchSize: settings.batchSize)
    let loader = BatchLoader(plan, features, examples, device: device)
    while let batch = try loader.next() {
      let logits = try forward(batch, training: false)
      try sum.add(
        try logits.crossEntropy(batch.targets, classWeights: classWeights), batch.examples.map { examples[$0].label })
      probabilities.append(try logits.softmax(1).narrowed(1, start: 1, length: 1))
    }
    let all = try Tensor.concatenate(probabilities, along: 0).floats()
    return (all.map(Double.init), try sum.mean())
  }
}

/// The mean of a weighted cross-entropy over batches, gathered on the device so that a step waits for nothing.
private final class LossSum {
  private let total: Tensor
  private let highGradeWeight: Double
  private var weight = 0.0

  init(_ settings: StudyProtocol.Training, _ device: Device) throws {
    total = try Tensor.zeros([], device: device)
    highGradeWeight = settings.highGradeWeight
  }

  /// Adds a batch's loss, which PyTorch divides by the batch's summed class weights.
  func add(_ loss: Tensor, _ labels: [Int64]) throws {
    let batchWeight = labels.reduce(0) { $0 + ($1 == 1 ? highGradeWeight : 1) }
    try total.add(loss.detached(), times: batchWeight)
    weight += batchWeight
  }

  func mean() throws -> Double { try total.item() / max(weight, .leastNormalMagnitude) }
}

extension StudyProtocol.Training.Precision {
  /// The number type that is used on a device.
  func resolved(on device: Device) -> Self {
    guard self == .automatic else { return self }
    return LibTorch.hasFastBFloat16(on: device) ? .bfloat16 : .float32
  }

  /// The element type of matrix products and convolutions, once it is resolved.
  var dtype: DType { self == .bfloat16 ? .bfloat16 : .float32 }
}
