import Foundation
import Study
import Synchronization
import TestSupport
import Testing
import Torch

@testable import Experiment
@testable import Training

@Suite(.serialized) struct SweepTests {
  private struct Interruption: Error {}

  /// What a sweep told while it ran.
  private struct Record: Sendable {
    var finished: [String] = []
    var standings: [ExperimentProgress.Standing] = []
    var passes = 0
    /// The titles of the jobs, each once, in the order in which they were seen.
    var titles: [String] {
      standings.flatMap(\.jobs).map(\.title).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
  }

  /// Sweeps; `fitting` may hold a job up, `finishing` and `completing` say whether that part comes to its end.
  private func sweep(
    _ synthetic: SyntheticStudy, _ settings: StudyProtocol, sideBySide: Int? = nil,
    over variation: Sweep.Variation = .batchSizes,
    fitting: @escaping @Sendable (ExperimentProgress.Standing) -> Void = { _ in },
    finishing: @escaping @Sendable (Run) -> Bool = { _ in true }, completing: Bool = true
  ) throws -> (record: Record, runs: [Run], error: (any Error)?) {
    let record = Mutex(Record())
    var runs: [Run] = []
    var failure: (any Error)?
    do {
      let sweep = try Sweep(
        synthetic.study, protocol: settings, learners: try synthetic.options().learners, over: variation)
      try sweep.run(
        sideBySide: sideBySide,
        progress: { event in
          switch event {
          case .extracting: break
          case .preparing: record.withLock { $0.passes += 1 }
          case .fitting(let standing):
            record.withLock { $0.standings.append(standing) }
            fitting(standing)
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
    settings.sweep?.batchSizes = [8, 6]
    // Interrupted in the reports: what is trained is not trained again, but reported.
    let interrupted = try sweep(synthetic, settings, sideBySide: sideBySide, finishing: { _ in false })
    #expect(interrupted.error is Interruption && interrupted.record.finished.isEmpty)
    if sideBySide == 1 {
      #expect(
        interrupted.record.titles == ["batch 6, fold 1/2", "batch 6, fold 2/2"], "what takes longest is begun first")
    }
    let complete = Run.complete(in: synthetic.study)
    let manifests = try complete.map { try Data(contentsOf: $0.manifestFile) }
    #expect((1...sideBySide).contains(complete.count))
    // Interrupted in what its runs have in common: none is trained or reported again.
    let reported = try sweep(synthetic, settings, sideBySide: sideBySide, completing: false)
    #expect(reported.error is Interruption && reported.runs.isEmpty)
    #expect(reported.record.finished.count == 2)
    let whole = try sweep(synthetic, settings, sideBySide: sideBySide)
    #expect(whole.error == nil && whole.record.finished.isEmpty)
    #expect(whole.record.standings.isEmpty && whole.record.passes == 0)
    #expect(try whole.runs.map { try protocolFile($0).training?.batchSize } == [8, 6])
    #expect(try complete.map { try Data(contentsOf: $0.manifestFile) } == manifests)
    #expect(Set(complete.map(\.id)).isSubset(of: whole.runs.map(\.id)))
    #expect(try synthetic.runs().count == 2)
    for run in whole.runs {
      let files = try FileManager.default.contentsOfDirectory(atPath: run.url.path)
      #expect(!files.contains { $0.hasPrefix("resume") })
    }
    // What has ended is not taken up: the next sweep is another.
    let next = try sweep(synthetic, settings, sideBySide: sideBySide)
    #expect(next.record.titles.count == 4 && next.runs.map(\.id) != whole.runs.map(\.id))
    #expect(try synthetic.runs().count == 4)
    #expect(Run.complete(in: synthetic.study).map(\.id).suffix(2) == next.runs.map(\.id), "in the protocol's order")
    let folds = try next.runs.map { try $0.readJSON(Folds.self, from: $0.foldsFile) }
    #expect(folds[0] == folds[1])
  }

  @Test func sideBySideTheBitsAreThoseOfOneAfterTheOther() throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.training?.epochs = 3
    settings.network?.frozenThrough = "layer3"
    settings.sweep?.batchSizes = [4, 8, 6]
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
    settings.network?.frozenThrough = "layer3"
    settings.sweep?.batchSizes = [8, 6]
    let threads = LibTorch.threadCount
    defer { LibTorch.setThreadCount(threads) }
    LibTorch.setThreadCount(4)
    let sweep = try sweep(synthetic, settings)
    #expect(LibTorch.threadCount == 4 && sweep.record.passes > 0)
    LibTorch.setThreadCount(2)
    for run in sweep.runs {
      #expect(try run.manifest().hardware?.threads == 2)
      let validation = try CrossValidation(
        synthetic.study, protocol: try protocolFile(run), options: synthetic.options())
      let passes = Mutex(0)
      let again = try validation.run { if case .preparing = $0 { passes.withLock { $0 += 1 } } }
      // The features do not depend on the number of threads, and serve it too.
      #expect(passes.withLock { $0 } == 0)
      #expect(try PredictionTable.read(again.predictionsFile) == PredictionTable.read(run.predictionsFile))
    }
    // With more threads it is another experiment: the one does not go on where the other was.
    let validation = try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options())
    #expect(try validation.key(4) != validation.key(2))
  }

  @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1, "needs two cores"))
  func aFailureStopsTheOthersAndNothingIsLost() throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.training?.epochs = 2
    settings.sweep?.batchSizes = [4, 8]
    let failed = try sweep(synthetic, settings, sideBySide: 2, finishing: { _ in false })
    #expect(failed.error is Interruption)
    let rest = try sweep(synthetic, settings, sideBySide: 2)
    #expect(rest.error == nil)
    #expect(try rest.runs.map { try $0.epochs().count } == [4, 4])
    #expect(try synthetic.runs().count == 2)
    // What was fitted before the failure is not fitted again.
    let before = Set(failed.record.standings.flatMap(\.jobs).filter { $0.fraction == 1 }.map(\.title))
    #expect(!before.isEmpty)
    // On a busy machine all was fitted before the failure was told.
    let resumed = rest.record.standings.first?.fraction ?? 1
    #expect(resumed >= Double(before.count - 1) / 4)
  }

  @Test func howFarASweepIsCountsWhatWasDoneBefore() throws {
    let synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.sweep?.batchSizes = [8, 6]
    let standings = try sweep(synthetic, settings).record.standings
    #expect(standings.allSatisfy { (0...1).contains($0.fraction) && $0.secondsLeft >= 0 })
    #expect(abs((standings.map(\.fraction).max() ?? 0) - 1) < 1e-9)
    #expect(zip(standings, standings.dropFirst()).allSatisfy { $0.fraction <= $1.fraction })
  }

  @Test func seedsAreVariedLikeBatchSizes() throws {
    let synthetic = try SyntheticStudy()
    let found = try sweep(synthetic, synthetic.settings, sideBySide: 1, over: .seeds(3))
    #expect(found.error == nil && found.runs.count == 3)
    #expect(try found.runs.map { try protocolFile($0).training?.seed } == [1, 2, 3])
    #expect(found.record.titles.first == "seed 1, fold 1/2")
    let predictions = try found.runs.map { try PredictionTable.read($0.predictionsFile).map(\.probability) }
    #expect(Set(predictions).count == 3)
    // The first is the run of the protocol itself.
    let own = try CrossValidation(synthetic.study, protocol: synthetic.settings, options: synthetic.options()).run {
      _ in
    }
    #expect(try PredictionTable.read(own.predictionsFile).map(\.probability) == predictions[0])
  }

  @Test func eachElementIsTakenOnceByThreadsThatShareTheRest() throws {
    func sides(_ count: Int, of threads: Int = 2) -> SideBySide {
      SideBySide(count, of: threads, setThreadCount: LibTorch.setThreadCount)
    }
    #expect(sides(3, of: 16).threads == 5)
    #expect(sides(3, of: 2).threads == 1)
    #expect(sides(0, of: 2).count == 1)
    #expect(try sides(3).map(Array(0..<50)) { $0 * $0 } == (0..<50).map { $0 * $0 })
    let taken = Mutex([Int]())
    try sides(4).run(Array(0..<100)) { next, _ in
      while let element = try next() { taken.withLock { $0.append(element) } }
    }
    #expect(taken.withLock { $0.sorted() } == Array(0..<100))
    struct Failure: Error, Equatable { let element: Int }
    #expect(throws: Failure(element: 3)) {
      try sides(2).run(Array(0..<1_000_000)) { next, proceed in
        while let element = try next() {
          if element == 3 { throw Failure(element: element) }
          if element > 3 { while true { try proceed() } }
        }
      }
    }
  }
}
