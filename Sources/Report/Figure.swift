import Foundation
import Study

/// A chart: its data, the gnuplot script that draws them, and what it shows in words.
struct Figure {
  /// The stem of its files: `<name>.csv`, `<name>.gp`, `<name>.svg`.
  var name: String
  /// A few words.
  var title: String
  /// What a reader who does not see it should know.
  var alternative: String
  /// The line below it.
  var caption: String
  /// The data as CSV, header included.
  var data: String
  /// What the script does between the common preamble and the end; it reads `<name>.csv`.
  var script: String
  /// Width and height in points.
  var size: (width: Int, height: Int)

  /// The colours of Okabe and Ito, which survive every common colour blindness.
  enum Palette {
    static let blue = "#0072B2"
    static let vermillion = "#D55E00"
    static let green = "#009E73"
    static let orange = "#E69F00"
    static let purple = "#CC79A7"
    static let sky = "#56B4E9"
    static let grey = "#8A9199"
    static let series = [blue, vermillion, green, purple, orange, sky]
  }

  /// The whole script; it runs in the folder where it lies: `gnuplot <name>.gp`.
  var wholeScript: String {
    """
    # \(title). Run in this folder: gnuplot \(name).gp
    set terminal svg size \(size.width),\(size.height) dynamic noenhanced font "Helvetica,13" linewidth 1 rounded
    set output "\(name).svg"
    set encoding utf8
    set datafile separator comma
    set border 3 linecolor rgb "#57606a" linewidth 0.8
    set tics nomirror out scale 0.6 textcolor rgb "#1b1f24"
    set grid linecolor rgb "#eceef1" linewidth 0.8 linetype 1

    """ + script + "\n"
  }

  /// Writes data, script and picture into `folder`.
  ///
  /// - Throws: `StudyError` of kind `.file` where the folder cannot be written, or gnuplot is missing or fails.
  func draw(in folder: URL) throws(StudyError) -> DrawnFigure {
    try AtomicFile.write(data, to: folder.appendingPathComponent("\(name).csv"))
    try AtomicFile.write(wholeScript, to: folder.appendingPathComponent("\(name).gp"))
    try Gnuplot.run("\(name).gp", in: folder)
    let picture = folder.appendingPathComponent("\(name).svg")
    guard var svg = try? String(contentsOf: picture, encoding: .utf8) else {
      throw StudyError(.file, "gnuplot left no readable \(picture.path)")
    }
    // The picture on its own says in words what it shows, too.
    for (tag, text) in [("title", title), ("desc", alternative)] {
      guard let place = svg.range(of: "<\(tag)>[^<]*</\(tag)>", options: .regularExpression) else { continue }
      svg.replaceSubrange(place, with: HTML.element(tag, [:], HTML(text: text)).markup)
    }
    try AtomicFile.write(svg, to: picture)
    return DrawnFigure(figure: self, svg: InlineSVG.make(svg, figure: self))
  }
}

/// A figure with its picture, ready for a page.
struct DrawnFigure {
  var figure: Figure
  /// An `svg` element that can stand in a page beside others.
  var svg: String

  /// The picture with its caption below.
  var html: HTML { html(class: "figure") }

  /// The picture with its caption at its side, where there is room.
  var besideCaption: HTML { html(class: "figure beside") }

  private func html(class name: String) -> HTML {
    .element("figure", ["class": name], .raw(svg), .element("figcaption", [:], HTML(text: figure.caption)))
  }
}

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

/// Makes gnuplot's SVG fit to stand in a page, beside others of its kind.
enum InlineSVG {
  static func make(_ source: String, figure: Figure) -> String {
    var svg = source
    // The XML prologue, and what a page's svg does not need or must not name.
    if let start = svg.range(of: "<svg") { svg.removeSubrange(svg.startIndex..<start.lowerBound) }
    for pattern in [
      #"\sonload="[^"]*""#, #"\sxmlns(:xlink)?="[^"]*""#, #"<title>[^<]*</title>"#, #"<desc>[^<]*</desc>"#,
      #"\sid="gnuplot_[^"]*""#,
      // Marks and filters of gnuplot's own that nothing here uses.
      #"(?s)<filter id='(textbox|greybox)'.*?</filter>"#,
    ] {
      svg = svg.replacingOccurrences(of: pattern, with: "", options: .regularExpression)
    }
    svg = svg.replacingOccurrences(of: "xlink:", with: "")
    // Identifiers are the page's, not the figure's.
    let prefix = "figure-\(figure.name)"
    for (pattern, template) in [
      (#"\bid=(['"])"#, "id=$1\(prefix)-"), (#"\bhref=(['"])#"#, "href=$1#\(prefix)-"),
      (#"url\(#"#, "url(#\(prefix)-"),
    ] {
      svg = svg.replacingOccurrences(of: pattern, with: template, options: .regularExpression)
    }
    let label = "\(prefix)-title \(prefix)-description"
    guard let end = svg.range(of: ">") else { return svg }
    let head = svg[..<end.lowerBound].trimmingCharacters(in: .whitespacesAndNewlines)
    let title = HTML.element("title", ["id": "\(prefix)-title"], HTML(text: figure.title)).markup
    let description = HTML.element("desc", ["id": "\(prefix)-description"], HTML(text: figure.alternative)).markup
    return "\(head) role=\"img\" aria-labelledby=\"\(label)\">\(title)\(description)" + svg[end.upperBound...]
  }
}
