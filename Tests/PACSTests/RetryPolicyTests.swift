import Synchronization
import Testing

@testable import PACS

struct RetryPolicyTests {
  /// A policy that writes down its pauses instead of waiting.
  final class Pauses: Sendable {
    private let seen = Mutex<[Duration]>([])
    var all: [Duration] { seen.withLock { $0 } }

    func policy(attempts: Int) -> RetryPolicy {
      var policy = RetryPolicy(attempts: attempts, firstDelay: .seconds(1), longestDelay: .seconds(10))
      policy.sleep = { pause in self.seen.withLock { $0.append(pause) } }
      return policy
    }
  }

  @Test func pausesDoubleWithJitterUpToTheLongest() async throws {
    let pauses = Pauses()
    await #expect(throws: PACSError(.timeout, "slow")) {
      try await pauses.policy(attempts: 7).run { throw PACSError(.timeout, "slow") }
    }
    let longest: [Double] = [1, 2, 4, 8, 10, 10]
    #expect(pauses.all.count == 6)
    for (pause, longest) in zip(pauses.all, longest) {
      #expect((.seconds(longest / 2)...(.seconds(longest))).contains(pause))
    }
  }

  @Test func theServersTimeIsWaitedFor() async throws {
    let pauses = Pauses()
    _ = try? await pauses.policy(attempts: 2).run { throw PACSError(.server, "429", retryAfter: .seconds(7)) }
    _ = try? await pauses.policy(attempts: 2).run { throw PACSError(.server, "503", retryAfter: .seconds(86400)) }
    #expect(pauses.all == [.seconds(7), .seconds(10)])
  }

  @Test func whatIsForGoodIsNotRepeated() async throws {
    let pauses = Pauses()
    await #expect(throws: PACSError.self) {
      try await pauses.policy(attempts: 5).run { throw PACSError(.refused, "401") }
    }
    #expect(pauses.all.isEmpty)
    #expect(try await pauses.policy(attempts: 1).run { 7 } == 7)
  }
}
