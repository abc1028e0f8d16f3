import Dispatch
import Torch

/// Where the trained part of a network gets its input from.
enum FeatureSource {
  /// The frozen stages' output, computed once.
  case stored(FeatureStore)
  /// The frozen stages run again for every batch: if the store is disabled or would be too large, or nothing is frozen.
  case computed(([Sample]) throws -> Tensor)
}

/// What a step takes: the trained part's input and what is to be learnt from it.
struct Batch: Sendable {
  let samples: [Sample]
  /// N x C x H x W, channels-last.
  let input: Tensor
  /// N classes: 1 for high grade, 0 for low.
  let targets: Tensor
}

/// Gives batches in order; stored features are read, and sent to the device, while the batch before is computed with.
final class BatchLoader {
  private let plan: [[Sample]]
  private let features: FeatureSource
  /// 1 for high grade, 0 for low, by ROI.
  private let labels: [Int64]
  private let device: Device
  private let reader = DispatchQueue(label: "batches")
  private var position = 0
  private var ahead: Background<Batch>?

  init(_ plan: [[Sample]], _ features: FeatureSource, labels: [Int64], device: Device) {
    self.plan = plan
    self.features = features
    self.labels = labels
    self.device = device
  }

  /// The next batch; nil after the last one.
  func next() throws -> Batch? {
    guard position < plan.count else { return nil }
    let samples = plan[position]
    position += 1
    switch features {
    case .computed(let compute):
      return try Self.batch(samples, try compute(samples).to(device), labels, device)
    case .stored(let store):
      let current = ahead ?? read(samples, store)
      ahead = position < plan.count ? read(plan[position], store) : nil
      return try current.value()
    }
  }

  private func read(_ samples: [Sample], _ store: FeatureStore) -> Background<Batch> {
    Background(on: reader) { [labels, device] in
      try Self.batch(samples, try store.batch(samples, on: device), labels, device)
    }
  }

  private static func batch(
    _ samples: [Sample], _ input: Tensor, _ labels: [Int64], _ device: Device
  ) throws -> Batch {
    let targets = try samples.map { labels[$0.index] }.withUnsafeBytes {
      try Tensor(joining: [$0], shape: [samples.count], dtype: .int64, device: device)
    }
    return Batch(samples: samples, input: input, targets: targets)
  }
}
