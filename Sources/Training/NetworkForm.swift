import Backbones
public import Experiment
import Study
import Support
import Torch

/// What an example is to a network, and how its slices become one probability.
enum NetworkForm: Equatable, Sendable {
  /// A slice alone.
  case slice
  /// All slices of a lesion, pooled.
  case bag(BagNetwork.Pooling, fusion: StudyProtocol.Inputs.Fusion? = nil)

  /// The learner's name in the registry.
  var learner: String {
    switch self {
    case .slice: StudyProtocol.Model.network
    case .bag: Self.bagLearner
    }
  }

  /// The name of the learner of bags.
  static let bagLearner = "bag"

  /// The form that a protocol asks for.
  init(_ settings: StudyProtocol) throws(StudyError) {
    self = settings.model.learner == Self.bagLearner ? try .ofBags(settings) : .slice
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
    }
  }

  /// The ROIs of an example, in the groups that are averaged first: by phase where phases are fused, each alone elsewhere.
  ///
  /// `phase` tells the phase of an ROI.
  func groups(of example: Example, _ phase: (Int) -> Phase?) -> [[Int]] {
    guard case .bag(_, .late) = self else { return example.rois.map { [$0] } }
    // Where phases are fused, the protocol names them: no ROI is of an unknown phase.
    return Phase.allCases.map { wanted in example.rois.filter { phase($0) == wanted } }.filter { !$0.isEmpty }
  }

  /// What is done with the slices, in a few words; nil for slices alone.
  var summary: String? {
    switch self {
    case .slice: nil
    case .bag(.mean, let fusion): "mean over the \(Self.parts(fusion)) of a lesion"
    case .bag(.attention, let fusion): "gated attention over the \(Self.parts(fusion)) of a lesion"
    }
  }

  /// What is pooled.
  private static func parts(_ fusion: StudyProtocol.Inputs.Fusion?) -> String { fusion == nil ? "slices" : "phases" }

  /// The same in sentences for the Methods.
  var methods: [String] {
    switch self {
    case .slice: return []
    case .bag(let pooling, let fusion):
      let vectors =
        fusion == nil ? "Their mean" : "The mean of each phase's slices was taken, and the mean of the phases"
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
          + "layer." + (fusion == nil ? "" : " Where a lesion lacked a phase, the others were pooled without it."),
      ]
    }
  }
}

extension LearnerKind {
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
