import Analysis
import Evaluation

extension Figure {
  /// The rivals' AUCs with their intervals, as they are and adjusted for size.
  static func forest(_ result: RivalsResult) -> Figure {
    let name = "rivals-forest"
    let entries = result.entries
    var data = "row,rival,auc,lower,upper,adjusted,adjustedLower,adjustedUpper\n"
    for (row, entry) in entries.enumerated() {
      let (auc, adjusted) = (entry.result[.auc], entry.adjustedAUC)
      // A value without an interval is drawn as a point.
      func limits(_ estimate: Estimate) -> [Double?] {
        [estimate.value, estimate.interval?.lower ?? estimate.value, estimate.interval?.upper ?? estimate.value]
      }
      let cells = (limits(auc) + limits(adjusted.estimate)).map { $0.map { "\($0)" } ?? "NaN" }
      data += "\(row),\(entry.name),\(cells.joined(separator: ","))\n"
    }
    let place = entries.first { $0.name == result.reference }.flatMap { $0.result[.auc].value }
    let line =
      place.map {
        "set arrow from \($0),-0.6 to \($0),\(Double(entries.count) - 0.4) nohead dashtype 3 linewidth 1 linecolor rgb \"\(Palette.grey)\" back"
      } ?? ""
    return Figure(
      name: name, title: "AUC of each rival, patients",
      alternative: "Points with 95% intervals. "
        + entries.map {
          "\($0.name): AUC \(Format.text($0.result[.auc])), adjusted for size \(Format.text($0.adjustedAUC.estimate))"
        }.joined(separator: "; ") + ".",
      caption:
        "AUC of the out-of-fold predictions on the common patients, with 95% intervals, as it is and adjusted for tumour size. "
        + "Dotted: 0.5, and the value of the reference, \(result.reference).",
      data: data,
      script: """
        set datafile columnheaders
        set border 1
        set lmargin \(min(32, (entries.map(\.name.count).max() ?? 0) + 3))
        set rmargin 2
        set tmargin 0.5
        set xrange [0:1]
        set yrange [\(Double(entries.count) - 0.4):-0.6]
        set xtics 0.1 format "%.1f"
        set ytics scale 0
        set xlabel "AUC" offset 0,0.5
        set key outside below left reverse Left maxrows 1 samplen 2 spacing 1.4 font ",11.5"
        set bars 0
        set arrow from 0.5,-0.6 to 0.5,\(Double(entries.count) - 0.4) nohead dashtype 3 linewidth 1 linecolor rgb "#8a9199" back
        \(line)
        f = "\(name).csv"
        plot f using 3:($1 - 0.12):4:5:ytic(2) with xerrorbars pointtype 7 pointsize 0.7 linewidth 2 \\
          linecolor rgb "\(Palette.blue)" title "AUC", \\
          f using 6:($1 + 0.18):7:8 with xerrorbars pointtype 6 pointsize 0.7 linewidth 1.4 \\
          linecolor rgb "\(Palette.orange)" title "adjusted for size"
        """, size: (620, 110 + 38 * entries.count))
  }

  /// The rivals' net benefits; nil where none can be stated.
  static func decision(_ result: RivalsResult) -> Figure? {
    let curves = result.entries.compactMap { entry in entry.netBenefit.map { (name: entry.name, points: $0) } }
    guard let first = curves.first else { return nil }
    let name = "rivals-decision"
    let header = (["threshold"] + curves.map(\.name) + ["everyone", "nobody"]).joined(separator: ",")
    let rows = first.points.indices.map { place in
      let values = curves.map { Format.data($0.points[place].model.value) }
      return (["\(first.points[place].threshold)"] + values + ["\(first.points[place].everyone)", "0"])
        .joined(separator: ",")
    }
    let top = max(0.05, first.points.first?.everyone ?? 0)
    let dashes = ["1", "2", "4", "5"]
    let plots = curves.enumerated().map { place, curve in
      "'\(name).csv' using 1:\(place + 2) with lines linewidth 2 dashtype \(dashes[place / Palette.series.count % dashes.count]) "
        + "linecolor rgb \"\(Palette.series[place % Palette.series.count])\" title \"\(curve.name)\""
    }
    let references = [("everyone", curves.count + 2, 2), ("nobody", curves.count + 3, 4)].map { title, column, dash in
      "'\(name).csv' using 1:\(column) with lines linewidth 1.4 dashtype \(dash) linecolor rgb \"\(Palette.grey)\" title \"\(title)\""
    }
    let told = curves.compactMap { curve in
      curve.points.first { abs($0.threshold - 0.3) < 1e-9 }.map { "\(curve.name) \(Format.number($0.model.value))" }
    }
    return Figure(
      name: name, title: "Decision curves of the rivals, patients",
      alternative: "Net benefit by threshold probability; at 0.3: \(told.joined(separator: ", ")).",
      caption:
        "Net benefit per patient by threshold probability, on the common patients. A rival is useful where its line lies above those of "
        + "acting on everyone and on nobody.",
      data: ([header] + rows).joined(separator: "\n") + "\n",
      script: """
        set datafile columnheaders
        set rmargin 1.5
        set tmargin 0.7
        set xrange [0:0.8]
        set yrange [\(-top / 3):\(top * 1.1)]
        set xtics 0.2 format "%.1f"
        set xlabel "threshold probability" offset 0,0.5
        set ylabel "net benefit per patient" offset 1
        set key outside below left reverse Left maxcols 3 samplen 2.6 spacing 1.3 font ",11"
        plot \((plots + references).joined(separator: ", \\\n     "))
        """, size: (460, 340 + 18 * ((curves.count + 4) / 3)))
  }

  /// How far each two rivals agree: Spearman's correlation above the diagonal, kappa below.
  static func agreement(_ agreement: RivalAgreement) -> Figure {
    let name = "rivals-agreement"
    let names = agreement.names
    var data = "row,column,first,second,measure,value\n"
    var labels: [String] = []
    for (row, first) in names.enumerated() {
      for (column, second) in names.enumerated() where row != column {
        let value = (row < column ? agreement.spearman : agreement.kappa)[row][column].value
        data +=
          "\(row),\(column),\(first),\(second),\(row < column ? "spearman" : "kappa"),\(value.map { "\($0)" } ?? "NaN")\n"
        let colour = abs(value ?? 0) > 0.6 ? "white" : "black"
        labels.append(
          "set label \"\(Format.number(value))\" at \(column),\(row) center front font \",10\" textcolor rgb \"\(colour)\""
        )
      }
    }
    func tics(_ axis: String) -> String {
      "set \(axis)tics (\(names.enumerated().map { "\"\($1)\" \($0)" }.joined(separator: ", "))) scale 0"
    }
    let last = Double(names.count) - 0.5
    let longest = names.map(\.count).max() ?? 0
    let pairs = names.indices.flatMap { first in
      names.indices.filter { $0 > first }.map {
        "\(names[first]) and \(names[$0]): correlation \(Format.number(agreement.spearman[first][$0].value)), kappa "
          + Format.number(agreement.kappa[$0][first].value)
      }
    }
    return Figure(
      name: name, title: "Agreement of the rivals, patients",
      alternative: "Heat map. \(pairs.joined(separator: "; ")).",
      caption:
        "Agreement of each two rivals on the common patients. Above the diagonal: Spearman's correlation of the probabilities. "
        + "Below: Cohen's kappa of the calls.",
      data: data,
      script: """
        set datafile columnheaders
        unset key
        unset grid
        set border 0
        set lmargin \(longest + 2)
        set bmargin \(Double(longest) * 0.55 + 1)
        set rmargin 1
        set tmargin 0.5
        set xrange [-0.5:\(last)]
        set yrange [\(last):-0.5]
        \(tics("x")) rotate by 45 right
        \(tics("y"))
        set cbrange [-1:1]
        unset colorbox
        set palette defined (-1 "\(Palette.vermillion)", 0 "#ffffff", 1 "\(Palette.blue)")
        set style fill solid 1 noborder
        \(labels.joined(separator: "\n"))
        plot '\(name).csv' using 2:1:(0.48):(0.48):6 with boxxyerror linecolor palette
        """, size: (140 + 6 * longest + 44 * names.count, 80 + 5 * longest + 32 * names.count))
  }
}
