import Synchronization

/// A value that one thread at a time reads or changes, also where a task does so before and after it was suspended.
///
/// `Mutex` is inlined, and inlined into a function that suspends, the optimiser (Swift 6.3 on Linux) may keep the identity of the
/// thread from before the suspension: the lock is taken in one thread's name and given up in another's, which ends the process.
public final class Locked<Value: Sendable>: Sendable {
  private let value: Mutex<Value>

  /// Guards a value.
  public init(_ value: Value) { self.value = Mutex(value) }

  /// Gives `body` the value, which no other thread uses meanwhile; `body` must not lock the same value again.
  @inline(never)
  public func withLock<Result: Sendable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try value.withLock { (value) throws(Failure) in try body(&value) }
  }
}
