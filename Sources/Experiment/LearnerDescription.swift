/// What a learner is, as far as its results depend on it: a part of a run's manifest.
public struct LearnerDescription: Codable, Equatable, Sendable {
  /// A network.
  public struct Network: Codable, Equatable, Sendable {
    /// The backbone's name in the registry.
    public var backbone: String
    /// SHA-256 of the file with the starting weights; nil where training starts from scratch.
    public var weights: String?
    /// The last frozen stage; nil where all is trained.
    public var frozenThrough: String?
    /// How many parameters are trained.
    public var trainedParameters: Int
    /// The backbone that the study's protocol asked for, where its substitute is trained; nil elsewhere.
    public var replaced: String?

    /// Makes a description from its parts.
    public init(
      backbone: String, weights: String?, frozenThrough: String?, trainedParameters: Int, replaced: String? = nil
    ) {
      self.backbone = backbone
      self.weights = weights
      self.frozenThrough = frozenThrough
      self.trainedParameters = trainedParameters
      self.replaced = replaced
    }
  }

  /// The learner's name in the registry.
  public var learner: String
  /// The network; nil where the learner has none.
  public var network: Network?
  /// The model and how it is fitted, in sentences for the Methods; none where the network's and the training's sections say it.
  public var methods: [String]

  /// Makes a description from its parts.
  public init(learner: String, network: Network? = nil, methods: [String] = []) {
    self.learner = learner
    self.network = network
    self.methods = methods
  }
}

/// By what a result was computed, as far as its bits depend on it.
public struct Hardware: Codable, Hashable, Sendable {
  /// Where models are fitted: `cpu`, `cuda:0`.
  public var device: String
  /// The processor's best instruction set that is used; nil where it does not matter.
  public var capability: String?
  /// The threads of one operation.
  public var threads: Int
  /// The processor: model, family and stepping.
  public var processor: String
  /// The GPU's name; nil where none is used.
  public var gpu: String?
  /// The version of libtorch; nil where it is not used.
  public var libtorch: String?

  /// Makes a description from its parts.
  public init(
    device: String = "cpu", capability: String? = nil, threads: Int = 1, processor: String, gpu: String? = nil,
    libtorch: String? = nil
  ) {
    self.device = device
    self.capability = capability
    self.threads = threads
    self.processor = processor
    self.gpu = gpu
    self.libtorch = libtorch
  }
}
