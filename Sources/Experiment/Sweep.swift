import Foundation
public import Study
import Synchronization
import Support

/// Several cross-validations of one experiment as one list of fold jobs: the paper's comparison of batch sizes, or several seeds.
///
/// They have the folds and what is stored of the frozen stages in common. Each becomes a run of its own.
public struct Sweep: Sendable {
  /// What is varied.
  public enum Variation: Sendable {
    /// The protocol's `sweep.batchSizes`.
    case batchSizes
    /// So many seeds of training, from the protocol's own on.
    case seeds(Int)
  }

  private let study: StudyFolder
  private let members: [CrossValidation]

  /// Prepares a sweep over what the protocol states to be varied.
  ///
  /// `progress` is told how far the radiomic features are, by several threads.
  /// - Throws: `StudyError` where the protocol has nothing to vary; what `CrossValidation` throws.
  public init(
    _ study: StudyFolder, protocol settings: StudyProtocol, learners: LearnerRegistry, shuffledBy seed: UInt64? = nil,
    over variation: Variation = .batchSizes, progress: (@Sendable (ExperimentProgress) -> Void)? = nil
  ) throws {
    self.study = study
    let own = try CrossValidation(study, protocol: settings, learners: learners, shuffledBy: seed, progress: progress)
    switch variation {
    case .batchSizes:
      guard let sizes = settings.sweep?.batchSizes, settings.training != nil else {
        throw StudyError(
          .invalidProtocol,
          "the protocol \(settings.name) has no section sweep and training: there are no batch sizes to compare")
      }
      var seen: Set<Int> = []
      members = try sizes.filter { seen.insert($0).inserted }.map { size in
        try own.with { $0.training?.batchSize = size }
      }
    case .seeds(let count):
      guard settings.training != nil else {
        throw StudyError(
          .invalidProtocol,
          "the learner \(settings.model.learner) uses no random numbers, so every seed gives the same result: remove --seeds"
        )
      }
      members = try (0..<UInt64(count)).map { step in try own.with { $0.training?.seed &+= step } }
    }
  }

  /// The cross-validations, in words.
  public var summaries: [String] { members.map(\.summary) }
  /// Sentences on what differs from what the protocol asks.
  public var notes: [String] { members.first?.notes ?? [] }

  /// One of the cross-validations that are left to do.
  private struct Left: Sendable {
    let place: Int
    let plan: FoldPlan
    let key: String
  }

  /// What the threads share.
  private struct Shared {
    var finished: FinishedRuns
    /// The complete runs, by place.
    var runs: [Int: Run]
  }

  /// Cross-validates each; an interrupted sweep continues where it stopped.
  ///
  /// - Parameters:
  ///   - sideBySide: how many fold jobs are done at a time, each with the same share of the threads: nil, as many as there are
  ///     cross-validations, as far as threads and hardware go. An interrupted sweep continues if that share is the same.
  ///   - progress: told how far the sweep is, by one thread at a time.
  ///   - finishing: given each run as it is complete, to make its report; called on several threads.
  ///   - completing: given all runs, in the order of what is varied, to make what they have in common; until it has, the sweep
  ///     counts as interrupted.
  /// - Throws: what a cross-validation throws, and what the last two throw; what is complete by then stays.
  public func run(
    sideBySide: Int? = nil, progress: @escaping @Sendable (ExperimentProgress) -> Void,
    finishing: @escaping @Sendable (Run) throws -> Void, completing: ([Run]) throws -> Void
  ) throws {
    guard let first = members.first else { return }
    let threads = first.learner.hardware.threads
    let usual = min(members.count, threads, first.learner.mostSideBySide ?? .max)
    let sides = try first.sides(sideBySide ?? usual)
    let finished = try FinishedRuns.read(progressFile)
    let (left, done) = try plan(sides.threads, finished, progress)
    let shared = Mutex(Shared(finished: finished, runs: done))
    let meter = SharedMeter(total: members.reduce(0) { $0 + $1.work })
    for place in done.keys { meter.withLock { $0.skip(work: members[place].work) } }
    try FoldJobExecutor(sides: sides).run(left.map(\.plan), meter: meter, progress: progress) { place in
      let member = left[place]
      try member.plan.complete { run in
        try finishing(run)
        try shared.withLock { shared in
          shared.runs[member.place] = run
          shared.finished.runs[member.key] = run.id
          try AtomicFile.writeJSON(shared.finished, to: progressFile)
        }
      }
    }
    let runs = shared.withLock { $0.runs }
    try completing(members.indices.compactMap { runs[$0] })
    try? FileManager.default.removeItem(at: progressFile)
  }

  private var progressFile: URL { study.reportsFolder.appendingPathComponent("sweep-in-progress.json") }

  /// Finds what an interrupted sweep has left to do, and makes it ready: the smallest batch first, which takes longest.
  private func plan(
    _ threads: Int, _ finished: FinishedRuns, _ progress: (ExperimentProgress) -> Void
  ) throws -> (left: [Left], done: [Int: Run]) {
    var done: [Int: Run] = [:]
    var begun: [(place: Int, run: Run, key: String)] = []
    let start = Date()
    for (place, member) in members.enumerated() {
      let key = try member.key(threads)
      if let run = finished.run(key, in: study) {
        done[place] = run
      } else {
        // A second apart, so that the runs stand in the order of what is varied: the last one is the study's latest.
        let date = start.addingTimeInterval(Double(begun.count))
        begun.append((place, try RunInProgress(in: study, key: key, name: member.runName, date: date).run, key))
      }
    }
    var left: [Left] = []
    var prepared: [any PreparedLearner] = []
    let batchSizes = members.map { $0.settings.training?.batchSize ?? 0 }
    for (place, run, key) in begun.sorted(by: { (batchSizes[$0.place], $0.place) < (batchSizes[$1.place], $1.place) }) {
      try members[place].describe(run)
      let plan = try FoldPlan(
        members[place], in: run, threads, title: title(of: place), sharing: prepared, progress: progress)
      prepared += plan.prepared
      left.append(Left(place: place, plan: plan, key: key))
    }
    return (left, done)
  }

  /// What tells a member's jobs from others'.
  private func title(of place: Int) -> String {
    guard let training = members[place].settings.training else { return "" }
    let isOfSeeds = Set(members.compactMap { $0.settings.training?.batchSize }).count < members.count
    return isOfSeeds ? "seed \(training.seed), " : "batch \(training.batchSize), "
  }
}

extension CrossValidation {
  /// How much work all folds are, in examples seen.
  var work: Int {
    (0..<split.count).reduce(0) { sum, fold in
      sum + (members?[fold].validation ?? self).learner.work(trainingCount: split.training(fold).count)
    }
  }
}
