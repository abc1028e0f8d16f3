import Dispatch
import Synchronization

/// A map over all cores that keeps the order.
public enum ParallelMap {
  /// Applies `body` to every element; `progress` is told now and then how many are done.
  ///
  /// Memory is bounded by the results: `body` should return little. A core takes `chunk` elements at a time: few where
  /// each is much work.
  public static func run<Element: Sendable, Output: Sendable>(
    _ elements: [Element], chunk: Int = 32, _ body: @Sendable (Element) -> Output,
    progress: (@Sendable (Int) -> Void)? = nil
  ) -> [Output] {
    let chunkCount = (elements.count + chunk - 1) / chunk
    let results = Mutex<[Int: [Output]]>([:])
    let done = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: chunkCount) { index in
      let range = index * chunk..<min((index + 1) * chunk, elements.count)
      let outputs = elements[range].map(body)
      results.withLock { $0[index] = outputs }
      progress?(done.add(range.count, ordering: .relaxed).newValue)
    }
    return results.withLock { results in (0..<chunkCount).flatMap { results[$0] ?? [] } }
  }
}
