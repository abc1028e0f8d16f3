import Analysis
import Evaluation

extension Figure {
  /// The net benefit of acting on the model, on everyone and on nobody; nil where it can't be computed.
  static func decision(_ curve: DecisionCurve, of model: String) -> Figure? {
    let name = "decision-curve"
    guard let highest = curve.points.first?.treatAll else { return nil }
    var data = "threshold,\(model),lower,upper,all,none\n"
    for point in curve.points {
      let interval = point.model.interval
      data += "\(point.threshold),\(Format.data(point.model.value)),\(Format.data(interval?.lower)),"
      data += "\(Format.data(interval?.upper)),\(point.treatAll),\(point.treatNone)\n"
    }
    let top = max(0.05, highest)
    let told = [0.2, 0.35, 0.5].compactMap { wanted in
      curve.points.first { abs($0.threshold - wanted) < 1e-9 }.map {
        "at \(Format.number($0.threshold)) \(Format.number($0.model.value)), against \(Format.number($0.treatAll)) for all"
      }
    }
    return Figure(
      name: name, title: "Decision curve, patients",
      alternative: "Net benefit of acting on the \(model) by threshold probability: \(told.joined(separator: "; ")).",
      caption:
        "Net benefit per patient by threshold probability, which weighs an unnecessary action against a necessary "
        + "one. The \(model) is useful where its line lies above those of acting on everyone and on nobody. Band: "
        + "95% interval, bootstrap over patients.",
      data: data,
      script: """
        set datafile columnheaders
        set rmargin 1.5
        set tmargin 0.7
        set xrange [0:1]
        set yrange [\(-top / 3):\(top * 1.1)]
        set xtics 0.2 format "%.1f"
        set xlabel "threshold probability" offset 0,0.5
        set ylabel "net benefit per patient" offset 1
        set key outside below left reverse Left maxrows 1 samplen 2.6 spacing 1.5 font ",11.5"
        plot '\(name).csv' using 1:3:4 with filledcurves fillstyle solid 0.15 noborder \\
          linecolor rgb "\(Palette.blue)" notitle, \\
          '\(name).csv' using 1:2 with lines linewidth 2.4 linecolor rgb "\(Palette.blue)" title "\(model)", \\
          '\(name).csv' using 1:5 with lines linewidth 1.8 dashtype 2 linecolor rgb "\(Palette.vermillion)" \\
          title "everyone", \\
          '\(name).csv' using 1:6 with lines linewidth 1.8 dashtype 4 linecolor rgb "\(Palette.grey)" title "nobody"
        """, size: (420, 330))
  }

  /// What a call would mean by the share of high grade, marked at `marks`; nil where it can't be computed.
  ///
  /// `called` are patients with 1 or 0 for what they are called.
  static func predictiveValues(_ called: Cases, marks: [PredictiveAnalysis.Values]) -> Figure? {
    guard let curve = try? PredictiveValues.curve(called.finite, threshold: 0.5) else { return nil }
    let name = "predictive-values"
    var data = "prevalence,ppv,ppvLower,ppvUpper,npv,npvLower,npvUpper\n"
    for point in curve {
      let values = [point.positive, point.negative].flatMap { result in
        let estimate = try? result.get()
        return [estimate?.value, estimate?.interval?.lower, estimate?.interval?.upper]
      }
      data += "\(point.prevalence),\(values.map(Format.data).joined(separator: ","))\n"
    }
    let lines = marks.map {
      "set arrow from \($0.prevalence),0 to \($0.prevalence),1 nohead dashtype 3 linewidth 1 linecolor rgb \"#8a9199\" back"
    }
    let told = marks.map {
      "at \(Format.number($0.prevalence, decimals: 3)) (\($0.name)) PPV \(Format.number($0.positive.value)), NPV "
        + Format.number($0.negative.value)
    }
    return Figure(
      name: name, title: "Predictive values by the share of high grade",
      alternative: "PPV and NPV against the share of high grade: \(told.joined(separator: "; ")).",
      caption:
        "PPV and NPV against the share of high grade, assuming the same sensitivity and specificity, with 95% "
        + "intervals. "
        + "Dashed: \(marks.map { "\($0.name) (\(Format.number($0.prevalence, decimals: 3)))" }.joined(separator: ", ")).",
      data: data,
      script: """
        set datafile columnheaders
        set rmargin 1.5
        set tmargin 0.7
        set xrange [0:1]
        set yrange [0:1.02]
        set xtics 0.2 format "%.1f"
        set ytics 0.2 format "%.1f"
        set xlabel "share of high grade" offset 0,0.5
        set ylabel "predictive value" offset 1
        set key outside below left reverse Left maxrows 1 samplen 2.6 spacing 1.5 font ",11.5"
        \(lines.joined(separator: "\n"))
        plot '\(name).csv' using 1:3:4 with filledcurves fillstyle solid 0.15 noborder \\
          linecolor rgb "\(Palette.blue)" notitle, \\
          '\(name).csv' using 1:6:7 with filledcurves fillstyle solid 0.15 noborder \\
          linecolor rgb "\(Palette.vermillion)" notitle, \\
          '\(name).csv' using 1:2 with lines linewidth 2.4 linecolor rgb "\(Palette.blue)" title "PPV", \\
          '\(name).csv' using 1:5 with lines linewidth 2.4 dashtype 2 linecolor rgb "\(Palette.vermillion)" title "NPV"
        """, size: (420, 330))
  }
}
