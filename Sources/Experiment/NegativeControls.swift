import Foundation
public import Study
import Support

/// The negative controls of a finished run: fitted in its folds, with its seeds and its protocol, in parts of its folder.
///
/// `controls/<name>/` holds what a run's folder does but for models and folds, so that nothing takes a control for a run;
/// `controls/<name>.csv` are its predictions, and `controls.json` lists the controls that are finished.
public struct NegativeControls: Sendable {
  /// The run.
  public let run: Run
  private let validation: CrossValidation

  /// Prepares the controls of `run`.
  ///
  /// - Throws: `StudyError` where the study, its ROIs or the weights are no longer those of the run, or it is a control
  ///   itself; what `CrossValidation` throws.
  public init(_ run: Run, in study: StudyFolder, learners: LearnerRegistry) throws {
    self.run = run
    let manifest = try run.manifest()
    guard manifest.shuffledBy == nil else {
      throw StudyError(.run, "the run \(run.id) has shuffled labels and is itself a control; name another with --run")
    }
    validation = try CrossValidation(of: run, manifest, in: study, learners: learners)
  }

  /// What is fitted for each control, in words.
  public var summary: String { validation.summary }

  /// Fits and predicts the controls that are not there yet, or were made by other means; where that was interrupted, it goes on.
  ///
  /// - Parameters:
  ///   - sideBySide: how many fold jobs are done at a time, each with the same share of the threads.
  ///   - progress: told how far they are, by one thread at a time.
  ///   - finished: told each control's title and predictions once all are complete.
  /// - Throws: what a cross-validation throws, and what `finished` throws; what is complete by then stays.
  public func run(
    sideBySide: Int = 1, progress: @escaping @Sendable (ExperimentProgress) -> Void,
    finished: @escaping @Sendable (_ title: String, [Prediction]) throws -> Void
  ) throws {
    _ = try run.part("controls")
    let sides = try validation.sides(sideBySide)
    let made = try NegativeControlRegistry.all.filter { $0.obstacle(to: validation.examples.kind) == nil }
      .map { (control: $0, validation: try validation.with($0), part: try run.part("controls/\($0.name)")) }
    var plans: [FoldPlan] = []
    var prepared: [any PreparedLearner] = []
    for (_, changed, part) in made {
      try changed.discard(part, unlessMadeWith: sides.threads)
      guard !part.isComplete else { continue }
      _ = try RunInProgress(at: part, key: changed.key(sides.threads))
      try AtomicFile.write(changed.settings.yaml, to: part.protocolFile)
      let plan = try FoldPlan(
        changed, in: part, sides.threads, title: "\(changed.control?.title(in: changed) ?? ""), ", keepsModels: false,
        sharing: prepared, progress: progress)
      prepared += plan.prepared
      plans.append(plan)
    }
    let meter = SharedMeter(total: plans.reduce(0) { $0 + $1.work })
    try FoldJobExecutor(sides: sides).run(plans, meter: meter, progress: progress) { [plans] place in
      try plans[place].merge()
      RunInProgress.letGo(of: plans[place].run)
    }
    try list(made, finished)
  }

  /// Lists the controls that are complete in the run's folder.
  private func list(
    _ made: [(control: any NegativeControl, validation: CrossValidation, part: Run)],
    _ finished: (_ title: String, [Prediction]) throws -> Void
  ) throws {
    var controls: [Run.Control] = []
    for (control, changed, part) in made {
      let predictions = try PredictionTable.read(part.predictionsFile)
      let file = "controls/\(control.name).csv"
      try PredictionTable.write(predictions, to: run.url.appendingPathComponent(file))
      let title = control.title(in: changed)
      controls.append(
        Run.Control(
          name: control.name, run: part.id, title: title, meaning: control.meaning(in: changed), predictions: file))
      try AtomicFile.writeJSON(controls, to: run.controlsFile)
      try finished(title, predictions)
    }
  }
}

extension CrossValidation {
  /// Removes a control that was finished by other means: another libtorch, device, processor or number of threads, or a RenalGrade of
  /// another version.
  ///
  /// - Throws: `StudyError` where a fold job's manifest is damaged, or the control cannot be removed.
  fileprivate func discard(_ part: Run, unlessMadeWith threads: Int) throws {
    guard part.isComplete else { return }
    let isSame = try jobs(threads).allSatisfy { job in
      try FoldJobFolder(url: part.foldFolder(job.fold)).job() == job
    }
    guard !isSame else { return }
    do {
      try FileManager.default.removeItem(at: part.url)
      try FileManager.default.createDirectory(at: part.url, withIntermediateDirectories: true)
    } catch {
      throw StudyError(.file, "cannot empty \(part.url.path): \(error.localizedDescription)")
    }
  }
}
