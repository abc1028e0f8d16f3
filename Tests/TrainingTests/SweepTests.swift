import Dispatch
import Foundation
import Study
import Synchronization
import TestSupport
import Testing
import Torch

@testable import Training

@Suite(.serialized) struct SweepTests {
  private struct Interruption: Error {}

  /// What a sweep told while it ran.
  private struct Record: Sendable {
    var prepared: [Int] = []
    var finished: [String] = []
    var standings: [SweepStanding] = []
    var passes = 0
  }

  /// Sweeps; `preparing` may hold a batch size up, `finishing` and `completing` say whether that part comes to its end.
  private func sweep(
    _ synthetic: SyntheticStudy, _ settings: StudyProtocol, sideBySide: Int? = nil,
    preparing: @escaping @Sendable (_ batchSize: Int) -> Void = { _ in },
    finishing: @escaping @Sendable (Run) -> Bool = { _ in true }, completing: Bool = true
  ) throws -> (record: Record, runs: [Run], error: (any Error)?) {
    let record = Mutex(Record())
    var runs: [Run] = []
    var failure: (any Error)?
    do {
      try Sweep(synthetic.study, protocol: settings, options: try synthetic.options(), sideBySide: sideBySide).run(
        prepared: { validation in
          let batchSize = validation.settings.training.batchSize
          record.withLock { $0.prepared.append(batchSize) }
          preparing(batchSize)
        },
        progress: { event in
          record.withLock { record in
            switch event {
            case .features: record.passes += 1
            case .sweep(let standing): record.standings.append(standing)
            case .step: Issue.record("a step without its batch size")
            }
          }
        },
        finishing: { run in
          guard finishing(run) else { throw Interruption() }
          record.withLock { $0.finished.append(run.id) }
        },
        completing: {
          guard completing else { throw Interruption() }
          runs = $0
        })
    } catch { failure = error }
    return (record.withLock { $0 }, runs, failure)
  }

  private func protocolFile(_ run: Run) throws -> StudyProtocol { try StudyProtocol(contentsOf: run.protocolFile) }

  @Test(arguments: [1, 2]) func itVariesTheBatchSizeAndGoesOnWhereItWas(_ sideBySide: Int) throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.sweep.batchSizes = [8, 6]
    // Interrupted in the reports: what is trained is not trained again, but reported.
    let interrupted = try sweep(synthetic, settings, sideBySide: sideBySide, finishing: { _ in false })
    #expect(interrupted.error is Interruption && interrupted.record.finished.isEmpty)
    if sideBySide == 1 { #expect(interrupted.record.prepared == [6], "the one that takes longest is begun first") }
    let complete = Run.complete(in: synthetic.study)
    let manifests = try complete.map { try Data(contentsOf: $0.manifestFile) }
    #expect((1...sideBySide).contains(complete.count))
    // Interrupted in what its runs have in common: none is trained or reported again.
    let reported = try sweep(synthetic, settings, sideBySide: sideBySide, completing: false)
    #expect(reported.error is Interruption && reported.runs.isEmpty)
    #expect(reported.record.prepared.sorted() == [6, 8] && reported.record.finished.count == 2)
    let whole = try sweep(synthetic, settings, sideBySide: sideBySide)
    #expect(whole.error == nil && whole.record.prepared.isEmpty && whole.record.finished.isEmpty)
    #expect(whole.record.standings.isEmpty && whole.record.passes == 0)
    #expect(try whole.runs.map { try protocolFile($0).training.batchSize } == [8, 6])
    #expect(try complete.map { try Data(contentsOf: $0.manifestFile) } == manifests)
    #expect(Set(complete.map(\.id)).isSubset(of: whole.runs.map(\.id)))
    #expect(try synthetic.runs().count == 2)
    for run in whole.runs {
      let files = try FileManager.default.contentsOfDirectory(atPath: run.url.path)
      #expect(!files.contains { $0.hasPrefix("resume") })
    }
    // What has ended is not taken up: the next sweep is another.
    let next = try sweep(synthetic, settings, sideBySide: sideBySide)
    #expect(next.record.prepared.sorted() == [6, 8] && next.runs.map(\.id) != whole.runs.map(\.id))
    #expect(try synthetic.runs().count == 4)
    #expect(Run.complete(in: synthetic.study).map(\.id).suffix(2) == next.runs.map(\.id), "in the protocol's order")
    let folds = try next.runs.map { try $0.readJSON(Folds.self, from: $0.foldsFile) }
    #expect(folds[0] == folds[1])
  }

  @Test func sideBySideTheBitsAreThoseOfOneAfterTheOther() throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.training.epochs = 3
    settings.network.frozenThrough = "layer3"
    settings.sweep.batchSizes = [4, 8, 6]
    let threads = LibTorch.threadCount
    defer { LibTorch.setThreadCount(threads) }
    LibTorch.setThreadCount(1)
    let results = try [1, 3].map { sideBySide in
      let sweep = try sweep(synthetic, settings, sideBySide: sideBySide)
      #expect(sweep.error == nil)
      return try sweep.runs.map { run in
        let log = try run.epochs().map { [Double($0.fold), Double($0.epoch), $0.loss, $0.heldOutLoss] }
        return (predictions: try PredictionTable.read(run.predictionsFile), log: log)
      }
    }
    for (one, other) in zip(results[0], results[1]) {
      #expect(one.predictions == other.predictions)
      #expect(one.log == other.log)
    }
    #expect(Set(results[0].map { $0.predictions.map(\.probability) }).count == 3)
  }

  @Test func aCrossValidationWithAsManyThreadsRepeatsIt() throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.network.frozenThrough = "layer3"
    settings.sweep.batchSizes = [8, 6]
    let threads = LibTorch.threadCount
    defer { LibTorch.setThreadCount(threads) }
    LibTorch.setThreadCount(4)
    let sweep = try sweep(synthetic, settings)
    #expect(LibTorch.threadCount == 4 && sweep.record.passes > 0)
    LibTorch.setThreadCount(2)
    for run in sweep.runs {
      #expect(try run.readJSON(Run.Manifest.self, from: run.manifestFile)["device"]?.hasSuffix(" 2 threads") == true)
      let validation = try CrossValidation(
        synthetic.study, protocol: try protocolFile(run), options: synthetic.options())
      var passes = 0
      let again = try validation.run { if case .features = $0 { passes += 1 } }
      // The features do not depend on the number of threads, and serve it too.
      #expect(passes == 0)
      #expect(try PredictionTable.read(again.predictionsFile) == PredictionTable.read(run.predictionsFile))
    }
    // With more threads it is another experiment: the one does not go on where the other was.
    let validation = try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options())
    var other = validation
    other.threads = 4
    #expect(try other.key != validation.key)
  }

  @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1, "needs two cores"))
  func aFailureStopsTheOthersAndNothingIsLost() throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.training.epochs = 2
    settings.sweep.batchSizes = [4, 8]
    // Batch size 4 begins to train once the other one's report has failed.
    let hasFailed = DispatchSemaphore(value: 0)
    let failed = try sweep(
      synthetic, settings, sideBySide: 2,
      // Guards against a hang only.
      preparing: { if $0 == 4 { #expect(hasFailed.wait(timeout: .now() + 900) == .success) } },
      finishing: { _ in
        hasFailed.signal()
        return false
      })
    #expect(failed.error is Interruption)
    let stopped = try #require(Run.incomplete(in: synthetic.study).first)
    #expect(try stopped.epochs().isEmpty)
    let rest = try sweep(synthetic, settings, sideBySide: 2)
    #expect(rest.error == nil && rest.runs.first?.id == stopped.id)
    #expect(try rest.runs.map { try $0.epochs().count } == [4, 4])
    #expect(try synthetic.runs().count == 2)
  }

  @Test func howFarASweepIsCountsWhatWasDoneBefore() throws {
    func step(_ fraction: Double, before: Double = 0) -> TrainingProgress.Step {
      .init(
        fold: 0, foldCount: 2, epoch: 1, epochCount: 1, loss: 1, imagesPerSecond: 1, fraction: fraction,
        fractionBefore: before, secondsLeft: 1)
    }
    var meter = SweepMeter(count: 4, finished: 1)
    let first = meter.standing(after: step(0.6, before: 0.5), at: 16)
    #expect(first.members.map(\.batchSize) == [16] && abs(first.fraction - 1.6 / 4) < 1e-12)
    Thread.sleep(forTimeInterval: 0.05)
    let second = meter.standing(after: step(0.2), at: 4)
    #expect(second.members.map(\.batchSize) == [4, 16] && abs(second.fraction - 1.8 / 4) < 1e-12)
    // 0.3 of a cross-validation took 0.05 s or a little more, and 2.2 are left.
    #expect(second.secondsLeft >= 0.05 * 2.2 / 0.3)
    meter.finish(4)
    // Complete before, but for its report.
    meter.finish(64)
    let third = meter.standing(after: step(0.8, before: 0.5), at: 16)
    #expect(third.members.map(\.batchSize) == [16] && abs(third.fraction - 3.8 / 4) < 1e-12)

    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.sweep.batchSizes = [8, 6]
    let standings = try sweep(synthetic, settings).record.standings
    #expect(standings.allSatisfy { (0...1).contains($0.fraction) && $0.secondsLeft >= 0 })
    #expect(abs((standings.map(\.fraction).max() ?? 0) - 1) < 1e-9)
  }

  @Test func eachElementIsTakenOnceByThreadsThatShareTheRest() throws {
    #expect(SideBySide(3, of: 16).threads == 5)
    #expect(SideBySide(3, of: 2).threads == 1)
    #expect(SideBySide(0, of: 2).count == 1)
    #expect(try SideBySide(3).map(Array(0..<50)) { $0 * $0 } == (0..<50).map { $0 * $0 })
    let taken = Mutex([Int]())
    try SideBySide(4).run(Array(0..<100)) { next, _ in
      while let element = try next() { taken.withLock { $0.append(element) } }
    }
    #expect(taken.withLock { $0.sorted() } == Array(0..<100))
    struct Failure: Error, Equatable { let element: Int }
    #expect(throws: Failure(element: 3)) {
      try SideBySide(2).run(Array(0..<1_000_000)) { next, proceed in
        while let element = try next() {
          if element == 3 { throw Failure(element: element) }
          if element > 3 { while true { try proceed() } }
        }
      }
    }
  }
}
