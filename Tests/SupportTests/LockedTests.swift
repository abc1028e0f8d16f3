import Support
import Testing

@Suite struct LockedTests {
  /// Locks on both sides of a suspension, from many tasks at once.
  @Test func tasksMayLockBeforeAndAfterTheyAreSuspended() async {
    let count = Locked(0)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<2_000 {
            defer { count.withLock { $0 += 1 } }
            count.withLock { $0 += 1 }
            await Task.yield()
          }
        }
      }
    }
    #expect(count.withLock { $0 } == 32_000)
  }
}
