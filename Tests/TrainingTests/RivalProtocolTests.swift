import Backbones
import Foundation
import Study
import Testing

@testable import Experiment
@testable import Training

/// The rivals' protocols name learners, backbones and stages that exist.
@Suite struct RivalProtocolTests {
  @Test func everyRivalNamesALearnerThatExists() throws {
    let network = NetworkLearner.Options(store: .init(cache: FileManager.default.temporaryDirectory))
    let single: [LearnerKind] = [
      .network(network), .bag(network), .volume(network), .logisticRegression, .singleVariable, .classical,
    ]
    let kinds = single + [.stacked(LearnerRegistry(single))]
    for rival in try RivalProtocols.read() {
      guard let kind = kinds.first(where: { $0.name == rival.model.learner }) else {
        Issue.record("\(rival.name) names the learner \(rival.model.learner), which there is none of")
        continue
      }
      #expect(kind.examples.contains(rival.inputs.examples), "\(rival.name)")
      #expect(rival.network == nil || rival.training != nil, "\(rival.name)")
      if rival.network != nil { _ = try NetworkForm(rival) }
    }
  }

  @Test func everyBackboneCanBeCutWhereARivalCutsIt() throws {
    let cuts = Set(
      try RivalProtocols.read().compactMap(\.network).flatMap { network in
        [[network.backbone, network.frozenThrough ?? ""]]
          + (network.substitute.map { [[$0.backbone, $0.frozenThrough]] } ?? [])
      })
    #expect(cuts.count >= 4)
    for cut in cuts.sorted(by: { $0[0] < $1[0] }) {
      let backbone = try Backbone.make(cut[0], classes: 2, seed: 1)
      #expect(throws: Never.self, "\(cut)") { try backbone.freeze(through: cut[1]) }
    }
  }
}
