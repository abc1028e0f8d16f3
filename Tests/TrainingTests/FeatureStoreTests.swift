import Foundation
import Study
import Synchronization
import TestSupport
import Testing
import Torch

@testable import Experiment
@testable import Training

@Suite struct FeatureStoreTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Values that tell ROI, orientation, channel, row and column apart: 3 channels of 2 x 4.
  private static func values(_ samples: [Sample]) throws -> Tensor {
    let elements = samples.flatMap { sample in
      (0..<24).map { Float(sample.index * 100 + (sample.isFlipped ? 50 : 0) + $0) / 8 }
    }
    return try Tensor(elements, shape: [samples.count, 3, 2, 4])
  }

  private func store(
    _ part: String = "a", roiCount: Int = 37, withFlips: Bool = true, dtype: DType = .float32,
    threads: Int = 1, compute: (@Sendable ([Sample]) throws -> Tensor)? = nil
  ) throws -> FeatureStore {
    try FeatureStore(
      in: folder.url.appendingPathComponent("features"), key: .init(parts: [part]), roiCount: roiCount,
      withFlips: withFlips, shape: [3, 2, 4], dtype: dtype,
      sides: SideBySide(threads, of: LibTorch.threadCount, setThreadCount: LibTorch.setThreadCount),
      compute: compute ?? { try Self.values($0) }, progress: { _, _ in })
  }

  private func files() throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
      at: folder.url.appendingPathComponent("features"), includingPropertiesForKeys: nil)
  }

  struct NotAsked: Error {}

  @Test(arguments: [DType.float32, .bfloat16]) func batchesAreWhatTheFrozenStagesGive(dtype: DType) throws {
    let store = try store(dtype: dtype)
    let samples = [(36, true), (0, false), (0, true), (17, false)].map { Sample(index: $0, isFlipped: $1) }
    let batch = try store.batch(samples, on: .cpu)
    #expect(batch.shape == [4, 3, 2, 4])
    #expect(batch.dtype == dtype)
    #expect(batch.isChannelsLast)
    #expect(try batch.floats() == Self.values(samples).to(dtype).floats())
  }

  @Test func withoutFlipsEachROIIsStoredOnce() throws {
    let store = try store(withFlips: false)
    #expect(try files().first.map { try Data(contentsOf: $0).count } == 37 * 24 * 4 + 32)
    let samples = [Sample(index: 36, isFlipped: false), Sample(index: 1, isFlipped: false)]
    #expect(try store.batch(samples, on: .cpu).floats() == Self.values(samples).floats())
  }

  @Test func aSecondRunReadsAndAnotherKeyNeverDoes() throws {
    _ = try store()
    _ = try store { _ in throw NotAsked() }
    #expect(throws: NotAsked.self) { try store("b") { _ in throw NotAsked() } }
    #expect(try files().count == 1)
  }

  @Test func aDamagedFileIsMadeAgain() throws {
    _ = try store()
    let url = try #require(try files().first)
    var data = try Data(contentsOf: url)
    data[100] ^= 1
    try data.write(to: url)
    #expect(throws: NotAsked.self) { try store { _ in throw NotAsked() } }
    _ = try store()
    try data.prefix(500).write(to: url)
    let samples = [Sample(index: 3, isFlipped: true)]
    #expect(try store().batch(samples, on: .cpu).floats() == Self.values(samples).floats())
  }

  @Test func aFailureLeavesNothingBehind() throws {
    let passes = Atomic(0)
    #expect(throws: NotAsked.self) {
      try store { samples in
        if passes.add(1, ordering: .relaxed).newValue == 2 { throw NotAsked() }
        return try Self.values(samples)
      }
    }
    #expect(try files().isEmpty)
  }

  @Test(arguments: [2, 3, 7]) func severalThreadsMakeTheFileThatOneMakes(_ threads: Int) throws {
    _ = try store("one")
    let file = try #require(try files().first)
    _ = try store("several", threads: threads)
    let other = try #require(try files().first { $0 != file })
    #expect(try Data(contentsOf: file) == Data(contentsOf: other))
  }
}
