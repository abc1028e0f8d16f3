import Foundation
import Support

/// A line on standard error that redraws itself; where that is no terminal, a line now and then.
final class ProgressBar: Sendable {
  private struct State {
    var lastTenth = -1
    var width = 0
  }

  private let title: String
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let state = Locked(State())

  init(_ title: String) { self.title = title }

  /// Shows how many of a number of things are done.
  func show(done: Int, of count: Int) {
    show(fraction: Double(done) / Double(max(1, count)), text: "\(title) \(done)/\(count)")
  }

  /// Shows a part, 0...1, and a text.
  func show(fraction: Double, text: String) {
    state.withLock { state in
      guard isTerminal else {
        // A log wants few lines: one for each tenth of the way.
        let tenth = Int(fraction * 10)
        guard tenth != state.lastTenth else { return }
        state.lastTenth = tenth
        write(String(format: "%3.0f%%  %@\n", fraction * 100, text))
        return
      }
      let filled = Int((fraction * 20).rounded(.down))
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
      let line = "\(bar) \(String(format: "%3.0f%%", fraction * 100))  \(text)"
      let padding = String(repeating: " ", count: max(0, state.width - line.count))
      state.width = line.count
      write("\r\(line)\(padding)")
    }
  }

  /// Ends the line, and does something before another begins.
  func finish(_ then: () -> Void = {}) {
    state.withLock { state in
      if isTerminal && state.width > 0 { write("\n") }
      state = State()
      then()
    }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
