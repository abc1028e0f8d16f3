import Support
import Testing

/// Results depend on these numbers for good.
@Suite struct GeneratorTests {
  /// The first numbers of the reference implementation (Vigna's splitmix64.c) for the seed 1234567.
  @Test func splitMix64() {
    var generator = SplitMix64(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in generator.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
  }

  /// The first numbers of an independent implementation, whose states are mixed of the seed 42 and the number of the stream.
  @Test(
    arguments: [
      (0, 6_332_618_229_526_065_668, 17_630_415_256_238_047_317),
      (1, 4_440_309_922_750_773_459, 43_145_246_083_206_247),
      (2, 3_322_307_823_294_657_785, 9_533_845_579_759_658_656),
    ] as [(UInt64, UInt64, UInt64)])
  func streamsOfSplitMix64(stream: UInt64, first: UInt64, second: UInt64) {
    var generator = SplitMix64(seed: 42, stream: stream)
    #expect([generator.next(), generator.next()] == [first, second])
    #expect((0..<100).allSatisfy { _ in (0..<1).contains(generator.unit()) })
  }

  /// The first numbers of an independent implementation of xoshiro256** on the state that SplitMix64 gives.
  @Test func xoshiro256() {
    var generator = DeterministicGenerator(seed: 7, stream: 3)
    #expect(
      (0..<3).map { _ in generator.next() } == [
        7_122_086_125_333_465_038, 12_723_996_763_761_105_925, 13_000_968_609_340_324_359,
      ])
  }
}
