import Foundation

/// A listening socket on a port of 127.0.0.1 that the system chooses.
///
/// It is closed by the thread that accepts, and shut down only while it is open: its number may belong to another socket afterwards.
public final class LoopbackListener: @unchecked Sendable {
  /// The port.
  public let port: Int
  private let descriptor: Int32
  private let lock = NSLock()
  private var isOpen = true

  /// Begins to listen.
  public init() throws { (descriptor, port) = try Loopback.listening() }

  /// The next connection; nil once the listener was stopped, or where the system gives no more.
  public func next() -> Int32? {
    while true {
      let connection = accept(descriptor, nil, nil)
      if connection >= 0 { return connection }
      // A signal, or a client that hung up while it waited.
      guard errno == EINTR || errno == ECONNABORTED else { return nil }
    }
  }

  /// Refuses connections from now on, so that `next` ends.
  public func stop() { lock.withLock { if isOpen { _ = shutdown(descriptor, Int32(SHUT_RDWR)) } } }

  /// Closes the socket; for the thread that accepts, at its end.
  public func close() {
    lock.withLock {
      if isOpen { Foundation.close(descriptor) }
      isOpen = false
    }
  }
}
