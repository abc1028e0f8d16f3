internal import CTorch

/// The optimiser Adam (Kingma and Ba 2015, arXiv:1412.6980), and AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101),
/// as `torch.optim` has them, by libtorch's fused kernels.
///
/// A parameter without a gradient is left alone in a step, as in PyTorch. Gradients are released by `clearGradients()`
/// and not set to zero: the next `backward()` then stores each instead of adding to it.
public final class Adam {
  /// The numbers of the method.
  public struct Settings: Equatable, Sendable {
    /// The step size.
    public var learningRate: Double
    /// The decay of the mean gradient; what the paper calls momentum.
    public var beta1: Double
    /// The decay of the mean squared gradient.
    public var beta2: Double
    /// Keeps the division finite.
    public var epsilon: Double
    /// The factor of the weights that is added to their gradient, or, where decoupled, taken from them.
    public var weightDecay: Double
    /// Whether the decay acts on the weights themselves (AdamW) and not through the gradient (Adam).
    public var decoupled: Bool

    /// Makes the settings; the defaults are PyTorch's.
    public init(
      learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
      weightDecay: Double = 0, decoupled: Bool = false
    ) {
      (self.learningRate, self.beta1, self.beta2) = (learningRate, beta1, beta2)
      (self.epsilon, self.weightDecay, self.decoupled) = (epsilon, weightDecay, decoupled)
    }
  }

  /// A parameter with what the method remembers of it.
  private final class Slot {
    let name: String
    let parameter: Tensor
    let firstMoment: Tensor
    let secondMoment: Tensor
    let step: Tensor
    var settings: Settings

    init(_ name: String, _ parameter: Tensor, _ settings: Settings) throws(TorchError) {
      self.name = name
      self.parameter = parameter
      self.settings = settings
      firstMoment = try parameter.zerosLike()
      secondMoment = try parameter.zerosLike()
      step = try .zeros([], device: parameter.device)
    }

    /// Changes the parameter where it has a gradient.
    func update() throws(TorchError) {
      guard let gradient = try parameter.gradient() else { return }
      try check(
        ct_fused_adam(
          parameter.handle, gradient.handle, firstMoment.handle, secondMoment.handle, step.handle,
          settings.learningRate, settings.beta1, settings.beta2, settings.weightDecay, settings.epsilon,
          settings.decoupled))
    }

    /// What `torch.optim.Adam` calls the three, in front of the parameter's name.
    var state: [(name: String, tensor: Tensor)] {
      [("exp_avg.\(name)", firstMoment), ("exp_avg_sq.\(name)", secondMoment), ("step.\(name)", step)]
    }
  }

  /// The numbers of the method; a schedule may change the learning rate between steps.
  public var settings: Settings {
    didSet { for slot in slots { slot.settings = settings } }
  }
  private let slots: [Slot]

  /// Makes an optimiser for parameters where they are now: move the network to its device and format first.
  public init(_ parameters: [(name: String, tensor: Tensor)], _ settings: Settings) throws(TorchError) {
    var slots: [Slot] = []
    for (name, tensor) in parameters { slots.append(try Slot(name, tensor, settings)) }
    self.slots = slots
    self.settings = settings
  }

  deinit { for slot in slots { ct_on_gradient(slot.parameter.handle, nil, nil) } }

  /// Changes every parameter that has a gradient.
  public func step() throws(TorchError) { for slot in slots { try slot.update() } }

  /// Forgets the gradients.
  public func clearGradients() throws(TorchError) {
    for slot in slots { try slot.parameter.clearGradient() }
  }

  /// Lets `backward()` itself do the steps from now on: each parameter is changed as soon as its gradient is whole, and the
  /// gradient is released, so that there is memory for one of them and not for all.
  ///
  /// The parameters get the same bits as by `step()` and `clearGradients()`, which are not called then.
  public func stepDuringBackward() throws(TorchError) {
    for slot in slots {
      let action: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
        guard let context else { return 0 }
        let slot = Unmanaged<Slot>.fromOpaque(context).takeUnretainedValue()
        do {
          try slot.update()
          try slot.parameter.clearGradient()
          return 0
        } catch {
          return 1  // libtorch has the message
        }
      }
      try check(ct_on_gradient(slot.parameter.handle, action, Unmanaged.passUnretained(slot).toOpaque()))
    }
  }

  /// The live moments and step counts: `exp_avg.NAME`, `exp_avg_sq.NAME` and `step.NAME` of every parameter.
  public var state: [String: Tensor] {
    Dictionary(slots.flatMap(\.state).map { ($0.name, $0.tensor) }) { first, _ in first }
  }

  /// Overwrites the moments and step counts by saved ones, to resume.
  ///
  /// - Throws: `TorchError` that names the entry that is missing or has another shape; nothing is changed then.
  public func load(_ saved: [String: Tensor]) throws(TorchError) {
    let entries = slots.flatMap(\.state)
    for (name, tensor) in entries {
      guard let entry = saved[name] else { throw TorchError("the optimiser's state has no \(name)") }
      guard entry.shape == tensor.shape else {
        throw TorchError("the optimiser's state \(name): expected shape \(tensor.shape), found \(entry.shape)")
      }
    }
    for (name, tensor) in entries {
      if let entry = saved[name] { try tensor.copy(from: entry) }
    }
  }
}
