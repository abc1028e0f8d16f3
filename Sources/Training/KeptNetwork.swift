import Backbones
import Torch

/// The network of one fold as its checkpoint holds it, for prediction alone.
///
/// Its weights are read from the file straight into the number type and memory format that they are used in.
struct KeptNetwork {
  /// What a network is built from besides its weights.
  struct Plan {
    let architecture: Architecture
    /// The last frozen stage; nil where all was trained.
    let frozenThrough: String?
    /// The number type of matrix products and convolutions.
    let dtype: DType
    let device: Device
  }

  private let frozen: [any Layer]
  private let trained: [any Layer]
  private let plan: Plan

  /// Builds a fold's network from its checkpoint.
  ///
  /// Where `first` is another fold's network with the same frozen stages, those are not read again, and only the trained
  /// part of this one may be run.
  /// - Throws: `TrainingError` where the checkpoint is not that of such a network.
  init(_ checkpoint: SafeTensorsFile, _ plan: Plan, sharing first: KeptNetwork? = nil) throws {
    self.plan = plan
    let shared = Dictionary((first?.frozen ?? []).flatMap(\.tensors).map { ($0.name, $0.tensor) }) { first, _ in first }
    let initialiser = Initialiser.taking { (name, shape) throws(TorchError) in
      if let tensor = shared[name] { return tensor }
      return try checkpoint.weight(name, shape, plan.dtype)
    }
    let parts = try plan.architecture.build(2, initialiser)
    let frozenCount = try parts.frozenCount(plan.frozenThrough)
    frozen = parts.stages.prefix(frozenCount).map(\.layer)
    trained = parts.stages.dropFirst(frozenCount).map(\.layer) + [parts.classifier]
    let tensors = (frozen + trained).flatMap(\.tensors)
    guard let stranger = checkpoint.names.subtracting(tensors.map(\.name)).min() else {
      for entry in tensors where shared[entry.name] == nil {
        // Biases and the parameters and statistics of normalisations are float32 in every precision.
        if entry.tensor.shape.count == 1 {
          try entry.tensor.copy(from: checkpoint.weight(entry.name, entry.tensor.shape, .float32))
        }
        if plan.device != .cpu { try entry.move(to: plan.device, format: .channelsLast) }
      }
      return
    }
    throw TrainingError("\(stranger) belongs to no part of \(plan.architecture.name)")
  }

  /// The names of the frozen stages' weights and statistics.
  var frozenNames: [String] { frozen.flatMap(\.tensors).map(\.name) }

  /// The output of the frozen stages for N x 3 x H x W images, as training stores it.
  func frozenPart(_ images: Tensor) throws(TorchError) -> Tensor {
    frozen.isEmpty ? images : try run(frozen, images).to(plan.dtype)
  }

  /// The probability of high grade for each of N inputs that `frozenPart` gave.
  func probabilities(_ features: Tensor) throws(TorchError) -> [Double] {
    let logits = try run(trained, features).to(.float32)
    return try logits.softmax(1).narrowed(1, start: 1, length: 1).floats().map(Double.init)
  }

  private func run(_ layers: [any Layer], _ input: Tensor) throws(TorchError) -> Tensor {
    try withoutGradient { () throws(TorchError) in
      try withAutocast(plan.dtype, on: plan.device) { () throws(TorchError) in
        var output = input
        for layer in layers { output = try layer(output, training: false) }
        return output
      }
    }
  }
}

extension SafeTensorsFile {
  fileprivate func weight(_ name: String, _ shape: [Int], _ dtype: DType) throws(TorchError) -> Tensor {
    do throws(CheckpointError) {
      return try tensor(name, shape: shape, dtype: dtype, isChannelsLast: shape.count >= 4)
    } catch {
      throw TorchError(error.reason)
    }
  }
}

extension Architecture.Parts {
  /// How many stages lie before the cut.
  fileprivate func frozenCount(_ frozenThrough: String?) throws(TrainingError) -> Int {
    guard let frozenThrough else { return 0 }
    guard let index = stages.firstIndex(where: { $0.name == frozenThrough }) else {
      throw TrainingError("there is no stage \(frozenThrough) to freeze through")
    }
    return index + 1
  }
}
