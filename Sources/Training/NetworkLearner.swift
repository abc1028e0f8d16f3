public import Backbones
public import Experiment
public import Foundation
import ROI
public import Study
import Synchronization
import Torch
import Support

/// The learner that is a network, trained by gradient descent: its frozen stages are run once, and the rest is fitted to them.
public struct NetworkLearner: Learner {
  /// What the protocol leaves to the machine and the person at it.
  public struct Options: Sendable {
    /// Weights for the protocol's backbone in a file of one's own; nil looks in `store`.
    public var weightsFile: URL?
    /// The backbone that the file is for, where protocols of other backbones, or without weights, are fitted beside it; nil takes it
    /// for every protocol.
    public var weightsBackbone: String?
    /// Where downloaded weights lie.
    public var store: WeightsStore
    /// What the frozen stages' output may take on disk, in bytes; past it, it is computed again for each batch.
    public var featureBudget: Int
    /// Whether a GPU is used where there is one.
    public var usesGPU: Bool

    /// What stored features may take by default: 16 GB.
    public static let usualFeatureBudget = 16_000_000_000

    /// Makes options; those not stated have the values that most users want.
    public init(
      weightsFile: URL? = nil, store: WeightsStore, featureBudget: Int = Self.usualFeatureBudget, usesGPU: Bool = true
    ) {
      self.weightsFile = weightsFile
      self.store = store
      self.featureBudget = featureBudget
      self.usesGPU = usesGPU
    }
  }

  /// The protocol, its precision resolved.
  public let settings: StudyProtocol
  /// What is trained, and from where.
  public let description: LearnerDescription
  /// Sentences on what differs from what the protocol asks.
  public let notes: [String]
  let options: Options
  /// What an example is to the network.
  let form: NetworkForm
  /// Where features are stored; nil where none are.
  let study: StudyFolder?
  let network: StudyProtocol.Network
  let training: StudyProtocol.Training
  let device: Device
  /// The network that was made to describe the learner, until somebody needs one.
  private let spare: SpareNetwork

  /// Makes the network and loads its weights.
  ///
  /// - Throws: `TrainingError` where ImageNet weights are asked for, are not there, and no substitute is stated; `StudyError` where
  ///   the protocol lacks a section.
  public init(_ study: StudyFolder, _ settings: StudyProtocol, _ options: Options) throws {
    try self.init(study, settings, options, form: .ofSlices(settings))
  }

  /// A learner that is to load what was trained by a protocol, wherever its study is; it needs no published weights.
  init(kept backbone: KeptBackbone, by settings: StudyProtocol, _ form: NetworkForm, usesGPU: Bool) throws {
    LibTorch.poolMemory()
    let initial = try InitialNetwork(kept: backbone, classes: form.classes, seed: settings.requireTraining().seed)
    try self.init(
      nil, settings, Options(store: WeightsStore(), usesGPU: usesGPU), form,
      spare: try SpareNetwork(initial, form, settings))
  }

  /// The same for examples of another form.
  init(_ study: StudyFolder?, _ settings: StudyProtocol, _ options: Options, form: NetworkForm) throws {
    // Before the network is made, which then lies there too.
    LibTorch.poolMemory()
    var options = options
    let asked = try settings.requireNetwork()
    if let meant = options.weightsBackbone, meant != asked.backbone || asked.initialisation == .scratch {
      options.weightsFile = nil
    }
    let initial = try InitialNetwork(
      asked, classes: form.classes, seed: settings.requireTraining().seed, options)
    try self.init(study, settings, options, form, spare: try SpareNetwork(initial, form, settings))
  }

  private init(
    _ study: StudyFolder?, _ settings: StudyProtocol, _ options: Options, _ form: NetworkForm, spare: SpareNetwork
  ) throws {
    device = LibTorch.device(usesGPU: options.usesGPU)
    var settings = spare.description.network?.replaced == nil ? settings : settings.withSubstitute
    var training = try settings.requireTraining()
    training.precision = training.precision.resolved(on: device)
    settings.training = training
    self.study = study
    self.settings = settings
    self.options = options
    self.form = form
    network = try settings.requireNetwork()
    self.training = training
    self.spare = spare
    description = spare.description
    notes = spare.notes
  }

  /// What differs from the protocol and, where slices are resampled, what of these examples is not seen as it is.
  public func notes(on examples: ExampleSet) -> [String] {
    guard let rois = examples.rois, let sampling = form.sampling else { return notes }
    return notes + (form.stacks(of: examples.examples, rois.entries)?.notes(sampling) ?? [])
  }

  /// The same learner by a protocol that differs in what is varied.
  public func with(_ settings: StudyProtocol) throws -> any Learner {
    guard settings.network == network, settings.training?.seed == training.seed, settings.inputs == self.settings.inputs
    else {
      return try NetworkLearner(study, settings, options, form: form)
    }
    return try NetworkLearner(study, settings, options, form, spare: spare)
  }

  /// Backbone, cut, batch size and epochs.
  public var summary: String {
    let cut = description.network?.frozenThrough.map { "frozen through \($0)" } ?? "all stages"
    let parts = [
      description.network?.backbone ?? network.backbone, cut, form.summary, "batch size \(training.batchSize)",
      "\(training.epochs) epochs",
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }

  /// The device, the processor and libtorch.
  public var hardware: Hardware { .ofLibTorch(on: device) }

  /// Where features are stored depends on what they may take, and the number type of their sums with it.
  public var conditions: [String] { ["features up to \(options.featureBudget) bytes"] }

  /// What the command line was given, as far as the bits depend on it.
  public var commandOptions: [String] {
    var given: [String] = []
    if options.weightsFile != nil { given.append("--weights WEIGHTS") }
    if options.featureBudget != Options.usualFeatureBudget {
      given.append("--feature-budget \(Double(options.featureBudget) / 1e9)")
    }
    if !options.usesGPU { given.append("--cpu") }
    return given
  }

  /// A GPU is kept busy by one.
  public var mostSideBySide: Int? { device == .cpu ? nil : 1 }

  /// Every epoch sees every training slice.
  public func work(trainingCount: Int) -> Int { trainingCount * training.epochs }

  /// Sets the number of threads of libtorch's operations.
  public func setThreadCount(_ count: Int) { LibTorch.setThreadCount(count) }

  /// What another network must have in common to serve as a worker.
  var workerKey: String {
    "\(spare.description) seed \(training.seed) on \(device)"
  }

  /// What a thread trains with: a network in its starting state, on the device.
  func makeWorker() throws -> NetworkWorker {
    let initial = try makeNetwork()
    return NetworkWorker(
      initial: initial, network: try form.network(on: initial.network, seed: training.seed))
  }

  /// A backbone in its starting state, on the device.
  func makeNetwork() throws -> InitialNetwork {
    let initial = try spare.take() ?? InitialNetwork(network, classes: form.classes, seed: training.seed, options)
    try LibTorch.setDeterministic(true)
    try initial.network.move(to: device, format: .channelsLast)
    return initial
  }

  /// Gives a network back, for the next one who needs it.
  func giveBack(_ initial: InitialNetwork) { spare.put(initial) }

  /// Stores the output of the frozen stages for all examples, where it pays and fits.
  public func prepare(
    _ examples: ExampleSet, sharing others: [any PreparedLearner], progress: (Int, Int) -> Void
  ) throws -> any PreparedLearner {
    guard let rois = examples.rois else {
      throw TrainingError("a network learns from slices, but the study's examples have none")
    }
    let initial = try makeNetwork()
    defer { giveBack(initial) }
    let stacks = form.stacks(of: examples.examples, rois.entries)
    let stages = try FrozenStages(self, initial, rois, stacks)
    let shared = others.lazy.compactMap { $0 as? PreparedNetwork }.first { $0.storeName == stages.storeName }
    let store = try shared?.store ?? stages.store(progress: progress)
    return PreparedNetwork(
      learner: self, rois: rois, stacks: stacks, storeName: stages.storeName, store: store)
  }
}

extension LearnerKind {
  /// A network, by options for all studies.
  public static func network(_ options: NetworkLearner.Options) -> LearnerKind {
    LearnerKind(
      StudyProtocol.Model.network, examples: [.slice],
      open: { try SliceModels($0, usesGPU: options.usesGPU) }
    ) { settings, study in
      try NetworkLearner(study, settings, options)
    }
  }
}

/// What a thread trains with, fold after fold.
struct NetworkWorker {
  /// The backbone, and where every fold starts from.
  let initial: InitialNetwork
  /// The network on that backbone which is trained: the backbone itself, where examples are slices.
  let network: any TrainedNetwork

  /// Takes what training has changed back to the starting weights.
  func reset() throws {
    try initial.reset()
    try network.reset()
  }
}

extension Hardware {
  /// By what libtorch computes on a device.
  static func ofLibTorch(on device: Device) -> Hardware {
    Hardware(
      device: "\(device)", capability: LibTorch.cpuCapability, threads: LibTorch.threadCount,
      processor: LibTorch.hardware(of: .cpu), gpu: device == .cpu ? nil : LibTorch.hardware(of: device),
      libtorch: LibTorch.version)
  }
}

/// A network that waits for the first thread that needs one: to make one takes longer than to hand it over.
final class SpareNetwork: Sendable {
  let description: LearnerDescription
  let notes: [String]

  /// A network that one thread at a time has.
  private struct Held: @unchecked Sendable {
    let initial: InitialNetwork
  }
  private let held: Mutex<Held?>

  init(_ initial: InitialNetwork, _ form: NetworkForm, _ settings: StudyProtocol) throws {
    let trained = try form.network(on: initial.network, seed: 0)
    description = LearnerDescription(
      learner: form.learner,
      network: .init(
        backbone: initial.backbone, weights: initial.weightsHash, frozenThrough: initial.frozenThrough,
        trainedParameters: trained.trainedParameters.reduce(0) { $0 + $1.tensor.count }, replaced: initial.replaced),
      methods: form.methods + NetworkInputs.methods(settings))
    notes = initial.notes
    held = Mutex(Held(initial: initial))
  }

  /// The network, if it is not in use.
  func take() -> InitialNetwork? {
    held.withLock { held in
      defer { held = nil }
      return held?.initial
    }
  }

  /// Takes back a network that is not in use elsewhere.
  func put(_ initial: InitialNetwork) {
    let given = Held(initial: initial)
    held.withLock { $0 = given }
  }
}
