import Analysis
import Evaluation

extension Figure {
  /// Precision against recall at each level, over the precision of calling everyone high; nil where no level has both classes.
  static func precisionRecall(_ cases: LevelCases, _ areas: [AreaAnalysis]) -> Figure? {
    let name = "precision-recall"
    let curves = areas.compactMap { area in
      (try? PrecisionRecallCurve(cases[area.level].finite)).map { (area: area, curve: $0) }
    }
    guard !curves.isEmpty else { return nil }
    var data = "curve,recall,precision,threshold\n"
    for (area, curve) in curves {
      for point in curve.points {
        data += "\(area.level.rawValue),\(point.recall),\(point.precision),\(point.threshold)\n"
      }
    }
    let dashes = ["1", "2", "4"]
    let labels = curves.map {
      "\($0.area.level.plural), average precision \(Format.text($0.area.averagePrecision.estimate))"
    }
    let plots = curves.enumerated().map { index, item in
      "'\(name).csv' using (strcol(1) eq \"\(item.area.level.rawValue)\" ? column(2) : NaN):3 with lines linewidth 2.4 "
        + "dashtype \(dashes[index % dashes.count]) linecolor rgb \"\(Palette.series[index % Palette.series.count])\" "
        + "title \"\(labels[index])\""
    }
    let chance = curves.first?.curve.positiveShare ?? 0
    return Figure(
      name: name, title: "Precision-recall curves",
      alternative: "Precision against recall: \(labels.joined(separator: "; ")). Chance, at "
        + "\(curves.first?.area.level.rawValue ?? "") level: \(Format.number(chance)).",
      caption:
        "Precision (PPV) against recall (sensitivity) of the pooled out-of-fold predictions, with the average precision and "
        + "its 95% interval. Dashed: the share of high grade among "
        + "\(curves.first?.area.level.plural ?? ""), which is what uninformative probabilities reach.",
      data: data,
      script: """
        set datafile columnheaders
        set size ratio 1
        set rmargin 1.5
        set tmargin 0.7
        set xrange [0:1]
        set yrange [0:1.02]
        set xtics 0.2 format "%.1f"
        set ytics 0.2 format "%.1f"
        set xlabel "recall (sensitivity)" offset 0,0.5
        set ylabel "precision (PPV)" offset 1
        set key outside below left reverse Left maxcols 1 samplen 2.6 spacing 1.25 font ",11.5"
        set arrow from 0,\(chance) to 1,\(chance) nohead dashtype 3 linewidth 1 linecolor rgb "#8a9199" back
        plot \(plots.joined(separator: ", \\\n     "))
        """, size: (400, 465))
  }
}
