import Foundation

/// A pipe from a program, of whose bytes a part is kept, so that memory is bounded whatever the program writes.
final class SubprocessPipe {
  /// Which bytes are kept.
  enum Part {
    /// The first ones, up to this number.
    case first(Int)
    /// The last ones, up to this number.
    case last(Int)
  }

  /// What was kept.
  private(set) var bytes: [UInt8] = []
  /// Whether there was more than was kept.
  private(set) var isOverfull = false
  /// The end that the program writes to; -1 once it is closed here.
  private(set) var input: Int32 = -1
  private var output: Int32 = -1
  private var isOpen = true
  private let part: Part
  private static let bufferSize = 1 << 16
  private var buffer = [UInt8](repeating: 0, count: bufferSize)

  /// Makes a pipe; nil, with the reason in `errno`, where the process has too many files open.
  init?(keeping part: Part) {
    self.part = part
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    (output, input) = (ends[0], ends[1])
    // The program's end of the pipe waits, as programs expect it.
    guard fcntl(output, F_SETFL, O_NONBLOCK) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
      return nil
    }
  }

  deinit {
    closeInput()
    if output >= 0 { close(output) }
  }

  /// Lets the program alone hold the pipe's other end.
  func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// Waits until there is something to read from one of the pipes, but for no longer than 50 ms.
  static func wait(for pipes: [SubprocessPipe]) {
    var files = pipes.filter(\.isOpen).map { pollfd(fd: $0.output, events: Int16(POLLIN), revents: 0) }
    // A program that closed its ends mostly ends at once, of which no pipe tells.
    poll(&files, nfds_t(files.count), files.isEmpty ? 1 : 50)
  }

  /// Reads what has come, up to the buffer's size; false where there was nothing.
  @discardableResult
  func take() -> Bool {
    guard isOpen else { return false }
    let count = read(output, &buffer, Self.bufferSize)
    isOpen = count != 0
    guard count > 0 else { return false }
    bytes += buffer[..<count]
    switch part {
    case .first(let limit) where bytes.count > limit:
      isOverfull = true
      bytes.removeLast(bytes.count - limit)
    case .last(let limit) where bytes.count > limit:
      isOverfull = true
      bytes.removeFirst(bytes.count - limit)
    default: break
    }
    return true
  }

  /// Reads what a program left that has ended: no more than a pipe holds, as a descendant may go on writing.
  func takeRest() {
    for _ in 0..<16 where !take() { return }
  }
}
