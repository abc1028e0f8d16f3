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

  @Test func xoshiro256() {
    var generator = DeterministicGenerator(seed: 7, stream: 3)
    #expect(
      (0..<3).map { _ in generator.next() } == [
        7_122_086_125_333_465_038, 12_723_996_763_761_105_925, 13_000_968_609_340_324_359,
      ])
  }
}
