import Evaluation

extension Figure {
  /// Observed shares against predicted probabilities of patients; nil where they can't be put into bins.
  static func reliability(_ patients: Cases) -> Figure? {
    guard let curve = try? ReliabilityCurve(patients.finite) else { return nil }
    let name = "reliability"
    var data = "predicted,observed,lower,upper,patients\n"
    for bin in curve.bins {
      let interval = bin.observed.interval
      data += "\(bin.predicted),\(Format.data(bin.observed.value)),\(Format.data(interval?.lower)),"
      data += "\(Format.data(interval?.upper)),\(bin.count)\n"
    }
    let points = curve.bins.map { "\(Format.number($0.observed.value)) at \(Format.number($0.predicted))" }
    return Figure(
      name: name, title: "Reliability, patients",
      alternative: "The share of high grade by predicted probability, in bins of about equally many patients: "
        + points.joined(separator: "; ") + ".",
      caption:
        "The observed share of high grade against the mean predicted probability, in up to ten bins of about equally "
        + "many patients, with Wilson's 95% intervals. Diagonal: perfect calibration.",
      data: data,
      script: """
        set datafile columnheaders
        set size ratio 1
        set rmargin 1.5
        set tmargin 0.7
        set xrange [-0.02:1.02]
        set yrange [-0.02:1.02]
        set xtics 0.2 format "%.1f"
        set ytics 0.2 format "%.1f"
        set xlabel "predicted probability of high grade" offset 0,0.5
        set ylabel "observed share of high grade" offset 1
        unset key
        set arrow from 0,0 to 1,1 nohead dashtype 3 linewidth 1 linecolor rgb "#8a9199" back
        plot '\(name).csv' using 1:2:3:4 with yerrorbars pointtype 7 pointsize 0.6 linewidth 1.4 \\
          linecolor rgb "\(Palette.blue)", \\
          '\(name).csv' using 1:2 with lines linewidth 1.4 linecolor rgb "\(Palette.blue)"
        """, size: (400, 400))
  }
}
