/// How far the cross-validations of a sweep are.
public struct SweepStanding: Sendable {
  /// One that is in training.
  public struct Member: Sendable {
    /// Its batch size.
    public let batchSize: Int
    /// Where it is.
    public let step: TrainingProgress.Step
  }

  /// Those in training, by batch size.
  public let members: [Member]
  /// The part of the whole sweep that is done, 0...1, in slices.
  public let fraction: Double
  /// An estimate of the time to the end, in seconds.
  public let secondsLeft: Double
}

/// Turns the steps of several cross-validations into where the sweep stands.
struct SweepMeter {
  /// By batch size; nil for those that wait.
  private var steps: [Int: TrainingProgress.Step] = [:]
  private var finished: Int
  private let count: Int
  private let start = ContinuousClock.now
  /// What an interrupted sweep had done before.
  private var doneBefore: Double

  /// Begins with `finished` of `count` cross-validations done.
  init(count: Int, finished: Int) {
    self.count = count
    self.finished = finished
    doneBefore = Double(finished)
  }

  private var done: Double { steps.values.reduce(Double(finished)) { $0 + $1.fraction } }

  /// Where the sweep stands after a step at `batchSize`.
  mutating func standing(after step: TrainingProgress.Step, at batchSize: Int) -> SweepStanding {
    if steps[batchSize] == nil { doneBefore += step.fractionBefore }
    steps[batchSize] = step
    let elapsed = start.duration(to: .now).seconds
    return SweepStanding(
      members: steps.sorted { $0.key < $1.key }.map { .init(batchSize: $0.key, step: $0.value) },
      fraction: done / Double(count),
      secondsLeft: elapsed * (Double(count) - done) / max(done - doneBefore, 1e-9))
  }

  /// Counts the one at `batchSize` as finished.
  mutating func finish(_ batchSize: Int) {
    // It was complete before, and lacked its report.
    if steps[batchSize] == nil { doneBefore += 1 }
    steps[batchSize] = nil
    finished += 1
  }
}
