import Analysis
import Evaluation

extension Figure {
  /// The differences of two readings' volumes against their means; nil where no lesion has both.
  static func blandAltman(_ pair: ReadingAgreement.Pair, _ lesions: [ReadingAgreement.Lesion], number: Int) -> Figure? {
    let own = lesions.filter { $0.first == pair.first && $0.second == pair.second }
    guard !own.isEmpty, let volume = pair.measures.first else { return nil }
    let name = "bland-altman-\(number)"
    let differences = own.map { ($0.volumes[1] - $0.volumes[0]) / 1000 }
    let points = zip(own, differences).map { "\(($0.volumes[0] + $0.volumes[1]) / 2000),\($1)" }
    let lines = [(volume.bias, 1), (volume.lowerLimit, 2), (volume.upperLimit, 2)].compactMap { stated, dash in
      stated.value.map { (value: $0, dash: dash) }
    }
    let drawn = lines.map { value, dash in
      "set arrow from graph 0,first \(value) to graph 1,first \(value) nohead dashtype \(dash) linewidth 1.8 "
        + "linecolor rgb \"\(Palette.vermillion)\" back"
    }
    // gnuplot makes room for the points alone.
    let (least, greatest) = (differences + lines.map(\.value)).reduce(into: (0.0, 0.0)) {
      $0 = (min($0.0, $1), max($0.1, $1))
    }
    let room = max(0.1 * (greatest - least), 0.01)
    let range = "\(Format.number(volume.lowerLimit.value)) to \(Format.number(volume.upperLimit.value)) mL"
    return Figure(
      name: name, title: "Bland-Altman plot of volume, \(pair.first.name) and \(pair.second.name)",
      alternative: "The difference of two readings' volumes by their mean, for \(own.count) lesions: mean difference "
        + "\(Format.number(volume.bias.value)) mL, limits of agreement \(range).",
      caption:
        "Volume by \(pair.second.name) less that by \(pair.first.name) against the mean of both, lesion by lesion. Solid line: "
        + "mean difference; dashed lines: limits of agreement.",
      data: (["mean_mL,difference_mL"] + points).joined(separator: "\n") + "\n",
      script: """
        set datafile columnheaders
        set rmargin 1.5
        set tmargin 0.7
        set xlabel "mean volume of both readings (mL)" offset 0,0.5
        set ylabel "difference (mL)" offset 1
        unset key
        set offsets graph 0.05, graph 0.05, 0, 0
        set yrange [\(least - room):\(greatest + room)]
        \(drawn.joined(separator: "\n"))
        plot '\(name).csv' using 1:2 with points pointtype 7 pointsize 0.6 linecolor rgb "\(Palette.blue)"
        """, size: (480, 320))
  }
}
