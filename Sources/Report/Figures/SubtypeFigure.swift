import Cohort

extension Figure {
  /// The subtypes of all tumours as the paper's Figure 8 has them: a bar for each; nil where there is none.
  static func subtypes(_ chart: SubtypeChart) -> Figure? {
    guard !chart.bars.isEmpty else { return nil }
    let total = chart.bars.reduce(0) { $0 + $1.lesions }
    let most = chart.bars.map(\.lesions).max() ?? 1
    return Figure(
      name: "subtypes", title: "Subtypes of all tumours",
      alternative: "Bars. Of \(Format.count(total, "lesion")): "
        + chart.bars.map { "\($0.subtype) \($0.lesions)" }.joined(separator: ", ") + ".",
      caption: "Subtypes of all \(Format.count(total, "lesion")) with a clinical record, including those excluded.",
      data: chart.csv,
      script: """
        set datafile columnheaders
        unset key
        unset grid
        set border 1
        set style fill solid 1 noborder
        set lmargin \(min(28, (chart.bars.map(\.subtype.count).max() ?? 0) + 2))
        set rmargin 2
        set tmargin 0.5
        set xrange [0:\(Double(most) * 1.25)]
        set yrange [\(Double(chart.bars.count) - 0.4):-0.6]
        set xlabel "lesions" offset 0,0.5
        set ytics scale 0
        f = "subtypes.csv"
        plot f using ($2 / 2.0):0:($2 / 2.0):(0.34):ytic(1) with boxxyerror linecolor rgb "\(Palette.blue)", \\
          f using 2:0:(sprintf("%d (%.1f%%)", $2, $3)) with labels left offset 0.6,0
        """, size: (480, 70 + 30 * chart.bars.count))
  }
}
