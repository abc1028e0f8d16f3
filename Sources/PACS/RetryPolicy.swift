/// How often, and after which pauses, an attempt that failed for a passing reason is repeated.
///
/// The pauses double from attempt to attempt; each is drawn between half of that and the whole, so that many clients do not
/// come back at once. Where the server states a time (Retry-After), that is waited for.
public struct RetryPolicy: Sendable {
  /// The number of attempts, the first one included.
  public var attempts: Int
  /// The longest first pause.
  public var firstDelay: Duration
  /// No pause is longer, whatever the server asks for.
  public var longestDelay: Duration
  /// Waits; tests wait differently.
  var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

  /// Makes a policy; by default five attempts within about a quarter of a minute.
  public init(attempts: Int = 5, firstDelay: Duration = .seconds(1), longestDelay: Duration = .seconds(60)) {
    self.attempts = max(1, attempts)
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
  }

  /// Runs `body` until it succeeds, fails for good, or the attempts are used up; throws its last error.
  func run<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
    var failed = 0
    while true {
      do {
        return try await body()
      } catch let error as PACSError where error.isTransient {
        failed += 1
        guard failed < attempts else { throw error }
        try await pause(afterFailures: failed, error)
      }
    }
  }

  /// Waits before the next attempt.
  func pause(afterFailures failed: Int, _ error: PACSError) async throws {
    let longest = min(firstDelay * (1 << min(failed - 1, 20)), longestDelay)
    let drawn = longest * Double.random(in: 0.5...1)
    try await sleep(min(max(drawn, error.retryAfter ?? .zero), longestDelay))
  }
}
