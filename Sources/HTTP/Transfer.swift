import Dispatch
import Foundation
import Support

/// One exchange, between the thread that libcurl runs on and the task that reads the answer.
///
/// The task is suspended while it waits, never blocked; the thread waits while the task has not taken what arrived.
final class Transfer: Sendable {
  /// The status and the header fields of an answer.
  typealias Head = (status: Int, headers: [(name: String, value: String)])

  /// How many bytes may wait for the task.
  private static let capacity = 1 << 18

  private struct State {
    var head: Head?
    var arrived = Data()
    /// How the exchange ended.
    var end: Result<Void, any Error>?
    /// The task, where it waits for any of the above.
    var reader: CheckedContinuation<Void, Never>?
    var threadWaits = false
  }

  private let state = Locked(State())
  private let room = DispatchSemaphore(value: 0)
  private let interrupt: @Sendable () -> Void

  /// `interrupt` ends the thread's waiting for the network.
  init(interrupt: @escaping @Sendable () -> Void) { self.interrupt = interrupt }

  // MARK: The thread's side

  /// Whether the rest is no longer needed.
  var isOver: Bool { state.withLock { $0.end != nil } }

  func receive(_ head: Head) { change { $0.head = head } }

  /// Adds bytes of the body, once there is room for them; false if they are no longer needed.
  func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    while true {
      let waits = state.withLock { state in
        state.threadWaits = state.end == nil && state.arrived.count >= Self.capacity
        return state.threadWaits
      }
      guard waits else { break }
      room.wait()
    }
    change { if $0.end == nil { $0.arrived.append(contentsOf: bytes) } }
    return !isOver
  }

  /// Ends the exchange; what has arrived before can still be read, unless the task is cancelled.
  func finish(_ end: Result<Void, any Error>) { change { if $0.end == nil { $0.end = end } } }

  // MARK: The task's side

  /// Ends the exchange, whatever has arrived.
  func cancel() {
    var isOpen = false
    change { state in
      isOpen = state.end == nil
      guard isOpen else { return }
      state.end = .failure(CancellationError())
      state.arrived = Data()
    }
    if isOpen { interrupt() }
  }

  /// The answer, once its header is there.
  func head() async throws -> Head {
    while true {
      if let head = try state.withLock({ state -> Head? in
        if state.head == nil, let end = state.end {
          try end.get()
          throw HTTPError(.interrupted, "the answer ended within its header")
        }
        return state.head
      }) {
        return head
      }
      await somethingNew { $0.head != nil }
    }
  }

  /// What has arrived since the last call; nil at the end.
  func next() async throws -> Data? {
    while true {
      let (piece, isAtEnd) = try state.withLock { state -> (Data, Bool) in
        if state.arrived.isEmpty, case .failure(let error) = state.end { throw error }
        defer { state.arrived = Data() }
        return (state.arrived, state.end != nil)
      }
      if !piece.isEmpty {
        change { _ in }
        return piece
      }
      if isAtEnd { return nil }
      await somethingNew { !$0.arrived.isEmpty }
    }
  }

  private func somethingNew(_ isNew: (State) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.end != nil || isNew(state) { return true }
        state.reader = continuation
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  /// Changes the state, and wakes whoever waits for a change.
  private func change(_ body: (inout State) -> Void) {
    let (reader, threadWaits) = state.withLock { state in
      body(&state)
      defer { (state.reader, state.threadWaits) = (nil, false) }
      return (state.reader, state.threadWaits)
    }
    reader?.resume()
    if threadWaits { room.signal() }
  }
}
