import Experiment
import Foundation
import Study
import Support
import Testing
import Torch

@testable import Experiment
@testable import Training

@Suite(.serialized) struct NearestNeighboursTests {
  private let synthetic: SyntheticStudy
  init() throws { synthetic = try SyntheticStudy() }

  private func settings(_ count: Double) -> StudyProtocol {
    var settings = synthetic.settings
    settings.model = .init(learner: "nearestNeighbours", settings: ["neighbours": .number(count)])
    return settings
  }

  private func learners() throws -> LearnerRegistry {
    let options = try synthetic.options().network
    return LearnerRegistry([.nearestNeighbours(options), .network(options)])
  }

  private func validation(_ settings: StudyProtocol) throws -> CrossValidation {
    try CrossValidation(synthetic.study, protocol: settings, learners: learners())
  }

  @Test func theNearestSlicesOfTheTrainingPartDecide() throws {
    let validation = try validation(settings(3))
    let run = try validation.run { _ in }
    let predictions = try PredictionTable.read(run.predictionsFile)
    #expect(predictions.count == 24)
    // Shares of three neighbours.
    #expect(predictions.allSatisfy { [0, 1.0 / 3, 2.0 / 3, 1].contains($0.probability) })
    // The classes of the study are as plain as bright and dark discs.
    #expect(areaUnderCurve(predictions.map(\.probability), predictions.map { $0.label == .high }) > 0.9)
    let manifest = try run.manifest()
    #expect(manifest.learner.learner == "nearestNeighbours" && manifest.learner.methods.count == 2)
    // With as many neighbours as there are, everybody has the share of the training part.
    let all = try PredictionTable.read(self.validation(settings(1000)).run { _ in }.predictionsFile)
    #expect(all.allSatisfy { $0.probability == 0.5 })
    // The same features serve the network.
    let passes = try FileManager.default.contentsOfDirectory(atPath: synthetic.study.featuresFolder.path)
    _ = try CrossValidation(synthetic.study, protocol: synthetic.settings, options: synthetic.options()).run { _ in }
    #expect(try FileManager.default.contentsOfDirectory(atPath: synthetic.study.featuresFolder.path) == passes)
  }

  @Test func runsFollowFromTheirModels() throws {
    for settings in [settings(3), synthetic.settings] {
      let run = try validation(settings).run { _ in }
      let verification = try RunVerification(run, in: synthetic.study, learners: learners())
      #expect(try verification.verify { _ in }.allSatisfy { $0.largestDifference == 0 })
      // The model of another fold is refused, by name.
      let model = settings.model.learner == "network" ? "model.safetensors" : "model.json"
      try FileManager.default.removeItem(at: run.foldFolder(1).appendingPathComponent(model))
      try FileManager.default.copyItem(
        at: run.foldFolder(0).appendingPathComponent(model), to: run.foldFolder(1).appendingPathComponent(model))
      let error = #expect(throws: (any Error).self) { try verification.verify { _ in } }
      #expect(error.map { "\($0)".contains("fold-2/\(model) does not fit") } == true)
    }
  }

  @Test func settingsAreChecked() throws {
    #expect(throws: StudyError.self) { try validation(settings(0)) }
    #expect(throws: StudyError.self) { try validation(settings(2.5)) }
    var other = settings(3)
    other.model.settings?["k"] = .number(3)
    #expect(throws: StudyError.self) { try validation(other) }
    other = settings(3)
    other.network?.frozenThrough = nil
    #expect(throws: TrainingError.self) { try validation(other) }
  }
}
