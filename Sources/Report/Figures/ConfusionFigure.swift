import Analysis
import Evaluation

extension Figure {
  /// A confusion matrix as the paper's Figure 9 has it: a row per true class, a column per predicted class.
  static func confusion(_ metrics: LevelMetrics, level: Level, name: String) -> Figure {
    let matrix = metrics.confusion
    let rows = [
      ("low", "low", matrix.trueNegatives, matrix.negatives), ("low", "high", matrix.falsePositives, matrix.negatives),
      ("high", "low", matrix.falseNegatives, matrix.positives),
      ("high", "high", matrix.truePositives, matrix.positives),
    ]
    let data = rows.map { "\($0),\($1),\($2),\($3)\n" }.joined()
    return Figure(
      name: name, title: "Confusion matrix, \(level.plural)",
      alternative: "Of \(matrix.negatives) low-grade \(level.plural), \(matrix.trueNegatives) were called low and "
        + "\(matrix.falsePositives) high; of \(matrix.positives) high-grade ones, \(matrix.falseNegatives) were called low "
        + "and \(matrix.truePositives) high.",
      caption: "\(Format.heading(level.plural)): rows are the true grade, columns the predicted one at "
        + "\(metrics.threshold.map { "a threshold of \(Format.number($0))" } ?? "each fold's own threshold"); counts, and percentages of the row.",
      data: "truth,prediction,count,rowTotal\n" + data,
      script: """
        set datafile columnheaders
        unset grid
        unset border
        unset key
        set size ratio 1
        set lmargin 7
        set rmargin 0.5
        set tmargin 3.4
        set bmargin 0.3
        set xrange [-0.5:1.5]
        set yrange [-0.5:1.5]
        set tics scale 0
        set x2tics ("low" 0, "high" 1) offset 0,-0.4
        unset xtics
        set x2range [-0.5:1.5]
        set x2label "predicted grade (columns)" offset 0,-0.3
        set ytics ("low" 1, "high" 0) offset 0.4
        set ylabel "true grade (rows)" offset 1.2
        column_of(prediction) = prediction eq "high" ? 1 : 0
        row_of(truth) = truth eq "high" ? 0 : 1
        share(count, total) = total > 0 ? count / total : 0
        # From a pale grey to Okabe and Ito's sky blue, on which dark text is readable at any share.
        blend(from, to, s) = int(from + (to - from) * s)
        shade(s) = blend(243, 86, s) * 65536 + blend(245, 180, s) * 256 + blend(247, 233, s)
        percent(count, total) = total > 0 ? sprintf("%.0f%% of %d", 100 * count / total, total) : "no cases"
        f = "\(name).csv"
        plot f using (column_of(strcol(2))):(row_of(strcol(1))):(0.485):(0.485):(shade(share($3, $4))) \\
            with boxxyerror fillstyle solid 1 noborder linecolor rgb variable, \\
          f using (column_of(strcol(2))):(row_of(strcol(1)) + 0.1):(sprintf("%d", $3)) \\
            with labels font ",26" textcolor rgb "#1b1f24", \\
          f using (column_of(strcol(2))):(row_of(strcol(1)) - 0.22):(percent($3, $4)) \\
            with labels font ",12" textcolor rgb "#1b1f24"
        """, size: (300, 280))
  }
}
