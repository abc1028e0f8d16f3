/// How far a cross-validation has come.
public enum TrainingProgress: Sendable {
  /// The frozen stages are being run over the slices, once for all epochs and folds.
  case features(done: Int, of: Int)
  /// A training step was done.
  case step(Step)
  /// A training step was done in one of a sweep's cross-validations.
  case sweep(SweepStanding)

  /// Where a training step stands in its cross-validation.
  public struct Step: Sendable {
    /// The fold, from 0.
    public let fold: Int
    /// The number of folds.
    public let foldCount: Int
    /// The epoch, from 1.
    public let epoch: Int
    /// The number of epochs of each fold.
    public let epochCount: Int
    /// The mean weighted cross-entropy of the epoch so far; on a GPU that of the epoch before, nil in the first.
    public let loss: Double?
    /// Training slices per second in the epoch so far.
    public let imagesPerSecond: Double
    /// The part of the whole cross-validation that is done, 0...1.
    public let fraction: Double
    /// The part that an interrupted run had done before.
    let fractionBefore: Double
    /// An estimate of the time to the end, in seconds.
    public let secondsLeft: Double
  }
}
