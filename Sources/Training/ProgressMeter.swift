import Foundation

/// Turns steps into what a progress bar shows, a few times a second.
struct ProgressMeter {
  private let foldSizes: [Int]
  /// How many epochs each fold takes.
  private let epochs: [Int]
  /// What an interrupted run had done before, in slices; known from the first step on.
  private var doneBefore: Int?
  private let start = ContinuousClock.now
  private var epochStart = ContinuousClock.now
  private var lastReport: ContinuousClock.Instant?
  private var lastEpoch = (fold: -1, epoch: -1)

  init(_ validation: CrossValidation) {
    foldSizes = (0..<validation.split.count).map { validation.split.training($0).count }
    epochs = foldSizes.indices.map { (validation.members?[$0].validation ?? validation).settings.training.epochs }
  }

  /// What to show after a step; nil where it is too soon to show anything new.
  mutating func step(
    fold: Int, epoch: Int, done: Int, loss: () throws -> Double?
  ) throws -> TrainingProgress.Step? {
    let now = ContinuousClock.now
    let finished = Self.slices(foldSizes[..<fold], epochs) + (epoch - 1) * foldSizes[fold] + done
    let before = doneBefore ?? finished - done
    doneBefore = before
    if lastEpoch != (fold, epoch) {
      lastEpoch = (fold, epoch)
      epochStart = lastReport ?? start
    }
    if let lastReport, lastReport.duration(to: now) < .milliseconds(250), done < foldSizes[fold] { return nil }
    lastReport = now
    let total = Self.slices(foldSizes[...], epochs)
    let fraction = Double(finished) / Double(max(1, total))
    let elapsed = start.duration(to: now).seconds
    return TrainingProgress.Step(
      fold: fold, foldCount: foldSizes.count, epoch: epoch, epochCount: epochs[fold], loss: try loss(),
      imagesPerSecond: Double(done) / max(epochStart.duration(to: now).seconds, 1e-9), fraction: fraction,
      fractionBefore: Double(before) / Double(max(1, total)),
      secondsLeft: elapsed * Double(total - finished) / Double(max(1, finished - before)))
  }

  private static func slices(_ foldSizes: ArraySlice<Int>, _ epochs: [Int]) -> Int {
    zip(foldSizes, epochs).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
