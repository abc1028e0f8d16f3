import Study
import Support

extension CrossValidation {
  /// The experiment that a finished run came from, made again from its study.
  ///
  /// - Throws: `StudyError` where the study, its ROIs or the weights are no longer those of the run, or its folds' models were
  ///   chosen among protocols; what making a `CrossValidation` throws.
  init(of run: Run, _ manifest: Run.Manifest, in study: StudyFolder, learners: LearnerRegistry) throws {
    self = try CrossValidation(
      study, protocol: StudyProtocol(contentsOf: run.protocolFile), learners: learners, shuffledBy: manifest.shuffledBy,
      in: run.readJSON(Folds.self, from: run.foldsFile))
    if let nested = try run.readJSONIfPresent(Run.NestedChoice.self, from: run.nestedFile) {
      guard !nested.isAmongProtocols else {
        throw StudyError(
          .run, "the run \(run.id) chose among protocols; name a cross-validation by one of them with --run")
      }
      let own = self
      members = try nested.choices.map { choice in
        .init(
          variant: choice.variant, validation: try own.with { $0.training?.batchSize = choice.variant.batchSize })
      }
    }
    let own = try ExperimentIdentity(self.manifest(1), settings)
    if let part = try own.difference(from: run.identity()) {
      throw StudyError(
        .run,
        "the study has changed since the run \(run.id) was made: its \(part) differs. Make a new run with "
          + "`renalgrade crossvalidate`, or name another with --run")
    }
  }
}
