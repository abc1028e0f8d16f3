import Study
import Support
import Synchronization

/// A fold job with all that it takes to do it.
struct FoldTask: Sendable {
  /// What the terminal calls it.
  let title: String
  let job: FoldJob
  let folder: FoldJobFolder
  let examples: ExampleSet
  let split: Split
  let learner: any Learner
  let prepared: any PreparedLearner
  /// Whether the model is kept, to predict by.
  var keepsModel = true

  /// How much work it is, in examples seen.
  var work: Int { learner.work(trainingCount: job.trainingCount) }
}

/// Runs fold jobs, several at a time; each continues where it was interrupted.
struct FoldJobExecutor: Sendable {
  /// How many jobs are done at a time, and the threads of each.
  let sides: SideBySide

  /// Does the jobs of several plans that are not done yet, in this order.
  ///
  /// - Parameters:
  ///   - plans: the plans.
  ///   - meter: adds up how far they are; it may hold more work than these.
  ///   - progress: told how far the experiment is, by one thread at a time.
  ///   - completed: given the place of each plan whose jobs are all done, by the thread that did the last.
  ///   - failed: given the place of a plan and what one of its jobs threw: the plan's other jobs are not begun, those of other
  ///     plans are done; nil stops all at the first failure.
  /// - Throws: what a job threw first, without `failed`: the others stop at their next step, and what is done stays.
  func run(
    _ plans: [FoldPlan], meter: SharedMeter, progress: @escaping @Sendable (ExperimentProgress) -> Void,
    completed: @Sendable (Int) throws -> Void = { _ in }, failed: (@Sendable (Int, any Error) -> Void)? = nil
  ) throws {
    let lost = Mutex<Set<Int>>([])
    let jobsLeft = Mutex(plans.map(\.tasks.count))
    @Sendable func finish(_ place: Int) throws {
      let isWhole = jobsLeft.withLock { left in
        left[place] -= 1
        return left[place] == 0
      }
      if isWhole { try completed(place) }
    }
    var waiting: [(place: Int, task: FoldTask)] = []
    for (place, plan) in plans.enumerated() {
      for task in plan.tasks {
        if task.folder.isComplete, try task.folder.job() == task.job {
          meter.withLock { $0.skip(work: task.work) }
          try finish(place)
        } else {
          waiting.append((place, task))
        }
      }
    }
    let serial = Mutex(())
    let isAlone = sides.count == 1
    try sides.run(Array(waiting.enumerated())) { next, proceed in
      var workers = Workers()
      while let (number, (place, task)) = try next() {
        guard !lost.withLock({ $0.contains(place) }) else {
          meter.withLock { $0.skip(work: task.work) }
          continue
        }
        meter.withLock { $0.begin(number, task) }
        do {
          try Self.fit(
            task, task.prepared, &workers, measuresMemory: isAlone,
            resume: { epochs in meter.withLock { $0.resume(number, epochs: epochs) } },
            step: { step in
              try proceed()
              let standing = try meter.withLock { try $0.step(number, step) }
              if let standing { serial.withLock { _ in progress(.fitting(standing)) } }
            })
        } catch  where failed != nil && !(error is SideBySide.Stopped) {
          meter.withLock { $0.finish(number) }
          if lost.withLock({ $0.insert(place).inserted }) { failed?(place, error) }
          continue
        }
        meter.withLock { $0.finish(number) }
        try finish(place)
      }
    }
  }

  /// Fits and predicts one job with a worker of the calling thread.
  private static func fit<Prepared: PreparedLearner>(
    _ task: FoldTask, _ prepared: Prepared, _ workers: inout Workers, measuresMemory: Bool,
    resume: @escaping (Int) -> Void, step: @escaping (LearningStep) throws -> Void
  ) throws {
    let folder = task.folder
    try folder.open(for: task.job)
    let heldOut = task.split.heldOut(task.job.fold)
    let epochsBefore = Mutex(0)
    if measuresMemory { PeakMemory.reset() }
    let learning = LearningTask(
      examples: task.examples, training: task.split.training(task.job.fold), heldOut: heldOut, fold: task.job.fold,
      checkpoint: folder.checkpointFile,
      onResume: { epochs in
        try folder.forgetEpochs(after: epochs)
        epochsBefore.withLock { $0 = epochs }
        resume(epochs)
      }, onStep: step, onEpoch: { try folder.log.append($0) })
    try workers.use(for: prepared) { worker in
      let start = ContinuousClock.now
      let model = try prepared.fit(learning, with: &worker)
      let fitted = ContinuousClock.now
      let probabilities = try model.probabilities(of: heldOut)
      let cost = FoldCost(
        fitSeconds: start.duration(to: fitted).seconds, predictSeconds: fitted.duration(to: .now).seconds,
        predicted: heldOut.count, peakMemory: measuresMemory ? PeakMemory.bytes : nil,
        isResumed: epochsBefore.withLock { $0 } > 0, modelSize: model.size)
      if task.keepsModel { try model.write(to: folder.url) }
      try folder.finish(task.predictions(heldOut, probabilities), cost)
    }
  }
}

extension FoldTask {
  fileprivate func predictions(_ heldOut: [Int], _ probabilities: [Double]) -> [Prediction] {
    zip(heldOut, probabilities).map { index, probability in
      let example = examples.examples[index]
      return Prediction(
        patient: example.patient, lesion: example.lesion, slice: example.slice, fold: job.fold,
        label: examples.classes[index], probability: probability)
    }
  }
}
