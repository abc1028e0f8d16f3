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
  case bag(BagNetwork.Pooling)

  /// The learner's name in the registry.
  var learner: String {
    switch self {
    case .slice: StudyProtocol.Model.network
    case .bag: Self.bagLearner
    }
  }

  /// The name of the learner of bags.
  static let bagLearner = "bag"

  /// The form by the settings of a protocol's learner of bags: `pooling`, `mean` (the usual) or `attention`.
  static func ofBags(_ settings: StudyProtocol) throws(StudyError) -> NetworkForm {
    let own = LearnerSettings(settings)
    try own.allow("pooling")
    return .bag(try own.choice("pooling", BagNetwork.Pooling.self) ?? .mean)
  }

  /// The network that a fold trains, on a backbone that lies where it is to stay.
  func network(on backbone: Backbone, seed: UInt64) throws -> any TrainedNetwork {
    switch self {
    case .slice: backbone
    case .bag(let pooling): try BagNetwork(backbone, pooling, seed: seed)
    }
  }

  /// The ROIs of an example, in the groups that are pooled first.
  func groups(of example: Example) -> [[Int]] { example.rois.map { [$0] } }

  /// What is done with the slices, in a few words; nil for slices alone.
  var summary: String? {
    switch self {
    case .slice: nil
    case .bag(.mean): "mean over the slices of a lesion"
    case .bag(.attention): "gated attention over the slices of a lesion"
    }
  }

  /// The same in sentences for the Methods.
  var methods: [String] {
    switch self {
    case .slice: return []
    case .bag(let pooling):
      let pooled =
        switch pooling {
        case .mean: "Their mean"
        case .attention:
          "Their mean, weighted by gated attention (Ilse et al. 2018, a hidden layer of 128 units, trained with the network)"
        }
      return [
        "All outlined slices of a lesion were one example, which has one probability and one term in the loss.",
        "Each slice passed through the network up to the mean over all places of its last stage. \(pooled) over the lesion's slices "
          + "was passed to the last layer.",
      ]
    }
  }
}

extension LearnerKind {
  /// A network that learns from all slices of a lesion at once, by options for all studies.
  public static func bag(_ options: NetworkLearner.Options) -> LearnerKind {
    LearnerKind(NetworkForm.bagLearner, examples: [.bag]) { settings, study in
      try NetworkLearner(study, settings, options, form: .ofBags(settings))
    }
  }
}
