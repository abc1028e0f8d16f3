import Dispatch
import Synchronization

/// Work on several threads at once, each of which has the same share of the threads that one operation may take.
///
/// An operation of a training step is too small for many threads, which wait for one another at its end: two trainings with one
/// thread each are done sooner than one after the other with two.
public struct SideBySide: Sendable {
  /// How many there are at a time, where there are as many cores.
  public let count: Int
  /// How many threads each has inside one operation.
  public let threads: Int
  /// How many they have together, and one alone.
  public let allThreads: Int
  private let setThreadCount: @Sendable (Int) -> Void

  /// Shares `allThreads` threads among `count`; `setThreadCount` sets how many an operation of the calling thread takes.
  public init(_ count: Int, of allThreads: Int, setThreadCount: @escaping @Sendable (Int) -> Void) {
    self.allThreads = allThreads
    self.count = max(1, count)
    threads = max(1, allThreads / self.count)
    self.setThreadCount = setThreadCount
  }

  /// What all threads share of the work.
  private struct Queue<Element: Sendable>: Sendable {
    var waiting: ArraySlice<Element>
    var failure: (any Error)?
  }

  /// Thrown if another thread has failed; that thread's failure is the one reported.
  struct Stopped: Error {}

  /// What `body` makes of every element, in their order, each made on one of the threads.
  ///
  /// - Throws: what `body` threw first.
  public func map<Element: Sendable, Output: Sendable>(
    _ elements: [Element], _ body: @Sendable (Element) throws -> Output
  ) throws -> [Output] {
    let results = Mutex<[Int: Output]>([:])
    try run(Array(elements.enumerated())) { next, _ in
      while let (index, element) = try next() {
        let output = try body(element)
        results.withLock { $0[index] = output }
      }
    }
    return results.withLock { results in elements.indices.compactMap { results[$0] } }
  }

  /// Has each of the threads run `body` once, which takes elements until there are none left.
  ///
  /// - Parameters:
  ///   - elements: the work, which is begun in this order.
  ///   - body: given `next`, the next element or nil, and `proceed`, to be called now and then: it throws once another thread
  ///     has failed.
  /// - Throws: what `body` threw first.
  public func run<Element: Sendable>(
    _ elements: [Element],
    _ body: @Sendable (_ next: () throws -> Element?, _ proceed: @escaping () throws -> Void) throws -> Void
  ) throws {
    let queue = Mutex(Queue(waiting: elements[...]))
    DispatchQueue.concurrentPerform(iterations: min(count, elements.count)) { _ in
      // The thread is the system's, and has other work later.
      setThreadCount(threads)
      defer { setThreadCount(allThreads) }
      do {
        func proceed() throws { if queue.withLock({ $0.failure != nil }) { throw Stopped() } }
        try body(
          {
            try proceed()
            return queue.withLock { $0.waiting.popFirst() }
          }, proceed)
      } catch {
        queue.withLock { $0.failure = $0.failure ?? error }
      }
    }
    if let failure = queue.withLock({ $0.failure }) { throw failure }
  }
}
