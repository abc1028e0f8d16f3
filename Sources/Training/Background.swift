import Dispatch

/// A value that another thread is making.
final class Background<Value: Sendable>: @unchecked Sendable {
  private let isDone = DispatchSemaphore(value: 0)
  /// Set once, before `isDone` is signalled; read after it.
  private var result: Result<Value, any Error>?

  /// Begins to make the value, after what the queue was given before.
  init(on queue: DispatchQueue, _ make: @escaping @Sendable () throws -> Value) {
    queue.async {
      self.result = Result(catching: make)
      self.isDone.signal()
    }
  }

  /// Waits for the value.
  func value() throws -> Value {
    isDone.wait()
    defer { isDone.signal() }
    guard let result else { preconditionFailure("signalled without a result") }
    return try result.get()
  }
}
