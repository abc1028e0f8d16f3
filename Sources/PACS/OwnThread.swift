import Foundation

/// Does blocking work on a thread of its own: the threads that all tasks share must never wait.
///
/// A cancelled task waits until the work has ended.
func onOwnThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Swift.Result(catching: work)) }
  }
}
