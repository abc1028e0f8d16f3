import Experiment
import Foundation
import Study
import Testing

// The code of the room's article, word for word.

struct ShareLearner: Learner {
  let settings: StudyProtocol
  let description = LearnerDescription(
    learner: "share", methods: ["The model predicts the share of high grade in the training part."])
  let summary = "the share of high grade"
  let notes: [String] = []
  let hardware = Hardware(processor: "any")

  func with(_ settings: StudyProtocol) -> any Learner { ShareLearner(settings: settings) }
  func prepare(
    _ examples: ExampleSet, sharing others: [any PreparedLearner], progress: (Int, Int) -> Void
  ) -> any PreparedLearner { Prepared() }

  struct Prepared: PreparedLearner {
    let workerKey = "share"
    func makeWorker() {}

    func fit(_ task: LearningTask, with worker: inout Void) -> any FittedModel {
      let high = task.training.count { task.examples.classes[$0] == .high }
      return Share(value: Double(high) / Double(task.training.count))
    }

    func load(from folder: URL, for task: LearningTask, with worker: inout Void) throws -> any FittedModel {
      try ModelFile.read(Share.self, from: folder)
    }
  }

  struct Share: FittedModel, Codable {
    let value: Double
    func probabilities(of examples: [Int]) -> [Double] { examples.map { _ in value } }
    func write(to folder: URL) throws { try ModelFile.write(self, to: folder) }
  }
}

@Suite struct ArticleTests {
  @Test func aLearnerOfOnesOwn() throws {
    let older = try OlderStudy()
    let study = try older.study
    var settings = try study.readProtocol()
    settings.inputs.examples = .patientFeatures
    settings.model = .init(learner: "share", settings: nil)
    (settings.network, settings.training, settings.sweep) = (nil, nil, nil)
    let registry = LearnerRegistry([
      LearnerKind("share", examples: [.slice, .patientFeatures]) { settings, _ in ShareLearner(settings: settings) }
    ])
    let validation = try CrossValidation(study, protocol: settings, learners: registry)
    let run = try validation.run { progress in print(progress) }
    let predictions = try PredictionTable.read(run.predictionsFile)
    let folds = try RunVerification(run, in: study, learners: registry).verify { _ in }
    #expect(predictions.count == 12 && predictions.allSatisfy { (0.3...0.7).contains($0.probability) })
    #expect(folds.allSatisfy { $0.largestDifference == 0 })
  }
}
