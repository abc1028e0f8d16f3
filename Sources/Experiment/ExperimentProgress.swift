import Synchronization

/// How far an experiment has come.
public enum ExperimentProgress: Sendable {
  /// Radiomic features that are not stored yet are being computed, series by series.
  case extracting(done: Int, of: Int)
  /// What all fits share is being made ready, such as the output of frozen stages.
  case preparing(done: Int, of: Int)
  /// Models are being fitted.
  case fitting(Standing)

  /// Where the fold jobs of an experiment stand.
  public struct Standing: Sendable {
    /// A job that is being done.
    public struct Job: Sendable {
      /// What it is called, such as "fold 2/5" or "batch 16, fold 2/5".
      public let title: String
      /// The fold, from 0.
      public let fold: Int
      /// The epoch, from 1, and the number of epochs.
      public let epoch, epochCount: Int
      /// The mean loss of the epoch so far or of the one before; nil where it is not known.
      public let loss: Double?
      /// Training examples per second in the epoch so far.
      public let examplesPerSecond: Double
      /// The part of the job that is done, 0...1.
      public let fraction: Double
    }

    /// The jobs that are being done, in the order in which they were begun.
    public let jobs: [Job]
    /// The part of the experiment's work that is done, 0...1.
    public let fraction: Double
    /// An estimate of the time to the end, in seconds.
    public let secondsLeft: Double
  }
}

/// Adds the steps of fold jobs up to where the experiment stands, a few times a second.
struct ExperimentMeter {
  /// A job as the meter sees it.
  private struct Member {
    let title: String
    let fold: Int
    /// The work of the whole job, in examples.
    let work: Int
    /// The examples of one epoch.
    let epochSize: Int
    var done = 0
    var epoch = 0
    var epochStart = ContinuousClock.now
    var doneAtEpochStart = 0
    var latest: ExperimentProgress.Standing.Job?
  }

  private var running: [Int: Member] = [:]
  private var total: Int
  private var finished = 0
  /// What was done before this process took part.
  private var before = 0
  private let start = ContinuousClock.now
  private var lastReport: ContinuousClock.Instant?

  /// Begins with so much work ahead, in examples.
  init(total: Int) { self.total = total }

  /// The part that is done, 0...1.
  private var fraction: Double {
    min(1, Double(running.values.reduce(finished) { $0 + $1.done }) / Double(max(1, total)))
  }

  /// Corrects an estimate of the work by what it is found to be.
  mutating func add(work: Int) { total += work }

  /// Counts a job as done that was so before.
  mutating func skip(work: Int) {
    finished += work
    before += work
  }

  /// Begins a job, which is called `number` from here on.
  mutating func begin(_ number: Int, _ task: FoldTask) {
    running[number] = Member(
      title: task.title, fold: task.job.fold, work: task.work, epochSize: task.job.trainingCount)
  }

  /// Counts the epochs of a job that were done before.
  mutating func resume(_ number: Int, epochs: Int) {
    guard var member = running[number] else { return }
    member.done = min(member.work, epochs * member.epochSize)
    before += member.done
    running[number] = member
  }

  /// What to show after a step of a job; nil where it is too soon to show anything new.
  mutating func step(_ number: Int, _ step: LearningStep) throws -> ExperimentProgress.Standing? {
    guard var member = running[number] else { return nil }
    let now = ContinuousClock.now
    if member.epoch != step.epoch {
      member.epoch = step.epoch
      member.epochStart = lastReport ?? start
      member.doneAtEpochStart = 0
    }
    member.done = min(member.work, (step.epoch - 1) * member.epochSize + step.done)
    running[number] = member
    let isWhole = step.done >= member.epochSize
    if let lastReport, lastReport.duration(to: now) < .milliseconds(250), !isWhole { return nil }
    lastReport = now
    member.latest = .init(
      title: member.title, fold: member.fold, epoch: step.epoch, epochCount: step.epochCount, loss: try step.loss(),
      examplesPerSecond: Double(step.done) / max(member.epochStart.duration(to: now).seconds, 1e-9),
      fraction: Double(member.done) / Double(max(1, member.work)))
    running[number] = member
    let elapsed = start.duration(to: now).seconds
    let done = running.values.reduce(finished) { $0 + $1.done }
    return .init(
      jobs: running.sorted { $0.key < $1.key }.compactMap(\.value.latest), fraction: fraction,
      secondsLeft: elapsed * Double(max(0, total - done)) / Double(max(1, done - before)))
  }

  /// Counts a job as done.
  mutating func finish(_ number: Int) {
    guard let member = running.removeValue(forKey: number) else { return }
    finished += member.work
  }
}

/// A meter that several threads tell of their jobs.
final class SharedMeter: Sendable {
  private let meter: Mutex<ExperimentMeter>

  /// Begins with so much work ahead, in examples.
  init(total: Int) { meter = Mutex(ExperimentMeter(total: total)) }

  /// Lets one thread at a time tell something.
  func withLock<Result: Sendable>(_ body: (inout ExperimentMeter) throws -> Result) rethrows -> Result {
    try meter.withLock { try body(&$0) }
  }
}

extension Duration {
  /// The duration in seconds.
  public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
