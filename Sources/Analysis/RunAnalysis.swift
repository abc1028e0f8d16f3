import Evaluation
import Experiment
import Study

/// What is stated of a run besides the result itself.
public struct RunAnalysis: Codable, Equatable, Sendable {
  /// How well each level ranks, beyond the pooled AUC; patients first.
  public let areas: [AreaAnalysis]
  /// What each rule for the threshold would have given, at patient level.
  public let thresholdRules: [ThresholdAnalysis.Alternative]
  /// Whether the probabilities of each level mean what they say; patients first.
  public let calibration: [CalibrationAnalysis]
  /// What a call would mean for a patient elsewhere.
  public let predictiveValues: PredictiveAnalysis
  /// Parts of the patients; nil where the run has not recorded its lesions, empty where the protocol asks for none.
  public let subgroups: [SubgroupResult]?
  /// What is reached without the image.
  public let baselines: BaselineAnalysis
  /// What the result is worth.
  public let controls: ControlAnalysis
  /// What so many patients can show.
  public let precision: PrecisionPlan

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
  }
}
