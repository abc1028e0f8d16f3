import Foundation
import Support

/// gnuplot as a subprocess.
enum Gnuplot {
  /// Runs `script`, which lies in `folder`, there.
  ///
  /// - Throws: `StudyError` of kind `.file` where gnuplot is missing, or says why it failed.
  static func run(_ script: String, in folder: URL, path: String? = nil) throws(StudyError) {
    guard let program = Subprocess.find("gnuplot", path: path) else {
      throw StudyError(
        .file,
        "gnuplot, which draws the figures, is not on the PATH. Install it (Debian: apt install gnuplot-nox) and make "
          + "the report again; the data and the script of each figure are in \(folder.path).")
    }
    do throws(SubprocessError) {
      try Subprocess(program, [script], in: folder).run()
    } catch {
      throw StudyError(.file, "\(script) in \(folder.path) cannot be drawn: \(error)")
    }
  }
}
