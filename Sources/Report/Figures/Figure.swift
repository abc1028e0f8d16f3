import Foundation
import Experiment
import Study
import Support

/// A chart: its data, the gnuplot script that draws them, and what it shows in words.
struct Figure {
  /// The stem of its files: `<name>.csv`, `<name>.gp`, and the pictures `<name>.svg`, `<name>.pdf`, `<name>.png`.
  var name: String
  /// A few words.
  var title: String
  /// What a reader who does not see it should know.
  var alternative: String
  /// The line below it.
  var caption: String
  /// The data as CSV, header included.
  var data: String
  /// What the script does between the common preamble and the end; it reads `<name>.csv` and plots once.
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
  ///
  /// The same plot in three forms of one size: the cairo terminals count in inches and in pixels, at 300 per inch, where SVG
  /// counts 96 to the inch; their scales make text, lines and dashes as large as those of the SVG.
  var wholeScript: String {
    let inches = String(format: "%.4fin,%.4fin", Double(size.width) / 96, Double(size.height) / 96)
    return """
      # \(title). Run in this folder: gnuplot \(name).gp
      set terminal svg size \(size.width),\(size.height) dynamic \(Self.text) linewidth 1
      set output "\(name).svg"
      set encoding utf8
      set datafile separator comma
      set border 3 linecolor rgb "#57606a" linewidth 0.8
      set tics nomirror out scale 0.6 textcolor rgb "#1b1f24"
      set grid linecolor rgb "#eceef1" linewidth 0.8 linetype 1

      """ + script + """

        set terminal pdfcairo size \(inches) \(Self.text) fontscale 0.5625 linewidth 1.5 dashlength 0.9
        set output "\(name).pdf"
        replot
        set terminal pngcairo size \(size.width * 25 / 8),\(size.height * 25 / 8) \(Self.text) fontscale 2.34375 \
        linewidth 3.125 dashlength 0.65 pointscale 2
        set output "\(name).png"
        replot

        """
  }

  /// What the terminals have in common.
  private static let text = #"noenhanced rounded font "Helvetica,13""#

  /// Writes data, script and pictures into `folder`; the same figure gives the same bytes.
  ///
  /// - Throws: `StudyError` of kind `.file` where the folder cannot be written, or gnuplot is missing or fails.
  func draw(in folder: URL) throws(StudyError) -> DrawnFigure {
    try AtomicFile.write(data, to: folder.appendingPathComponent("\(name).csv"))
    try AtomicFile.write(wholeScript, to: folder.appendingPathComponent("\(name).gp"))
    try Gnuplot.run("\(name).gp", in: folder)
    try UndatedPDF.rewrite(folder.appendingPathComponent("\(name).pdf"))
    return try drawn(in: folder)
  }

  /// The figure with the picture `<name>.svg` that lies in `folder`, which is made to say in words what it shows.
  ///
  /// - Throws: `StudyError` of kind `.file` where there is no such picture.
  func drawn(in folder: URL) throws(StudyError) -> DrawnFigure {
    let picture = folder.appendingPathComponent("\(name).svg")
    guard var svg = try? String(contentsOf: picture, encoding: .utf8) else {
      throw StudyError(.file, "\(name).svg was not drawn, or cannot be read, in \(folder.path)")
    }
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
  /// An `svg` element that can be used in a page together with others.
  var svg: String

  /// The picture with its caption below.
  var html: HTML { html(class: "figure") }

  /// The picture with its caption at its side, where there is room.
  var besideCaption: HTML { html(class: "figure beside") }

  /// The picture in its own size, which scrolls where the window is narrower.
  var inOwnSize: HTML {
    .element(
      "figure", ["class": "figure natural"],
      .element("div", ["class": "scroll", "tabindex": "0", "role": "group", "aria-label": figure.title], .raw(svg)),
      .element("figcaption", [:], HTML(text: figure.caption)))
  }

  private func html(class name: String) -> HTML {
    .element("figure", ["class": name], .raw(svg), .element("figcaption", [:], HTML(text: figure.caption)))
  }
}
