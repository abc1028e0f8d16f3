import Experiment
import Study

extension Figure {
  /// Loss per epoch, fold by fold and on average; nil where no epoch was logged.
  static func training(_ epochs: [Run.Epoch]) -> Figure? {
    // A fold that was taken up again has logged some epochs twice: the last one counts.
    var latest: [Int: [Int: Run.Epoch]] = [:]
    for epoch in epochs { latest[epoch.fold, default: [:]][epoch.epoch] = epoch }
    guard let lastEpoch = epochs.map(\.epoch).max() else { return nil }
    let folds = latest.keys.sorted()
    var data = "fold,epoch,loss,heldOutLoss\n"
    for fold in folds {
      for (number, epoch) in (latest[fold] ?? [:]).sorted(by: { $0.key < $1.key }) {
        data += "\(fold + 1),\(number),\(epoch.loss),\(epoch.heldOutLoss)\n"
      }
    }
    for number in 1...max(1, lastEpoch) {
      let all = folds.compactMap { latest[$0]?[number] }
      guard !all.isEmpty else { continue }
      let count = Double(all.count)
      data += "mean,\(number),\(all.map(\.loss).reduce(0, +) / count),\(all.map(\.heldOutLoss).reduce(0, +) / count)\n"
    }
    func plot(_ fold: String, _ column: Int, _ style: String) -> String {
      "'training.csv' using (strcol(1) eq \"\(fold)\" ? column(2) : NaN):\(column) with linespoints \(style)"
    }
    let sets = [(3, Palette.blue, "1", "training slices"), (4, Palette.vermillion, "2", "held-out slices")]
    var plots: [String] = []
    for (column, colour, dash, _) in sets {
      for fold in folds {
        plots.append(
          plot(
            "\(fold + 1)", column,
            "linewidth 0.8 dashtype \(dash) pointtype 7 pointsize 0.15 linecolor rgb \"#a0\(colour.dropFirst())\" notitle"
          ))
      }
    }
    for (column, colour, dash, title) in sets {
      plots.append(
        plot(
          "mean", column,
          "linewidth 2.4 dashtype \(dash) pointtype 7 pointsize 0.3 linecolor rgb \"\(colour)\" title \"\(title)\""))
    }
    let means = data.split(separator: "\n").filter { $0.hasPrefix("mean,\(lastEpoch),") }.first?.split(separator: ",")
    let losses = (means ?? []).dropFirst(2).map { Format.number(Double($0)) }
    return Figure(
      name: "training", title: "Training curves",
      alternative:
        "Weighted cross-entropy by epoch for \(Format.count(folds.count, "fold")). After epoch \(lastEpoch) its "
        + "mean is \(losses.first ?? "–") on training slices and \(losses.last ?? "–") on held-out slices.",
      caption:
        "Weighted cross-entropy by epoch: thin lines are folds, thick lines their mean. The held-out loss is shown "
        + "only: it was not used to choose an epoch, threshold or setting.",
      data: data,
      script: """
        set datafile columnheaders
        set rmargin 1.5
        set tmargin 0.7
        set xrange [1:\(max(2, lastEpoch))]
        set yrange [0:*]
        set xtics \(max(1, (lastEpoch + 9) / 10))
        set xlabel "epoch" offset 0,0.5
        set ylabel "weighted cross-entropy" offset 1
        set key outside below left reverse Left maxrows 1 samplen 2.6 spacing 1.5 font ",11.5"
        plot \(plots.joined(separator: ", \\\n     "))
        """, size: (420, 310))
  }
}
