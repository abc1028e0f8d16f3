import Foundation
import Support

/// gnuplot as a subprocess.
enum Gnuplot {
  /// Runs `script`, which lies in `folder`, there.
  ///
  /// - Throws: `StudyError` of kind `.file` where gnuplot is missing, or says why it failed.
  static func run(_ script: String, in folder: URL, path: String? = nil) throws(StudyError) {
    let search = path ?? ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let candidates = search.split(separator: ":").map { "\($0)/gnuplot" }
    guard let program = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      throw StudyError(
        .file,
        "gnuplot, which draws the figures, is not on the PATH. Install it (Debian: apt install gnuplot-nox) and make "
          + "the report again; the data and the script of each figure are in \(folder.path).")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = [script]
    process.currentDirectoryURL = folder
    let messages = Pipe()
    process.standardError = messages
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      throw StudyError(.file, "\(program) cannot be started: \(error.localizedDescription)")
    }
    let said = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let reason = said.trimmingCharacters(in: .whitespacesAndNewlines)
      throw StudyError(.file, "gnuplot failed on \(script) in \(folder.path): \(reason)")
    }
  }
}
