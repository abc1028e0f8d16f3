public import Cohort
public import Evaluation
public import Experiment
import Foundation
public import Study
public import Support

/// What a run's folder holds, and the numbers that follow from it.
public final class RunContent {
  /// The run.
  public let run: Run
  /// Its protocol.
  public let settings: StudyProtocol
  /// The protocol's text.
  public let protocolText: String
  /// Its folds.
  public let folds: Folds
  /// What made it.
  public let manifest: Run.Manifest
  /// Its log.
  public let epochs: [Run.Epoch]
  /// Its out-of-fold predictions, slice by slice.
  public let predictions: [Prediction]
  /// What the study had set aside when the run was made; nil where the run has not recorded it.
  public let setAside: [SetAside]?
  /// The lesions as pathology describes them; nil where the run has not recorded them.
  public let lesions: [RunLesion]?
  /// The cohort's description; nil where the study selects nobody.
  public let cohort: CohortDescription?
  /// What the networks look at; nil where that was not asked.
  public let explanations: Run.Explanations?
  /// How much each slice counted for its lesion, by networks with attention; none elsewhere.
  public let attention: [AttentionTable.Row]
  /// The choice by inner folds; nil where none was made.
  public let nested: Run.NestedChoice?
  /// The controls; nil where none was run.
  public let controls: [Run.Control]?
  /// How far the study's readers agree; nil where it had one reading of each lesion, or that was not asked.
  public let agreement: AgreementResult?
  /// What is reached without the image; nil where the run has not recorded it.
  public let baselines: [Run.Baseline]?
  /// The features of each fold's model; none where the learner has no features, or the models were not kept.
  public let features: [Run.FoldFeatures]
  /// The predictions as labelled and scored cases.
  public let cases: LevelCases
  /// The result, without `analysis`.
  public let metrics: RunMetrics
  /// What is stated besides the result; it takes a moment, and a table of many runs does without.
  public private(set) lazy var analysis = RunAnalysis(self)

  /// Reads a run's folder.
  ///
  /// - Throws: `StudyError` where the run is incomplete or damaged.
  public init(_ run: Run) throws(StudyError) {
    self.run = run
    settings = try StudyProtocol(contentsOf: run.protocolFile)
    protocolText = try Self.text(of: run.protocolFile, run)
    folds = try run.readJSON(Folds.self, from: run.foldsFile)
    manifest = try run.manifest()
    epochs = try run.epochs()
    predictions = try PredictionTable.read(run.predictionsFile)
    setAside = try run.readJSONIfPresent([SetAside].self, from: run.setAsideFile)
    lesions = try run.readJSONIfPresent([RunLesion].self, from: run.lesionsFile)
    controls = try run.readJSONIfPresent([Run.Control].self, from: run.controlsFile)
    agreement = try run.readJSONIfPresent(AgreementResult.self, from: run.agreementFile)
    baselines = try run.readJSONIfPresent([Run.Baseline].self, from: run.baselinesFile)
    cohort = try run.readJSONIfPresent(CohortDescription.self, from: run.cohortFile)
    explanations = try run.readJSONIfPresent(Run.Explanations.self, from: run.explanationsFile)
    attention = try run.attention(foldCount: folds.heldOut.count)
    nested = try run.readJSONIfPresent(Run.NestedChoice.self, from: run.nestedFile)
    features = try run.foldFeatures(foldCount: folds.heldOut.count)
    cases = LevelCases(predictions, settings.evaluation)
    metrics = RunMetrics(cases, settings.evaluation, foldCount: folds.heldOut.count)
  }

  private static func text(of url: URL, _ run: Run) throws(StudyError) -> String {
    do {
      return try String(contentsOf: url, encoding: .utf8)
    } catch {
      throw StudyError(.run, "\(url.lastPathComponent) of run \(run.id) cannot be read: \(error.localizedDescription)")
    }
  }

  /// Whether the run's protocol is unchanged since the run began, by its SHA-256; nil where that was not recorded.
  public var protocolIsUnchanged: Bool? {
    manifest.protocolHash.map { $0 == Data(protocolText.utf8).sha256 }
  }

  /// The result with all that is stated besides, as `metrics.json` holds it.
  public var wholeMetrics: RunMetrics {
    var whole = metrics
    whole.analysis = analysis
    return whole
  }

  /// The patients, each with 1 or 0 for what it is called at the threshold of its fold, to be decided at 0.5; NaN stays.
  public var calledPatients: Cases { cases.patient.called(at: metrics.thresholds.each(cases, .patient)) }

  /// Examples per training step; 0 where no network is trained.
  public var batchSize: Int { settings.training?.batchSize ?? 0 }

  /// The levels that the run's examples have, patients first.
  public var levels: [Level] { Level.of(manifest.examples) }

  /// The cases of one fold.
  public func cases(ofFold fold: Int) -> LevelCases {
    LevelCases(predictions.filter { $0.fold == fold }, settings.evaluation)
  }
}
