import Foundation
import Testing

@testable import Evaluation

struct SelectionStabilityTests {
  private struct Golden: Decodable {
    let candidates: Int
    let choices: [[String]]
    let value, error: Double
  }

  @Test func `The index and its interval equal those of the reference`() throws {
    let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/stability.json")
    for item in try JSONDecoder().decode([Golden].self, from: Data(contentsOf: url)) {
      let found = try SelectionStability.of(item.choices.map(Set.init), among: item.candidates)
      let interval = try #require(found.interval)
      #expect(abs(try #require(found.value) - item.value) < 1e-12)
      #expect(abs(interval.lower - max(-1, item.value - 1.959964 * item.error)) < 1e-6)
      #expect(abs(interval.upper - min(1, item.value + 1.959964 * item.error)) < 1e-6)
    }
  }

  @Test func `Equal choices have an index of 1, disjoint ones the least`() throws {
    let equal = try SelectionStability.of(Array(repeating: ["a", "b"], count: 5), among: 40)
    #expect(equal.value == 1 && equal.interval?.lower == 1)
    let disjoint = try SelectionStability.of([["a"], ["b"]], among: 2)
    #expect(abs(try #require(disjoint.value) + 1) < 1e-12)
  }

  @Test func `Without two choices, or where all are chosen, there is no index`() {
    #expect(throws: NotEstimable.self) { try SelectionStability.of([["a"]], among: 4) }
    #expect(throws: NotEstimable.self) { try SelectionStability.of([["a", "b"], ["a", "b"]], among: 2) }
    #expect(throws: NotEstimable.self) { try SelectionStability.of([[], []], among: 2) }
    #expect(throws: NotEstimable.self) { try SelectionStability.of([["a", "b"], ["c"]], among: 2) }
  }
}
