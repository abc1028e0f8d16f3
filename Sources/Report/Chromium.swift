public import Foundation
public import Experiment
public import Study
public import Support

/// Chromium as a subprocess, without a window or a network.
enum Chromium {
  /// The names that it goes by.
  static let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]

  /// The first of its programs on the PATH; nil where there is none.
  static func program(path: String? = nil) -> URL? {
    let search = path ?? ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let folders = search.split(separator: ":")
    return names.flatMap { name in folders.map { "\($0)/\(name)" } }
      .first { FileManager.default.isExecutableFile(atPath: $0) }.map { URL(fileURLWithPath: $0) }
  }

  /// The options of every start: nothing is kept, nothing is fetched.
  ///
  /// The sandbox needs rights that root and containers lack; the pages are our own, and hold no script.
  static func options(profile: URL) -> [String] {
    [
      "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND",
      "--user-data-dir=\(profile.path)",
    ]
  }

  /// Prints `page` as the PDF `url`, which holds no date.
  ///
  /// - Throws: `StudyError` of kind `.file` where Chromium is missing, fails or does not end within two minutes.
  static func print(_ page: URL, to url: URL, path: String? = nil) throws(StudyError) {
    guard let program = program(path: path) else {
      throw StudyError(
        .file,
        "Chromium, which prints the report as PDF, is not on the PATH. Install it (Debian: apt install chromium), or open "
          + "\(page.path) in any browser and print it from there.")
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("renalgrade-\(UUID().uuidString)")
    let file = folder.appendingPathComponent("page.pdf")
    let messages = folder.appendingPathComponent("messages")
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = Process()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data().write(to: messages)
      process.executableURL = program
      process.arguments =
        options(profile: folder.appendingPathComponent("profile"))
        + ["--no-pdf-header-footer", "--print-to-pdf=\(file.path)", page.absoluteString]
      process.standardOutput = FileHandle.nullDevice
      process.standardInput = FileHandle.nullDevice
      // Into a file, which never fills up as a pipe does.
      process.standardError = try FileHandle(forWritingTo: messages)
      try process.run()
    } catch {
      throw StudyError(.file, "\(program.path) cannot be started: \(error.localizedDescription)")
    }
    let end = Date(timeIntervalSinceNow: 120)
    while process.isRunning, Date() < end { usleep(20_000) }
    guard !process.isRunning else {
      process.terminate()
      throw StudyError(.file, "\(program.path) did not print \(page.path) within two minutes; try again")
    }
    guard process.terminationStatus == 0, let pdf = try? Data(contentsOf: file), pdf.starts(with: Data("%PDF".utf8))
    else {
      let said = ((try? String(contentsOf: messages, encoding: .utf8)) ?? "").suffix(500)
      throw StudyError(.file, "\(program.path) did not print \(page.path): \(said)")
    }
    try AtomicFile.write(UndatedPDF.undated(pdf), to: url)
  }
}

extension RunReport {
  /// Prints the run's `report.html` as `report.pdf` beside it.
  ///
  /// - Parameter run: a run whose report has been written.
  /// - Returns: where the PDF is.
  /// - Throws: `StudyError` of kind `.file` where there is no report, or Chromium is missing or fails.
  @discardableResult
  public static func writePDF(of run: Run) throws(StudyError) -> URL {
    let page = run.url.appendingPathComponent("report.html")
    guard FileManager.default.fileExists(atPath: page.path) else {
      throw StudyError(.file, "the run \(run.id) has no report.html; `renalgrade report` writes it")
    }
    let pdf = run.url.appendingPathComponent("report.pdf")
    try Chromium.print(page, to: pdf)
    return pdf
  }
}
