public import Foundation
public import Experiment
import Study
public import Support

/// Chromium as a subprocess, without a window or a network.
enum Chromium {
  /// The first of its programs on the PATH; nil where there is none.
  static func program(path: String? = nil) -> URL? {
    Subprocess.find("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", path: path)
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
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let file = folder.url.appendingPathComponent("page.pdf")
    let outcome: Subprocess.Outcome
    do throws(SubprocessError) {
      outcome = try Subprocess(
        program,
        options(profile: folder.url.appendingPathComponent("profile"))
          + ["--no-pdf-header-footer", "--print-to-pdf=\(file.path)", page.absoluteString]
      ).run(timeLimit: .seconds(120))
    } catch {
      throw StudyError(.file, "\(page.path) was not printed: \(error)")
    }
    guard let pdf = try? Data(contentsOf: file), pdf.starts(with: Data("%PDF".utf8)) else {
      throw StudyError(.file, "\(program.path) did not print \(page.path): \(outcome.messages.suffix(500))")
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
