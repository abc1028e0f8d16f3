import Dispatch
import Torch

/// Where the trained part of a network gets its input from.
enum FeatureSource {
  /// The frozen stages' output, computed once.
  case stored(FeatureStore)
  /// The frozen stages run again for every batch: if the store is disabled or would be too large, or nothing is frozen.
  case computed(([Sample]) throws -> Tensor)

  /// The same, which keeps the output of every batch in memory: for networks that share their frozen stages and are asked the same.
  var kept: FeatureSource {
    guard case .computed(let compute) = self else { return self }
    var outputs: [[Sample]: Tensor] = [:]
    return .computed { samples in
      if let output = outputs[samples] { return output }
      let output = try compute(samples)
      outputs[samples] = output
      return output
    }
  }
}

/// An example as a network learns it.
struct TrainingExample: Sendable {
  /// Its ROIs, or the numbers of its stacks, in the groups that are pooled first; one group of one ROI where the example is a slice.
  let groups: [[Int]]
  /// By group the number of its phase, where phases are fused late; none elsewhere.
  var phases: [Int] = []
  /// 1 for high grade, 0 for low.
  let label: Int64

  /// How many ROIs it has.
  var sliceCount: Int { groups.reduce(0) { $0 + $1.count } }

  /// The example without the groups of the phases that are left out, a bit for each; where none would be left, all of it.
  func seen(without dropped: UInt8) -> TrainingExample {
    guard dropped != 0, !phases.isEmpty else { return self }
    let kept = phases.indices.filter { dropped >> phases[$0] & 1 == 0 }
    guard !kept.isEmpty else { return self }
    return TrainingExample(groups: kept.map { groups[$0] }, phases: kept.map { phases[$0] }, label: label)
  }
}

/// What a step takes: the trained part's input and what is to be learnt from it.
struct Batch: Sendable {
  /// The numbers of its examples.
  let examples: [Int]
  /// By example: how many slices each of its groups has.
  let groups: [[Int]]
  /// By example: the number of the phase of each of its groups; none where phases are not fused late.
  let phases: [[Int]]
  /// The examples' slices one after the other, N x C x H x W, or their volumes, N x C x D x H x W, channels-last.
  let input: Tensor
  /// By example its class: 1 for high grade, 0 for low.
  let targets: Tensor
}

/// Gives batches in order; stored features are read, and sent to the device, while the batch before is computed with.
final class BatchLoader {
  private let plan: [[Sample]]
  private let features: FeatureSource
  private let examples: [TrainingExample]
  private let device: Device
  private let reader = DispatchQueue(label: "batches")
  private var position = 0
  private var ahead: Background<Batch>?

  /// Takes batches of examples by their numbers in `examples`.
  init(_ plan: [[Sample]], _ features: FeatureSource, _ examples: [TrainingExample], device: Device) {
    self.plan = plan
    self.features = features
    self.examples = examples
    self.device = device
  }

  /// The next batch; nil after the last one.
  func next() throws -> Batch? {
    guard position < plan.count else { return nil }
    let samples = plan[position]
    position += 1
    switch features {
    case .computed(let compute):
      return try Self.batch(samples, examples, device) { try compute($0).to(device) }
    case .stored(let store):
      let current = ahead ?? read(samples, store)
      ahead = position < plan.count ? read(plan[position], store) : nil
      return try current.value()
    }
  }

  private func read(_ samples: [Sample], _ store: FeatureStore) -> Background<Batch> {
    Background(on: reader) { [examples, device] in
      try Self.batch(samples, examples, device) { try store.batch($0, on: device) }
    }
  }

  private static func batch(
    _ samples: [Sample], _ examples: [TrainingExample], _ device: Device, _ input: ([Sample]) throws -> Tensor
  ) throws -> Batch {
    let seen = samples.map { examples[$0.index].seen(without: $0.dropped) }
    let slices = zip(samples, seen).flatMap { sample, example in
      example.groups.joined().map { Sample(index: $0, isFlipped: sample.isFlipped, dropped: sample.dropped) }
    }
    let targets = try samples.map { examples[$0.index].label }.withUnsafeBytes {
      try Tensor(joining: [$0], shape: [samples.count], dtype: .int64, device: device)
    }
    return Batch(
      examples: samples.map(\.index), groups: seen.map { $0.groups.map(\.count) }, phases: seen.map(\.phases),
      input: try input(slices), targets: targets)
  }
}
