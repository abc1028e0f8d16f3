import Synchronization

/// Results by number, which several threads put in.
final class Slots: Sendable {
  private let slots: Mutex<[[RadiomicsFeature]]>

  init(count: Int) { slots = Mutex(Array(repeating: [], count: count)) }

  func set(_ index: Int, _ features: [RadiomicsFeature]) { slots.withLock { $0[index] = features } }

  /// All results in the order of their numbers.
  var all: [RadiomicsFeature] { slots.withLock { $0.flatMap { $0 } } }
}
