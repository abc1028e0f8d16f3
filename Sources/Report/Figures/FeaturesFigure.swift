import Analysis
import Foundation

extension Figure {
  /// The weights of the features that most folds' models use: a bar for each; its data has all features.
  static func features(_ features: FeatureAnalysis) -> Figure {
    let shown = features.rows.prefix(15)
    let hasWeights = features.weights != .none
    let label =
      switch features.weights {
      case .coefficients: "mean coefficient (per standard deviation)"
      case .importances: "mean importance"
      case .none: "AUC lost when permuted"
      }
    func value(_ row: FeatureAnalysis.Row) -> Double { (hasWeights ? row.weight : row.importance) ?? 0 }
    let data = features.rows.map { row in
      // gnuplot draws what has a number.
      [row.name.csvCell, "\(value(row))", "\(row.folds)", Format.data(row.importance)].joined(separator: ",") + "\n"
    }
    let values = shown.map(value)
    let (lowest, highest) = (min(0, values.min() ?? 0), max(0, values.max() ?? 0))
    let reach = max(highest - lowest, 1e-9)
    let longest = min(40, shown.map(\.name.count).max() ?? 0)
    return Figure(
      name: "features", title: "Features of the models",
      alternative: "Bars, \(label). "
        + shown.map {
          "\($0.name): \(Format.number(value($0), decimals: 3)), in \($0.folds) of \(features.folds.count) folds"
        }
        .joined(separator: "; ") + ".",
      caption:
        "\(Format.heading(label)) of the features that most folds' models use; in brackets, the number of folds.",
      data: "feature,value,folds,importance\n" + data.joined(),
      script: """
        set datafile columnheaders
        unset key
        set border 1
        set style fill solid 1 noborder
        set lmargin \(longest + 2)
        set rmargin 2
        set tmargin 0.5
        set xrange [\(lowest - 0.2 * reach):\(highest + 0.25 * reach)]
        set yrange [\(Double(shown.count) - 0.4):-0.6]
        set xlabel "\(label)" offset 0,0.5
        set ytics scale 0
        set xzeroaxis
        short(name) = strlen(name) > 40 ? substr(name, 1, 38) . ".." : name
        f = "features.csv"
        plot f every ::0::\(shown.count - 1) using ($2 / 2.0):0:(abs($2) / 2.0):(0.34):ytic(short(strcol(1))) \\
            with boxxyerror linecolor rgb "\(Palette.blue)", \\
          f every ::0::\(shown.count - 1) using ($2 > 0 ? $2 : 0):0:(sprintf("(%d)", $3)) with labels left offset 0.6,0
        """, size: (560, 70 + 24 * shown.count))
  }
}
