import Backbones
public import Experiment
import ROI
import Study
import Support
import Torch

/// What an example is to a network, and how its slices become one probability.
enum NetworkForm: Equatable, Sendable {
  /// A slice alone.
  case slice
  /// All slices of a lesion, pooled.
  case bag(BagNetwork.Pooling, fusion: StudyProtocol.Inputs.Fusion? = nil)
  /// All slices of a lesion as volumes, one for each series.
  case volume

  /// The learner's name in the registry.
  var learner: String {
    switch self {
    case .slice: StudyProtocol.Model.network
    case .bag: Self.bagLearner
    case .volume: Self.volumeLearner
    }
  }

  /// The name of the learner of bags.
  static let bagLearner = "bag"
  /// The name of the learner of volumes.
  static let volumeLearner = "volume"

  /// The form that a protocol asks for.
  init(_ settings: StudyProtocol) throws(StudyError) {
    switch settings.model.learner {
    case Self.bagLearner: self = try .ofBags(settings)
    case Self.volumeLearner: self = try .ofVolumes(settings)
    default: self = .slice
    }
  }

  /// The form by the settings of a protocol's learner of volumes, which has none.
  static func ofVolumes(_ settings: StudyProtocol) throws(StudyError) -> NetworkForm {
    try LearnerSettings(settings).allow()
    return .volume
  }

  /// The form by the settings of a protocol's learner of bags: `pooling`, `mean` (the usual) or `attention`.
  static func ofBags(_ settings: StudyProtocol) throws(StudyError) -> NetworkForm {
    let own = LearnerSettings(settings)
    try own.allow("pooling")
    return .bag(
      try own.choice("pooling", BagNetwork.Pooling.self) ?? .mean, fusion: settings.inputs.fusion)
  }

  /// The network that a fold trains, on a backbone that lies where it is to stay.
  func network(on backbone: Backbone, seed: UInt64) throws -> any TrainedNetwork {
    switch self {
    case .slice: backbone
    case .bag(let pooling, _): try BagNetwork(backbone, pooling, seed: seed)
    case .volume: try VolumeNetwork(backbone)
    }
  }

  /// The ROIs of an example, in the groups that are averaged first: by phase where phases are fused, by series where these are
  /// volumes, each alone elsewhere.
  ///
  /// `entries` are those that the ROIs' numbers are of.
  func groups(of example: Example, _ entries: [ROISet.Entry]) -> [[Int]] {
    switch self {
    case .slice, .bag(_, nil), .bag(_, .early): return example.rois.map { [$0] }
    case .bag(_, .late):
      // Where phases are fused, the protocol names them: no ROI is of an unknown phase.
      return Phase.allCases.map { wanted in example.rois.filter { entries[$0].phase == wanted } }
        .filter { !$0.isEmpty }
    case .volume:
      return Dictionary(grouping: example.rois) { entries[$0].series }.sorted { $0.key < $1.key }.map {
        $0.value.sorted { entries[$0].sliceOrdinal < entries[$1].sliceOrdinal }
      }
    }
  }

  /// What is done with the slices, in a few words; nil for slices alone.
  var summary: String? {
    switch self {
    case .slice: nil
    case .volume: "a lesion's slices as a volume"
    case .bag(.mean, let fusion): "mean over the \(Self.parts(fusion)) of a lesion"
    case .bag(.attention, let fusion): "gated attention over the \(Self.parts(fusion)) of a lesion"
    }
  }

  /// What is pooled.
  private static func parts(_ fusion: StudyProtocol.Inputs.Fusion?) -> String { fusion == .late ? "phases" : "slices" }

  /// The same in sentences for the Methods.
  var methods: [String] {
    switch self {
    case .slice: return []
    case .volume:
      return [
        "All outlined slices of a lesion were one example, which has one probability and one term in the loss; those of a series were "
          + "a volume, in their order. Slices without an outline were left out, and slice distances were not resampled.",
        "The frozen stages were applied to each slice. Every kernel larger than 1 x 1 of the trained stages was inflated to 3 slices: "
          + "at first the pretrained kernel in the middle slice, with zeros beside it (Girdhar et al. 2018). The number of slices was "
          + "never reduced before the mean over slices, rows and columns, which was passed to the last layer; of several series "
          + "the means were averaged. Volumes of different depths were batched without padding.",
      ]
    case .bag(let pooling, let fusion):
      let vectors =
        fusion != .late ? "Their mean" : "The mean of each phase's slices was taken, and the mean of the phases"
      let pooled =
        switch pooling {
        case .mean: vectors
        case .attention:
          "\(vectors), weighted by gated attention (Ilse et al. 2018, a hidden layer of 128 units, trained with the "
            + "network),"
        }
      return [
        "All outlined slices of a lesion were one example, which has one probability and one term in the loss.",
        "Each slice passed through the network up to the mean over all places of its last stage. \(pooled) was passed to the last "
          + "layer." + (fusion != .late ? "" : " Where a lesion lacked a phase, the others were pooled without it."),
      ]
    }
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
