import Foundation

/// Turns steps into what a progress bar shows, a few times a second.
struct ProgressMeter {
  private let foldSizes: [Int]
  private let epochs: Int
  /// What an interrupted run had done before, in slices.
  private let doneBefore: Int
  private let start = ContinuousClock.now
  private var epochStart = ContinuousClock.now
  private var lastReport: ContinuousClock.Instant?
  private var lastEpoch = (fold: -1, epoch: -1)

  init(_ validation: CrossValidation, finishedFolds: Int) {
    foldSizes = (0..<validation.split.count).map { validation.split.training($0).count }
    epochs = validation.settings.training.epochs
    doneBefore = foldSizes.prefix(finishedFolds).reduce(0, +) * epochs
  }

  /// What to show after a step; nil where it is too soon to show anything new.
  mutating func step(
    fold: Int, epoch: Int, done: Int, loss: () throws -> Double
  ) throws -> TrainingProgress.Step? {
    let now = ContinuousClock.now
    if lastEpoch != (fold, epoch) {
      lastEpoch = (fold, epoch)
      epochStart = lastReport ?? start
    }
    if let lastReport, lastReport.duration(to: now) < .milliseconds(250), done < foldSizes[fold] { return nil }
    lastReport = now
    let total = foldSizes.reduce(0, +) * epochs
    let finished = foldSizes[..<fold].reduce(0, +) * epochs + (epoch - 1) * foldSizes[fold] + done
    let fraction = Double(finished) / Double(max(1, total))
    let elapsed = start.duration(to: now).seconds
    return TrainingProgress.Step(
      fold: fold, foldCount: foldSizes.count, epoch: epoch, epochCount: epochs, loss: try loss(),
      imagesPerSecond: Double(done) / max(epochStart.duration(to: now).seconds, 1e-9), fraction: fraction,
      secondsLeft: elapsed * Double(total - finished) / Double(max(1, finished - doneBefore)))
  }
}
