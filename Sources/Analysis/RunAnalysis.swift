import Evaluation
import Experiment
import Study

/// What is stated of a run in addition to the result itself.
public struct RunAnalysis: Codable, Equatable, Sendable {
  /// How well each level ranks, beyond the pooled AUC; patients first.
  public let areas: [AreaAnalysis]
  /// What each rule for the threshold would have given, at patient level.
  public let thresholdRules: [ThresholdAnalysis.Alternative]
  /// The calibration of each level's probabilities; patients first.
  public let calibration: [CalibrationAnalysis]
  /// Predictive values at other shares of high grade.
  public let predictiveValues: PredictiveAnalysis
  /// Parts of the patients; nil where the run has not recorded its lesions, empty where the protocol asks for none.
  public let subgroups: [SubgroupResult]?
  /// Baselines that do not use the image.
  public let baselines: BaselineAnalysis
  /// Negative controls.
  public let controls: ControlAnalysis
  /// Precision and sample size.
  public let precision: PrecisionPlan

  /// The features that the folds' models use; nil where the learner has none.
  public let features: FeatureAnalysis?

  init(_ content: RunContent) {
    let (cases, settings) = (content.cases, content.settings)
    let foldCount = content.folds.heldOut.count
    let fitting = cases.fitting(.patient, foldCount: foldCount)
    let thresholds = content.metrics.thresholds.each(cases, .patient)
    let attributes = content.lesions.map(PatientAttributes.init)
    areas = content.levels.map { AreaAnalysis($0, cases.fitting($0, foldCount: foldCount)) }
    thresholdRules = ThresholdAnalysis.alternatives(cases, settings.evaluation, foldCount: foldCount)
    calibration = content.levels.map { CalibrationAnalysis($0, cases.fitting($0, foldCount: foldCount)) }
    predictiveValues = PredictiveAnalysis(content.calledPatients)
    subgroups = attributes.map {
      SubgroupResult.all(settings.subgroups ?? [], cases.patient, thresholds: thresholds, $0)
    }
    baselines = BaselineAnalysis(content, fitting)
    controls = ControlAnalysis(content)
    precision = PrecisionPlan(content.metrics.pooled.patient)
    features = FeatureAnalysis(content)
  }
}
