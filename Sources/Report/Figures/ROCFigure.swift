import Evaluation

/// One curve of a ROC figure.
struct NamedCurve {
  /// What the data file calls it.
  var name: String
  /// What the key calls it.
  var label: String
  var curve: ROCCurve

  /// A key's words for a curve: what it is of, and its area.
  static func label(_ name: String, _ metrics: LevelMetrics) -> String {
    "\(name), AUC \(Format.text(metrics[.auc]))"
  }
}

extension Figure {
  /// ROC curves in colour over thin grey ones; nil where there is no curve in colour.
  static func roc(name: String, title: String, curves: [NamedCurve], background: [NamedCurve], caption: String)
    -> Figure?
  {
    guard !curves.isEmpty else { return nil }
    var data = "curve,falsePositiveRate,truePositiveRate,threshold\n"
    for curve in background + curves {
      for point in curve.curve.points {
        data += "\(curve.name),\(point.falsePositiveRate),\(point.truePositiveRate),\(point.threshold)\n"
      }
    }
    func plot(_ name: String, _ style: String) -> String {
      "'\(fileName)' using (strcol(1) eq \"\(name)\" ? column(2) : NaN):3 with lines \(style)"
    }
    let fileName = "\(name).csv"
    // Dashes tell the curves apart where colour does not.
    let dashes = ["1", "2", "4", "5", "3"]
    let plots =
      background.map { plot($0.name, "linewidth 0.9 linecolor rgb \"#c3c9cf\" notitle") }
      + curves.enumerated().map { index, curve in
        plot(
          curve.name,
          "linewidth 2.4 dashtype \(dashes[index % dashes.count]) linecolor rgb "
            + "\"\(Palette.series[index % Palette.series.count])\" title \"\(curve.label)\"")
      }
    return Figure(
      name: name, title: title,
      alternative: "ROC curves: true positive rate against false positive rate. "
        + curves.map(\.label).joined(separator: "; ") + ".",
      caption: caption, data: data,
      script: """
        set datafile columnheaders
        set size ratio 1
        set rmargin 1.5
        set tmargin 0.7
        set xrange [0:1]
        set yrange [0:1]
        set xtics 0.2 format "%.1f"
        set ytics 0.2 format "%.1f"
        set xlabel "1 - specificity (low grade called high)" offset 0,0.5
        set ylabel "sensitivity (high grade called high)" offset 1
        set key outside below left reverse Left maxcols 1 samplen 2.6 spacing 1.25 font ",11.5"
        set arrow from 0,0 to 1,1 nohead dashtype 3 linewidth 1 linecolor rgb "#8a9199" back
        plot \(plots.joined(separator: ", \\\n     "))
        """, size: (400, 465))
  }
}
