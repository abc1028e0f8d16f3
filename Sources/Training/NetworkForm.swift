import Backbones
public import Experiment
import ROI
import Study
import Support
import Torch

/// What an example is to a network, and how its slices become one probability.
struct NetworkForm: Equatable, Sendable {
  /// What passes through the backbone.
  enum Input: Equatable, Sendable {
    /// A slice alone.
    case slice
    /// All slices of a lesion, one by one.
    case bag
    /// All slices of a lesion as volumes, one for each series, by a backbone of images that is inflated.
    case volume
    /// The same, resampled along the normal for a backbone of volumes.
    case stack(SliceStack.Sampling)
  }

  let input: Input
  /// How the vectors of slices, volumes or phases are pooled.
  var pooling = BagNetwork.Pooling.mean
  /// The phases that are fused late, in the protocol's order; none where phases make no difference.
  var phases: [Phase] = []

  static let slice = NetworkForm(input: .slice)

  /// The learner's name in the registry.
  var learner: String {
    switch input {
    case .slice: StudyProtocol.Model.network
    case .bag: Self.bagLearner
    case .volume, .stack: Self.volumeLearner
    }
  }

  /// The name of the learner of bags.
  static let bagLearner = "bag"
  /// The name of the learner of volumes.
  static let volumeLearner = "volume"

  /// The number of outputs that the backbone's classifier has.
  var classes: Int { pooling == .perPhase ? 2 * phases.count : 2 }

  /// How slices are resampled; nil where they are not.
  var sampling: SliceStack.Sampling? { if case .stack(let sampling) = input { sampling } else { nil } }

  /// The network that a fold trains, on a backbone that lies where it is to stay.
  func network(on backbone: Backbone, seed: UInt64) throws -> any TrainedNetwork {
    switch input {
    case .slice: backbone
    case .bag, .stack: try BagNetwork(backbone, pooling, seed: seed)
    case .volume: try VolumeNetwork(backbone, pooling)
    }
  }

  /// The slices of an example in the groups that are averaged first, and by group the number of its phase where phases are fused late.
  ///
  /// A group is a phase's slices where phases are fused late, a series' slices in their order where these are volumes, and a slice
  /// elsewhere. `entries` are those that the ROIs' numbers are of.
  func groups(of example: Example, _ entries: [ROISet.Entry]) -> (groups: [[Int]], phases: [Int]) {
    let inOrder: ([Int]) -> [Int] = { $0.sorted { entries[$0].sliceOrdinal < entries[$1].sliceOrdinal } }
    let areVolumes = input != .slice && input != .bag
    guard phases.isEmpty else {
      let found = phases.enumerated().compactMap { number, phase -> (slices: [Int], phase: Int)? in
        let slices = example.rois.filter { entries[$0].phase == phase }
        return slices.isEmpty
          ? nil : (areVolumes ? PhaseChannels.largestSeries(of: slices, entries) : slices, number)
      }
      return (found.map(\.slices), found.map(\.phase))
    }
    guard areVolumes else { return (example.rois.map { [$0] }, []) }
    let series = Dictionary(grouping: example.rois) { entries[$0].series }.sorted { $0.key < $1.key }
    return (series.map { inOrder($0.value) }, [])
  }

  /// The stacks of some examples' groups; nil where slices are not resampled.
  func stacks(of examples: [Example], _ entries: [ROISet.Entry]) -> LesionStacks? {
    sampling.map { LesionStacks(examples.flatMap { groups(of: $0, entries).groups }, of: entries, $0) }
  }
}

// MARK: From a protocol

extension NetworkForm {
  /// The form that a protocol asks for.
  init(_ settings: StudyProtocol) throws {
    switch settings.model.learner {
    case Self.bagLearner: self = try .ofBags(settings)
    case Self.volumeLearner: self = try .ofVolumes(settings)
    default: self = try .ofSlices(settings)
    }
  }

  /// The form of a learner of slices.
  static func ofSlices(_ settings: StudyProtocol) throws -> NetworkForm {
    try requireImages(settings)
    return .slice
  }

  /// The form by the settings of a protocol's learner of volumes: of a backbone of volumes `planes` (16 if omitted) and `spacing` (5 mm
  /// if omitted), of another one none.
  static func ofVolumes(_ settings: StudyProtocol) throws -> NetworkForm {
    let own = LearnerSettings(settings)
    let phases = settings.latePhases
    let pooling: BagNetwork.Pooling = phases.isEmpty ? .mean : .perPhase
    let network = try settings.requireNetwork()
    guard try takesVolumes(network.backbone) else {
      try own.allow()
      try requireImages(settings)
      return NetworkForm(input: .volume, pooling: pooling, phases: phases)
    }
    try own.allow("planes", "spacing")
    if let substitute = network.substitute, try !takesVolumes(substitute.backbone) {
      throw StudyError(
        .invalidProtocol,
        "the protocol \(settings.name): network.substitute.backbone must take volumes as \(network.backbone) does, found "
          + "\(substitute.backbone); omit the substitute, or name another")
    }
    guard settings.inputs.fusion != .early, settings.inputs.neighbours == nil else {
      throw StudyError(
        .invalidProtocol,
        "the protocol \(settings.name): \(network.backbone) takes volumes of one grey channel, so inputs.fusion: early and "
          + "inputs.neighbours must be omitted; inputs.fusion: late is possible")
    }
    let sampling = SliceStack.Sampling(
      planes: try own.integer("planes", in: 1...256) ?? 16, spacing: try own.number("spacing", in: 0.5...50) ?? 5)
    return NetworkForm(input: .stack(sampling), pooling: pooling, phases: phases)
  }

  /// The form by the settings of a protocol's learner of bags: `pooling`, `mean` (if omitted), `attention` or, where phases are fused
  /// late, `perPhase`.
  static func ofBags(_ settings: StudyProtocol) throws -> NetworkForm {
    let own = LearnerSettings(settings)
    try own.allow("pooling")
    let pooling = try own.choice("pooling", BagNetwork.Pooling.self) ?? .mean
    guard pooling != .perPhase || !settings.latePhases.isEmpty else {
      throw StudyError(
        .invalidProtocol,
        "the protocol \(settings.name): model.settings.pooling may be perPhase only if inputs.fusion is late")
    }
    try requireImages(settings)
    return NetworkForm(input: .bag, pooling: pooling, phases: settings.latePhases)
  }

  private static func takesVolumes(_ backbone: String) throws -> Bool {
    try Architecture.named(backbone).preprocessing.kind == .volumes
  }

  /// Refuses a backbone of volumes where slices pass through it.
  private static func requireImages(_ settings: StudyProtocol) throws {
    let network = try settings.requireNetwork()
    for backbone in [network.backbone, network.substitute?.backbone].compactMap({ $0 }) where try takesVolumes(backbone)
    {
      let possible = Architecture.all.filter { $0.preprocessing.kind == .images }.map(\.name)
      throw StudyError(
        .invalidProtocol,
        "the protocol \(settings.name): network.backbone must be a network of images (\(possible.joined(separator: ", "))), found "
          + "\(backbone), which takes volumes: its learner is volume, with inputs.examples: volume")
    }
  }
}

extension StudyProtocol {
  /// The phases that are fused late; none elsewhere.
  fileprivate var latePhases: [Phase] { inputs.fusion == .late ? inputs.phases : [] }
}

// MARK: In words

extension NetworkForm {
  /// What is done with the slices, in a few words; nil for slices alone.
  var summary: String? {
    let phases = self.phases.isEmpty ? nil : "phases"
    let pooled =
      switch pooling {
      case .mean: "mean over the \(phases ?? "slices") of a lesion"
      case .attention: "gated attention over the \(phases ?? "slices") of a lesion"
      case .perPhase: "a last layer for each phase"
      }
    switch input {
    case .slice: return nil
    case .bag: return pooled
    case .volume: return "a lesion's slices as a volume" + (phases == nil ? "" : ", " + pooled)
    case .stack(let sampling):
      return "a lesion's slices as a volume of \(sampling.planes) planes at \(sampling.spacing) mm"
        + (phases == nil ? "" : ", " + pooled)
    }
  }

  /// The same in sentences for the Methods.
  var methods: [String] {
    switch input {
    case .slice: return []
    case .volume:
      return [
        "All outlined slices of a lesion were one example, which has one probability and one term in the loss; those of a series were "
          + "a volume, in their order. Slices without an outline were left out, and slice distances were not resampled.",
        "The frozen stages were applied to each slice. Every kernel larger than 1 x 1 of the trained stages was inflated to 3 slices: "
          + "at first the pretrained kernel in the middle slice, with zeros beside it (Girdhar et al. 2018). The number of slices was "
          + "never reduced before the mean over slices, rows and columns, which was passed to the last layer"
          + (phases.isEmpty ? "; of several series the means were averaged" : "")
          + ". Volumes of different depths were batched without padding.",
      ] + perPhase
    case .stack(let sampling):
      return [
        "All outlined slices of a lesion were one example, which has one probability and one term in the loss. Those of a series were "
          + "resampled along their normal to a volume of \(sampling.planes) planes \(sampling.spacing) mm apart about the middle of the "
          + "outlined extent, each blended linearly from the two outlined slices around it; planes beyond the extent were filled "
          + "with the window's lower edge. Each slice was cut in a box about its own outline, so the boxes of a volume follow the lesion.",
        "The volume passed through the network up to the mean over all places of its last stage, which was passed to the last layer"
          + (phases.isEmpty ? "; of several series the means were averaged." : "."),
      ] + perPhase
    case .bag:
      let vectors =
        phases.isEmpty ? "Their mean" : "The mean of each phase's slices was taken, and the mean of the phases"
      let pooled =
        switch pooling {
        case .mean: "\(vectors) was passed to the last layer."
        case .attention:
          "\(vectors), weighted by gated attention (Ilse et al. 2018, a hidden layer of 128 units, trained with the "
            + "network), was passed to the last layer."
        case .perPhase: "The mean of each phase's slices was taken."
        }
      let missing =
        phases.isEmpty || pooling == .perPhase
        ? "" : " Where a lesion lacked a phase, the others were pooled without it."
      return [
        "All outlined slices of a lesion were one example, which has one probability and one term in the loss.",
        "Each slice passed through the network up to the mean over all places of its last stage. \(pooled)\(missing)",
      ] + perPhase
    }
  }

  /// How phases with classifiers of their own are fused.
  private var perPhase: [String] {
    guard pooling == .perPhase else { return [] }
    let series =
      input == .bag ? "" : " Of several series of a phase the one with most outlined slices was used."
    return [
      "The phases (\(phases.map(\.name).joined(separator: ", "))) passed through the same network, and their vectors were joined before the "
        + "last layer, with zeros for a phase that a lesion lacked, and a weight for its presence (late fusion).\(series)"
    ]
  }
}

extension LearnerKind {
  /// A network that learns from all slices of a lesion as a volume, by options for all studies.
  public static func volume(_ options: NetworkLearner.Options) -> LearnerKind {
    LearnerKind(
      NetworkForm.volumeLearner, examples: [.volume],
      open: { try FormModels($0, .ofVolumes($0.settings), usesGPU: options.usesGPU) }
    ) { settings, study in
      try NetworkLearner(study, settings, options, form: .ofVolumes(settings))
    }
  }

  /// A network that learns from all slices of a lesion at once, by options for all studies.
  public static func bag(_ options: NetworkLearner.Options) -> LearnerKind {
    LearnerKind(
      NetworkForm.bagLearner, examples: [.bag],
      open: { try FormModels($0, .ofBags($0.settings), usesGPU: options.usesGPU) }
    ) { settings, study in
      try NetworkLearner(study, settings, options, form: .ofBags(settings))
    }
  }
}
