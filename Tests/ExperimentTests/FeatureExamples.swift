import Classifiers
import Foundation
import Study
import Support

@testable import Experiment

/// Patients with radiomics features and a table, drawn at random.
struct FeatureExamples {
  let set: ExampleSet

  /// Each third patient is high grade; the first feature differs between the classes by `signal` standard deviations, and so does
  /// the column `size`.
  ///
  /// `change` alters the values of a patient, by its number.
  init(
    patients: Int = 45, features: Int = 30, signal: Double = 2, seed: UInt64 = 1,
    change: (Int, inout [Double]) -> Void = { _, _ in }
  ) throws {
    var generator = DeterministicGenerator(seed: seed)
    func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &generator) } }
    var rows: [[Double]] = []
    var examples: [Example] = []
    for patient in 0..<patients {
      let isHigh = patient % 3 == 0
      var row = (0..<features).map { normal() + (isHigh && $0 == 0 ? signal : 0) }
      let size = 40 + 10 * (normal() + (isHigh ? signal : 0))
      change(patient, &row)
      rows.append(row)
      let code = "P\(patient)"
      examples.append(
        Example(
          patient: code, gradeClass: isHigh ? .high : .low,
          attributes: ["size": "\(size)", "sex": patient % 2 == 0 ? "f" : "m"],
          provenance: [Provenance(patient: code, exam: "", slice: "", pixelHash: "")]))
    }
    set = ExampleSet(
      kind: .patientFeatures, examples,
      features: try FeatureMatrix(names: (0..<features).map { "feature \($0)" }, rows: rows))
  }

  /// A task that holds out each fifth patient.
  func task(onStep: @escaping (LearningStep) throws -> Void = { _ in }) -> LearningTask {
    let numbers = Array(set.examples.indices)
    return LearningTask(
      examples: set, training: numbers.filter { $0 % 5 != 0 }, heldOut: numbers.filter { $0 % 5 == 0 }, fold: 0,
      checkpoint: URL(fileURLWithPath: "/nonexistent/checkpoint"), onStep: onStep)
  }

  /// Fits a learner to the task.
  func fit(_ learner: any Learner) throws -> any FittedModel {
    func fit<Prepared: PreparedLearner>(_ prepared: Prepared) throws -> any FittedModel {
      var worker = try prepared.makeWorker()
      return try prepared.fit(task(), with: &worker)
    }
    return try fit(learner.prepare(set, sharing: [], progress: { _, _ in }))
  }
}
