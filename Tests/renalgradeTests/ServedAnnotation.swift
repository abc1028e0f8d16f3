import Foundation
import Support
import Synchronization

/// `renalgrade annotate`, run as a user runs it, until it is killed.
final class ServedAnnotation: @unchecked Sendable {
  struct Failure: Error { let output: String }

  private let process = Process()
  /// The address that opens the page once.
  let address: String

  /// Starts to serve a study, and waits until the address is printed.
  init(_ study: String, reader: String) throws {
    let pipe = Pipe()
    process.executableURL = CommandLineTool.executable
    process.arguments = ["annotate", study, "--reader", reader, "--no-browser"]
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    // Otherwise the pipe has no end when the program has.
    try pipe.fileHandleForWriting.close()
    var output = ""
    while true {
      let data = pipe.fileHandleForReading.availableData
      output += String(decoding: data, as: UTF8.self)
      if let found = output.firstMatch(of: /http:\S+#token=[0-9a-f]+\n/) {
        address = String(found.output).trimmingCharacters(in: .newlines)
        return
      }
      guard !data.isEmpty else { throw Failure(output: output) }
    }
  }

  /// The address without the token.
  var origin: String { String(address.prefix { $0 != "#" }.dropLast()) }
  /// The token that signs in once.
  var token: String { String(address.suffix(while: { $0 != "=" })) }

  /// Ends the server at once, as a power failure would.
  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  deinit { if process.isRunning { kill() } }
}

extension String {
  fileprivate func suffix(while predicate: (Character) -> Bool) -> Substring {
    suffix(from: lastIndex { !predicate($0) }.map(index(after:)) ?? startIndex)
  }
}
