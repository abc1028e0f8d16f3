import Foundation
import Study
import Support

/// One fit: the model of a fold, learnt from the other folds' examples, and what it predicts of those held out.
///
/// A fold job is a pure function of this manifest, of the examples and the protocol whose hashes stand in it, and of the
/// starting weights that the learner's description names. It writes a folder of its own and takes no lock, so that jobs can run
/// side by side, on one machine or on several, and each is resumed by itself.
public struct FoldJob: Codable, Equatable, Sendable {
  /// The version of the layout.
  public private(set) var version = 1
  /// The version of RenalGrade.
  public var program: String
  /// The fold, from 0.
  public var fold: Int
  /// What is fitted.
  public var learner: LearnerDescription
  /// SHA-256 of the resolved protocol, as YAML.
  public var protocolHash: String
  /// The name of the crops' file, which holds their hash; nil where examples are made of none.
  public var rois: String?
  /// SHA-256 of the examples with their classes and folds.
  public var cohort: String
  /// How many examples are learnt from, and how many predicted.
  public var trainingCount, heldOutCount: Int
  /// By what it is computed.
  public var hardware: Hardware
  /// What else the bits depend on, such as where stored features end.
  public var conditions: [String]

  /// States a job.
  public init(
    fold: Int, learner: LearnerDescription, protocolHash: String, rois: String?, cohort: String, trainingCount: Int,
    heldOutCount: Int, hardware: Hardware, conditions: [String] = []
  ) {
    program = renalGradeVersion
    self.fold = fold
    self.learner = learner
    self.protocolHash = protocolHash
    self.rois = rois
    self.cohort = cohort
    self.trainingCount = trainingCount
    self.heldOutCount = heldOutCount
    self.hardware = hardware
    self.conditions = conditions
  }
}

/// The folder of a fold job, and how far the job is by it.
///
/// `job.json` is the manifest; `log.jsonl` the epochs, `checkpoint.safetensors` or the like the state after the last whole one;
/// `model.*` the model, `cost.json` what it took. `predictions.csv` comes last and makes the job complete.
struct FoldJobFolder: Sendable {
  let url: URL

  var jobFile: URL { url.appendingPathComponent("job.json") }
  var log: EpochLog { EpochLog(url.appendingPathComponent("log.jsonl")) }
  var checkpointFile: URL { url.appendingPathComponent("checkpoint.safetensors") }
  var costFile: URL { url.appendingPathComponent("cost.json") }
  var predictionsFile: URL { url.appendingPathComponent("predictions.csv") }

  /// Whether the job has come to its end.
  var isComplete: Bool { FileManager.default.fileExists(atPath: predictionsFile.path) }

  /// The manifest; nil where there is none.
  ///
  /// - Throws: `StudyError` of kind `.run` where it is damaged.
  func job() throws(StudyError) -> FoldJob? {
    guard FileManager.default.fileExists(atPath: jobFile.path) else { return nil }
    do {
      return try JSONDecoder().decode(FoldJob.self, from: Data(contentsOf: jobFile))
    } catch {
      throw StudyError(.run, "\(jobFile.path) cannot be read: \(error.localizedDescription)")
    }
  }

  /// Makes the folder that of `job`: what lies there of another job is removed.
  func open(for job: FoldJob) throws(StudyError) {
    let files = FileManager.default
    // A manifest that a later program wrote, or that was cut short, is that of another job.
    if (try? self.job()) != job {
      do {
        if files.fileExists(atPath: url.path) { try files.removeItem(at: url) }
        try files.createDirectory(at: url, withIntermediateDirectories: true)
      } catch {
        throw StudyError(.file, "cannot make the folder \(url.path): \(error.localizedDescription)")
      }
      try AtomicFile.writeJSON(job, to: jobFile)
    }
    AtomicFile.removeAbandoned(in: url)
  }

  /// Keeps of the log the first `count` epochs; what came after them is done again.
  func forgetEpochs(after count: Int) throws(StudyError) {
    // Written anew even where all epochs stay: what a crash cut short must not begin the next line.
    guard FileManager.default.fileExists(atPath: log.url.path) else { return }
    try log.replace(by: log.epochs().filter { $0.epoch <= count })
  }

  /// Writes what the job came to, and lets go of what it was resumed by.
  func finish(_ predictions: [Prediction], _ cost: FoldCost) throws(StudyError) {
    try AtomicFile.writeJSON(cost, to: costFile)
    try PredictionTable.write(predictions, to: predictionsFile)
    try? FileManager.default.removeItem(at: checkpointFile)
  }
}
