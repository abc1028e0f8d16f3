import Foundation
public import Study
public import Support

/// What two runs must have in common to be of one experiment.
public struct ExperimentIdentity: Equatable, Sendable {
  /// What was fitted.
  public var learner: LearnerDescription
  /// The crops.
  public var rois: String?
  /// The examples with their classes and folds; nil leaves the folds' seed open.
  public var cohort: String?
  /// The protocol with everything resolved.
  public var settings: StudyProtocol
  /// The seed that permuted the classes.
  public var shuffledBy: UInt64?
  /// How each fold's model was chosen to be fitted.
  public var choices: [String]?

  /// Takes the identity from what a run states.
  public init(_ manifest: Run.Manifest, _ settings: StudyProtocol) {
    learner = manifest.learner
    // Sentences for the Methods, and a number that follows from the rest.
    learner.methods = []
    learner.network?.trainedParameters = 0
    learner.network?.replaced = nil
    rois = manifest.rois
    cohort = manifest.cohort
    // A run's own protocol names the substitute that was trained; those of older runs name what was asked for.
    let isReplaced = settings.network?.substitute.map { $0.backbone == manifest.learner.network?.backbone } ?? false
    self.settings = isReplaced ? settings.withSubstitute : settings
    shuffledBy = manifest.shuffledBy
    choices = manifest.choices
  }

  /// The same with every seed left open: what runs of different seeds have in common.
  public var withoutSeeds: ExperimentIdentity {
    var identity = self
    identity.cohort = nil
    identity.settings.folds.seed = 0
    identity.settings.training?.seed = 0
    return identity
  }

  /// The first part in which another experiment differs, in words; nil where it is the same.
  func difference(from other: ExperimentIdentity) -> String? {
    let parts: [(String, Bool)] = [
      ("backbone", learner.network?.backbone == other.learner.network?.backbone),
      ("file of starting weights", learner.network?.weights == other.learner.network?.weights),
      ("learner", learner == other.learner), ("set of ROIs", rois == other.rois), ("cohort", cohort == other.cohort),
      ("protocol", settings == other.settings), ("set of labels", shuffledBy == other.shuffledBy),
      ("choice by fold", choices == other.choices),
    ]
    return parts.first { !$0.1 }?.0
  }
}

extension Run {
  /// What the run's experiment is.
  ///
  /// - Throws: `StudyError` where the run's manifest or protocol cannot be read.
  public func identity() throws(StudyError) -> ExperimentIdentity {
    ExperimentIdentity(try manifest(), try StudyProtocol(contentsOf: protocolFile))
  }
}
