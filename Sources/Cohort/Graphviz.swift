import Foundation

/// Graphviz as a subprocess.
enum Graphviz {
  /// Draws `<name>.dot` as `<name>.svg`, `.pdf` and `.png`, all in `folder`; false where Graphviz is not on the path.
  ///
  /// - Throws: `CohortError` of kind `.figure` with what Graphviz says.
  static func draw(_ name: String, in folder: URL, path: String? = nil) throws(CohortError) -> Bool {
    let search = path ?? ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let candidates = search.split(separator: ":").map { "\($0)/dot" }
    guard let program = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      return false
    }
    try run(program, ["-Tsvg", "-o", "\(name).svg", "-Tpdf", "-o", "\(name).pdf", "\(name).dot"], name, in: folder)
    // A resolution given for all would scale the SVG, too, and cut it.
    try run(program, ["-Tpng", "-Gdpi=300", "-o", "\(name).png", "\(name).dot"], name, in: folder)
    return true
  }

  private static func run(
    _ program: String, _ arguments: [String], _ name: String, in folder: URL
  ) throws(CohortError) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let messages = Pipe()
    process.standardError = messages
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      throw CohortError(.figure, "\(program) cannot be started: \(error.localizedDescription)")
    }
    let said = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CohortError(
        .figure,
        "Graphviz failed on \(name).dot in \(folder.path): \(said.trimmingCharacters(in: .whitespacesAndNewlines))")
    }
  }
}
