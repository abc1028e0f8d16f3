import Evaluation
import Foundation
import Experiment
import Study
import Support

/// The negative controls of a run, and the permutation test of its own probabilities.
public struct ControlAnalysis: Codable, Equatable, Sendable {
  /// One control.
  public struct Control: Codable, Equatable, Sendable {
    /// Its name, such as `shuffledLabels`.
    public let name: String
    /// What it is, in a few words.
    public let title: String
    /// What it shows.
    public let meaning: String
    /// Its result at each level, decided at the protocol's threshold; nil where its predictions can't be read.
    public let result: RunMetrics.Levels?
    /// Where the AUC of its patients' ranks within folds lies among those of labels permuted within the folds; of the
    /// control with permuted labels.
    public let place: Place?
    /// Why there is no result.
    public let note: String?
  }

  /// A place in a permutation distribution.
  public struct Place: Codable, Equatable, Sendable {
    /// The AUC of the ranks within folds.
    public let auc: Double?
    /// The share of permutations with a lower AUC, equal ones counting half; nil where it can't be determined.
    public let share: Double?
    /// The chance of a place as far to either side.
    public let test: StatedTest

    init(_ cases: LevelCases) {
      let folds = cases.folds(.patient)
      let finite = cases.patient.scores.indices.filter { cases.patient.scores[$0].isFinite }
      let found = Result { () throws(NotEstimable) in
        try PermutationTest.auc(
          cases.patient.ranked(within: folds).picked(finite), within: finite.map { folds[$0] })
      }
      let test = try? found.get()
      (auc, share) = (test?.observed, test?.place)
      self.test = StatedTest("permutation of the labels within the folds") { () throws(NotEstimable) in
        (try found.get().twoSidedPValue, nil)
      }
    }
  }

  /// The run's own result, decided at the protocol's threshold as the controls' are.
  public let run: RunMetrics.Levels
  /// The probability of such an AUC or a higher one if the labels were randomly permuted among the patients.
  public let permutation: StatedTest
  /// The controls; nil where none was run.
  public let controls: [Control]?

  /// The name of the control that splits slices instead of patients.
  public static let sliceLevelSplit = "sliceLevelSplit"
  /// The name of the control with permuted labels.
  public static let shuffledLabels = "shuffledLabels"

  init(_ content: RunContent) {
    let evaluation = content.settings.evaluation
    func levels(_ cases: LevelCases) -> RunMetrics.Levels {
      RunMetrics.Levels { LevelMetrics(cases[$0], threshold: evaluation.threshold) }
    }
    run = levels(content.cases)
    permutation = StatedTest("permutation of the labels among the patients") { () throws(NotEstimable) in
      (try PermutationTest.auc(content.cases.patient.finite).pValue, nil)
    }
    controls = content.controls?.map { record in
      do throws(StudyError) {
        let predictions = try PredictionTable.read(
          content.run.file(record.predictions, namedBy: content.run.controlsFile.lastPathComponent))
        let cases = LevelCases(predictions, evaluation)
        return Control(
          name: record.name, title: record.title, meaning: record.meaning, result: levels(cases),
          place: record.name == Self.shuffledLabels ? Place(cases) : nil, note: nil)
      } catch {
        return Control(
          name: record.name, title: record.title, meaning: record.meaning, result: nil, place: nil,
          note: "Its predictions cannot be read. \(error.description)")
      }
    }
  }
}
