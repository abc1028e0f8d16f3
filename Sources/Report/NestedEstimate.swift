import Foundation
import Study

/// `nested.json` of a run: the batch size of each fold, chosen without the patients that the fold holds out.
struct NestedEstimate: Decodable, Sendable {
  /// A batch size and what it gave; nil where that is undefined.
  struct Candidate: Decodable, Sendable {
    let batchSize: Int
    let auc: Double?
  }

  /// The choice for one fold, counted from 0.
  struct Choice: Decodable, Sendable {
    let fold: Int
    let batchSize: Int
    let inner: [Candidate]
  }

  /// What was chosen by, in words.
  let criterion: String
  let innerFolds: Int
  let choices: [Choice]
  /// The criterion on the outer folds' predictions.
  let auc: Double?
  /// The best of the sweep on the same folds; nil where it has not been made.
  let sweepBest: Candidate?

  /// Reads what `run` holds; nil where nothing was chosen.
  ///
  /// - Throws: `StudyError` of kind `.run` where the file is damaged.
  static func read(of run: Run) throws(StudyError) -> NestedEstimate? {
    let file = run.url.appendingPathComponent("nested.json")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try run.readJSON(NestedEstimate.self, from: file)
  }
}
