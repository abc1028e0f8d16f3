import Foundation
import Support

/// Graphviz as a subprocess.
enum Graphviz {
  /// Draws `<name>.dot` as `<name>.svg`, `.pdf` and `.png`, all in `folder`; false where Graphviz is not on the path.
  ///
  /// - Throws: `CohortError` of kind `.figure` with what Graphviz says.
  static func draw(_ name: String, in folder: URL, path: String? = nil) throws(CohortError) -> Bool {
    guard let program = Subprocess.find("dot", path: path) else { return false }
    do throws(SubprocessError) {
      let vectors = ["-Tsvg", "-o", "\(name).svg", "-Tpdf", "-o", "\(name).pdf", "\(name).dot"]
      try Subprocess(program, vectors, in: folder).run()
      // A resolution given for all would scale the SVG, too, and cut it.
      try Subprocess(program, ["-Tpng", "-Gdpi=300", "-o", "\(name).png", "\(name).dot"], in: folder).run()
    } catch {
      throw CohortError(.figure, "\(name).dot in \(folder.path) cannot be drawn: \(error)")
    }
    return true
  }
}
