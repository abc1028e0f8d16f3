import Foundation
import Study
import Synchronization
import Support

@testable import Experiment

/// A learner whose model is the share of high grade in its training part, learnt in several epochs; it keeps account of its fits.
struct CountingLearner: Learner {
  struct Stopped: Error {}

  /// What all its copies share.
  final class Shared: Sendable {
    let account = Mutex(Account())
    /// Throws in this epoch of this fold, once.
    let failure: Mutex<(fold: Int, epoch: Int)?>

    init(failingIn failure: (fold: Int, epoch: Int)?) { self.failure = Mutex(failure) }
  }

  /// What fits were asked for.
  struct Account: Sendable {
    var training: [Int: [Int]] = [:]
    var workers = 0
    var atOnce = 0
    var mostAtOnce = 0
    var epochs: [String] = []
  }

  private(set) var settings: StudyProtocol
  private let shared: Shared
  let epochCount = 3

  init(_ settings: StudyProtocol, failingIn failure: (fold: Int, epoch: Int)? = nil) {
    self.settings = settings
    shared = Shared(failingIn: failure)
  }

  /// What fits were asked for so far.
  var account: Account { shared.account.withLock { $0 } }

  var description: LearnerDescription { LearnerDescription(learner: "counting", methods: ["The model counts."]) }
  var summary: String { "counting" }
  var notes: [String] { [] }
  var hardware: Hardware { Hardware(threads: 4, processor: "any") }

  func with(_ settings: StudyProtocol) -> any Learner {
    var changed = self
    changed.settings = settings
    return changed
  }
  func work(trainingCount: Int) -> Int { trainingCount * epochCount }

  func prepare(
    _ examples: ExampleSet, sharing others: [any PreparedLearner], progress: (Int, Int) -> Void
  ) -> any PreparedLearner { Prepared(learner: self) }

  /// The registry with this learner alone.
  var registry: LearnerRegistry {
    LearnerRegistry([
      LearnerKind("counting", examples: Set(StudyProtocol.ExampleKind.allCases)) { settings, _ in with(settings) }
    ])
  }

  struct Prepared: PreparedLearner {
    let learner: CountingLearner
    let workerKey = "counting"

    func makeWorker() -> Int { learner.shared.account.withLock { $0.workers += 1 }; return 0 }

    func fit(_ task: LearningTask, with worker: inout Int) throws -> any FittedModel {
      worker += 1
      learner.shared.account.withLock { account in
        account.training[task.fold] = task.training
        account.atOnce += 1
        account.mostAtOnce = max(account.mostAtOnce, account.atOnce)
      }
      defer { learner.shared.account.withLock { $0.atOnce -= 1 } }
      let done = (try? String(contentsOf: task.checkpoint, encoding: .utf8)).flatMap { Int($0) } ?? 0
      try task.onResume(done)
      for epoch in done..<learner.epochCount {
        try task.onStep(
          LearningStep(epoch: epoch + 1, epochCount: learner.epochCount, done: task.training.count, loss: { 0.5 }))
        let fails = learner.shared.failure.withLock { failure in
          guard failure?.fold == task.fold, failure?.epoch == epoch + 1 else { return false }
          failure = nil
          return true
        }
        if fails { throw Stopped() }
        try task.onEpoch(
          Run.Epoch(
            fold: task.fold, epoch: epoch + 1, loss: 1, heldOutLoss: 1, imagesPerSecond: 1, seconds: 1))
        learner.shared.account.withLock { $0.epochs.append("fold \(task.fold) epoch \(epoch + 1)") }
        if epoch + 1 < learner.epochCount { try AtomicFile.write("\(epoch + 1)", to: task.checkpoint) }
      }
      let high = task.training.count { task.examples.classes[$0] == .high }
      return Model(share: Double(high) / Double(task.training.count))
    }

    func load(from folder: URL, for task: LearningTask, with worker: inout Int) throws -> any FittedModel {
      let text = try String(contentsOf: folder.appendingPathComponent("model.txt"), encoding: .utf8)
      guard let share = Double(text) else { throw Stopped() }
      return Model(share: share)
    }
  }

  struct Model: FittedModel {
    let share: Double
    func probabilities(of examples: [Int]) -> [Double] { examples.map { share + Double($0) * 1e-6 } }
    func write(to folder: URL) throws {
      try AtomicFile.write("\(share)", to: folder.appendingPathComponent("model.txt"))
    }
  }
}
