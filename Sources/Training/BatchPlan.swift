import Study
import Support

/// An example, or one of its slices, as a training step sees it.
struct Sample: Hashable, Sendable {
  /// The example's number, or the slice's in its `ROISet`.
  var index: Int
  /// Whether it is mirrored left to right.
  var isFlipped: Bool
  /// The phases that early fusion leaves out of it: a bit for each, that of the protocol's first phase the lowest.
  var dropped: UInt8 = 0
}

/// How phases are left out in training.
struct PhaseDropout: Sendable {
  /// The probability for each phase.
  let probability: Double
  /// The number of phases.
  let phaseCount: Int

  /// That of a protocol; nil where none is left out.
  init?(_ inputs: StudyProtocol.Inputs) {
    guard inputs.phaseDropoutProbability > 0 else { return nil }
    (probability, phaseCount) = (inputs.phaseDropoutProbability, inputs.phases.count)
  }

  /// The phases to leave out of an example.
  fileprivate func draw(using generator: inout DeterministicGenerator) -> UInt8 {
    (0..<phaseCount).reduce(0) { bits, phase in
      Double.random(in: 0..<1, using: &generator) < probability ? bits | 1 << phase : bits
    }
  }
}

/// The order and the flips of one epoch: a function of seed, fold and epoch alone, so that a run can go on from any epoch.
enum BatchPlan {
  /// The training batches of an epoch; the last one may be smaller, but an example that would be alone joins the batch before:
  /// batch normalisation learns nothing of use from one slice.
  ///
  /// `indices` are the examples of the fold's training part; an example is mirrored, with all its slices, with `flipProbability`,
  /// 0...1. Phases are left out by a stream of their own, so order and flips do not depend on them.
  static func training(
    _ indices: [Int], batchSize: Int, flipProbability: Double, phaseDropout: PhaseDropout? = nil, seed: UInt64,
    fold: Int, epoch: Int
  ) -> [[Sample]] {
    var generator = DeterministicGenerator(seed: seed, stream: stream(fold: fold, epoch: epoch))
    var samples = indices.shuffled(using: &generator).map { index in
      Sample(index: index, isFlipped: Double.random(in: 0..<1, using: &generator) < flipProbability)
    }
    if let phaseDropout {
      var generator = DeterministicGenerator(seed: seed, stream: 1 << 62 | stream(fold: fold, epoch: epoch))
      for index in samples.indices { samples[index].dropped = phaseDropout.draw(using: &generator) }
    }
    var result = batches(samples, batchSize)
    if batchSize > 1, result.count > 1, let last = result.last, last.count == 1 {
      result.removeLast()
      result[result.count - 1] += last
    }
    return result
  }

  /// The held-out batches: in order, as they are.
  static func heldOut(_ indices: [Int], batchSize: Int) -> [[Sample]] {
    batches(indices.map { Sample(index: $0, isFlipped: false) }, batchSize)
  }

  /// The number of the random stream of an epoch.
  static func stream(fold: Int, epoch: Int) -> UInt64 { UInt64(fold) << 32 | UInt64(epoch) }

  private static func batches(_ samples: [Sample], _ size: Int) -> [[Sample]] {
    stride(from: 0, to: samples.count, by: size).map { Array(samples[$0..<min($0 + size, samples.count)]) }
  }
}
