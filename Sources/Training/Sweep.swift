import Foundation
public import Study
import Support
import Synchronization
import Torch

/// The paper's comparison of batch sizes: one cross-validation each, on the same folds, seeds and stored features.
public struct Sweep: Sendable {
  private let study: StudyFolder
  private let settings: StudyProtocol
  private let options: CrossValidation.Options
  private let sideBySide: Int?

  /// The finished cross-validations of an interrupted sweep, by what each depends on.
  private struct Finished: Codable {
    var runs: [String: String] = [:]
  }

  /// A cross-validation that is left to do.
  private struct Member: Sendable {
    let batchSize: Int
    let resumable: ResumableRun
  }

  /// What is left to do, and what is there to do it with.
  private struct Plan {
    var finished: Finished
    /// The complete runs, by batch size.
    var runs: [Int: Run] = [:]
    /// What is left, the smallest batch first, which takes longest.
    var left: [Member] = []
    /// What all of them learn from; nil where nothing is stored.
    var store: FeatureStore?
  }

  /// Prepares the sweep over `settings.sweep.batchSizes`.
  ///
  /// `sideBySide` is how many cross-validations are trained at a time, each with the same share of the threads: nil, as many as
  /// there are batch sizes, as far as the threads go; on a GPU, one. An interrupted sweep goes on where that share is the same.
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
  /// All but `completing` are called on several threads, `progress` by one at a time.
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
    let sides = try sides()
    let plan = try plan(sides, progress)
    let store = plan.store
    let shared = Mutex(
      (
        finished: plan.finished, runs: plan.runs,
        meter: SweepMeter(count: batchSizes.count, finished: plan.runs.count)
      ))
    try sides.run(plan.left) { next, proceed in
      // Each thread has a network of its own.
      var own: (experiment: CrossValidation, features: FeatureSource)?
      while let member = try next() {
        let (experiment, features) = try own ?? prepare(store)
        own = (experiment, features)
        let validation = experiment.with(batchSize: member.batchSize)
        prepared(validation)
        _ = try validation.run(
          member.resumable, on: features,
          progress: { event in
            try proceed()
            guard case .step(let step) = event else { return }
            shared.withLock { progress(.sweep($0.meter.standing(after: step, at: member.batchSize))) }
          },
          finishing: { run in
            try finishing(run)
            let key = try validation.key
            try shared.withLock { shared in
              shared.runs[member.batchSize] = run
              shared.meter.finish(member.batchSize)
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

  /// Each batch size once, in the protocol's order.
  private var batchSizes: [Int] {
    var seen: Set<Int> = []
    return settings.sweep.batchSizes.filter { seen.insert($0).inserted }
  }

  private var progressFile: URL { study.reportsFolder.appendingPathComponent("sweep-in-progress.json") }

  /// How the threads are shared.
  private func sides() throws(TrainingError) -> SideBySide {
    if options.device == .cpu {
      return SideBySide(min(batchSizes.count, sideBySide ?? LibTorch.threadCount))
    }
    guard sideBySide ?? 1 == 1 else {
      throw TrainingError(
        "on a GPU batch sizes are trained one after the other: expected 1 side by side, found \(sideBySide ?? 1)")
    }
    return SideBySide(1)
  }

  /// The experiment at the protocol's own batch size, and what it learns from: `store`, or each batch computed.
  private func prepare(
    _ store: FeatureStore?
  ) throws -> (experiment: CrossValidation, features: FeatureSource) {
    let experiment = try CrossValidation(study, protocol: settings, options: options)
    return (experiment, try experiment.prepare(store, progress: { _ in }))
  }

  /// Finds what an interrupted sweep has left to do, and makes the features of it by all threads.
  private func plan(_ sides: SideBySide, _ progress: (TrainingProgress) -> Void) throws -> Plan {
    let finished = try? JSONDecoder().decode(Finished.self, from: Data(contentsOf: progressFile))
    var plan = Plan(finished: finished ?? Finished())
    var experiment = try CrossValidation(study, protocol: settings, options: options)
    experiment.threads = sides.threads
    let start = Date()
    for batchSize in batchSizes {
      let member = experiment.with(batchSize: batchSize)
      if let id = try plan.finished.runs[member.key], let run = try? Run.open(id, in: study) {
        ResumableRun.letGo(of: run)
        plan.runs[batchSize] = run
      } else {
        // A second apart, so that the runs stand in the protocol's order: the last one is the study's latest.
        let date = start.addingTimeInterval(Double(plan.left.count))
        plan.left.append(Member(batchSize: batchSize, resumable: try member.resumable(date: date)))
      }
    }
    plan.left.sort { $0.batchSize < $1.batchSize }
    if !plan.left.isEmpty { plan.store = try experiment.prepare(progress: progress).store }
    return plan
  }
}
