import Foundation
public import Study
import Synchronization
import Torch

/// The paper's comparison of batch sizes: one cross-validation each, on the same folds, seeds and stored features.
public struct Sweep: Sendable {
  private let study: StudyFolder
  private let settings: StudyProtocol
  private let options: CrossValidation.Options
  private let sideBySide: Int?

  /// The finished members of an interrupted sweep, by what each depends on.
  private struct Finished: Codable {
    var runs: [String: String] = [:]
  }

  /// What is left to do, and what is there to do it with.
  private struct Plan {
    var finished: Finished
    /// The complete runs, by batch size.
    var runs: [Int: Run] = [:]
    /// The batch sizes that are left, the smallest first, which takes longest.
    var left: [Int] = []
    /// What all of them learn from; nil where nothing is stored, or nothing left.
    var store: FeatureStore?
  }

  /// Prepares the sweep over `settings.sweep.batchSizes`.
  ///
  /// `sideBySide` is how many cross-validations are trained at a time, each with the same share of the threads: nil, as many as
  /// there are batch sizes, as far as the threads go; on a GPU, one.
  public init(
    _ study: StudyFolder, protocol settings: StudyProtocol, options: CrossValidation.Options, sideBySide: Int? = nil
  ) {
    self.study = study
    self.settings = settings
    self.options = options
    self.sideBySide = sideBySide
  }

  /// Cross-validates at each batch size; an interrupted sweep goes on where it was.
  ///
  /// All but `completing` are called on several threads at once.
  /// - Parameters:
  ///   - prepared: told each cross-validation before it begins.
  ///   - progress: told how far the sweep is.
  ///   - finishing: given each run as it is complete, to make its report.
  ///   - completing: given all runs, in the order of the batch sizes, to make what they have in common; until it has, the sweep
  ///     counts as interrupted.
  /// - Throws: what a cross-validation throws, and what the last two throw; what is complete by then stays.
  public func run(
    prepared: @Sendable (CrossValidation) -> Void, progress: @Sendable (TrainingProgress) -> Void,
    finishing: @Sendable (Run) throws -> Void, completing: ([Run]) throws -> Void
  ) throws {
    let sides = SideBySide(
      options.device == .cpu ? sideBySide ?? min(settings.sweep.batchSizes.count, LibTorch.threadCount) : 1)
    let plan = try plan(sides, progress)
    let store = plan.store
    let shared = Mutex(
      (
        finished: plan.finished, runs: plan.runs,
        meter: SweepMeter(count: plan.left.count + plan.runs.count, finished: plan.runs.count)
      ))
    try sides.run(plan.left) { next, proceed in
      let experiment = try experiment(sides)
      while let batchSize = try next() {
        let member = experiment.with(batchSize: batchSize)
        prepared(member)
        _ = try member.run(
          on: store,
          progress: { event in
            try proceed()
            guard case .step(let step) = event else { return }
            progress(.sweep(shared.withLock { $0.meter.standing(after: step, at: batchSize) }))
          },
          finishing: { run in
            try finishing(run)
            let key = try member.key
            try shared.withLock { shared in
              shared.runs[batchSize] = run
              shared.meter.finish(batchSize)
              shared.finished.runs[key] = run.id
              try AtomicFile.writeJSON(shared.finished, to: progressFile)
            }
          })
      }
    }
    let runs = shared.withLock { $0.runs }
    try completing(settings.sweep.batchSizes.compactMap { runs[$0] })
    try? FileManager.default.removeItem(at: progressFile)
  }

  private var progressFile: URL { study.reportsFolder.appendingPathComponent("sweep-in-progress.json") }

  /// The experiment at the protocol's own batch size, with a network of its own.
  private func experiment(_ sides: SideBySide) throws -> CrossValidation {
    var experiment = try CrossValidation(study, protocol: settings, options: options)
    (experiment.threads, experiment.featureThreads) = (sides.threads, sides.allThreads)
    return experiment
  }

  /// Finds what an interrupted sweep has left to do, and makes the features of it by all threads.
  private func plan(_ sides: SideBySide, _ progress: (TrainingProgress) -> Void) throws -> Plan {
    let finished = try? JSONDecoder().decode(Finished.self, from: Data(contentsOf: progressFile))
    var plan = Plan(finished: finished ?? Finished())
    let experiment = try experiment(sides)
    for batchSize in Set(settings.sweep.batchSizes).sorted() {
      let key = try experiment.with(batchSize: batchSize).key
      if let id = plan.finished.runs[key], let run = try? Run.open(id, in: study) {
        ResumableRun.letGo(of: run)
        plan.runs[batchSize] = run
      } else {
        plan.left.append(batchSize)
      }
    }
    if !plan.left.isEmpty { plan.store = try experiment.prepare(progress: progress).store }
    return plan
  }
}
