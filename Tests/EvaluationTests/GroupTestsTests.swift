import Foundation
import Testing

@testable import Evaluation

/// What Tests/Reference/cohort.py wrote.
private struct Golden: Decodable {
  struct Counts: Decodable {
    let counts: [[Int]]
    let statistic: Double?
    let p: Double?
  }

  struct Samples: Decodable {
    let first, second: [Double]
    let u: Double
    let mannWhitney, t, welch: Double?
  }

  let fisher: [Counts]
  let chiSquare: [Counts]
  let samples: [Samples]

  static func read() throws -> Golden {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/group-tests", withExtension: "json"))
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
  }
}

/// Against scipy, on random and degenerate data.
@Suite struct GroupTestsTests {
  @Test func fisherEqualsScipys() throws {
    let golden = try Golden.read().fisher
    #expect(golden.count >= 230 && golden.contains { $0.p == nil })
    for item in golden { #expect(agree(GroupTests.fisherExact(item.counts)?.p, item.p, within: 1e-9), "\(item)") }
  }

  @Test func chiSquareEqualsScipys() throws {
    let golden = try Golden.read().chiSquare
    #expect(golden.count >= 230 && golden.contains { $0.p == nil })
    for item in golden {
      let test = GroupTests.chiSquare(item.counts)
      #expect(agree(test?.p, item.p, within: 1e-9), "\(item)")
      #expect(agree(test?.statistic, item.statistic, within: 1e-9 * max(1, item.statistic ?? 1)), "\(item)")
    }
  }

  @Test func mannWhitneyEqualsScipys() throws {
    let golden = try Golden.read().samples
    #expect(golden.count >= 230 && golden.contains { $0.mannWhitney == nil })
    #expect(golden.contains { GroupTests.mannWhitney($0.first, $0.second)?.name.hasPrefix("exact") == true })
    for item in golden {
      let test = GroupTests.mannWhitney(item.first, item.second)
      #expect(agree(test?.p, item.mannWhitney, within: 1e-9), "\(item)")
      if let test { #expect(test.statistic == item.u) }
    }
  }

  @Test func welchEqualsScipys() throws {
    let golden = try Golden.read().samples
    #expect(golden.contains { $0.welch == nil })
    for item in golden {
      let test = GroupTests.welch(item.first, item.second)
      #expect(agree(test?.p, item.welch, within: 1e-9), "\(item)")
      #expect(agree(test?.statistic, item.t, within: 1e-9 * max(1, abs(item.t ?? 1))), "\(item)")
    }
  }

  @Test func whatCannotBeTestedIsNil() {
    #expect(GroupTests.ofCounts([]) == nil)
    #expect(GroupTests.ofCounts([[3, 4]]) == nil)
    #expect(GroupTests.ofCounts([[1, 2], [3]].map { $0 + Array(repeating: 0, count: 2 - $0.count) })?.p != nil)
    #expect(GroupTests.fisherExact([[1, 2], [3]]) == nil)
    #expect(GroupTests.fisherExact([[1, -2], [3, 4]]) == nil)
    #expect(GroupTests.mannWhitney([], [1]) == nil)
    #expect(GroupTests.mannWhitney([.nan], [1, 2]) == nil)
    #expect(GroupTests.welch([1], [1, 2]) == nil)
  }

  @Test func theTestFollowsTheTable() {
    #expect(GroupTests.ofCounts([[3, 4], [0, 0], [5, 1]])?.name == "Fisher's exact test")
    #expect(GroupTests.ofCounts([[3, 4], [2, 2], [5, 1]])?.name == "chi-square test")
  }
}
