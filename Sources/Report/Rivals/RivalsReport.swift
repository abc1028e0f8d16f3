public import Analysis
import Evaluation
import Experiment
public import Foundation
public import Study
public import Support

/// The comparison of rivals as a page, tables and figures.
public enum RivalsReport {
  /// Writes `rivals.html`, `rivals.json`, `rivals.csv` and `figures/` into `folder`, making it where it is not there.
  ///
  /// - Throws: `StudyError` where a run is damaged, the folder cannot be written, or gnuplot is missing.
  public static func write(_ result: RivalsResult, in study: StudyFolder, to folder: URL) throws(StudyError) {
    let figures = try RunReport.figuresFolder(in: folder)
    try AtomicFile.writeJSON(result, to: folder.appendingPathComponent("rivals.json"))
    try AtomicFile.write(result.csv, to: folder.appendingPathComponent("rivals.csv"))
    var runs: [RunContent] = []
    for entry in result.entries { runs.append(try RunContent(Run.open(entry.run, in: study))) }
    let page = try page(result, runs, figures: figures)
    try AtomicFile.write(page.markup, to: folder.appendingPathComponent("rivals.html"))
  }

  private static func page(
    _ result: RivalsResult, _ runs: [RunContent], figures: URL
  ) throws(StudyError) -> HTMLPage {
    let forest = try Figure.forest(result).draw(in: figures).html
    let decision = try Figure.decision(result)?.draw(in: figures).besideCaption
    let agreement = try Figure.agreement(result.agreement).draw(in: figures).besideCaption
    return HTMLPage(
      title: "Comparison of \(result.entries.count) rivals", kicker: "RenalGrade rivals",
      subtitle: "On \(Format.count(result.patients.codes.count, "patient")) common to all, "
        + "\(result.entries.first?.result.positives ?? 0) of high grade, in the same folds; patient level.",
      banners: result.banners,
      sections: [
        .init(id: "result", title: "Results", content: RivalTables.results(result, forest: forest)),
        .init(
          id: "differences", title: "Differences from \(result.reference)", content: RivalTables.differences(result)),
        .init(id: "calibration", title: "Calibration", content: RivalTables.calibration(result)),
        .init(id: "usefulness", title: "Decision curves", content: RivalTables.usefulness(result, decision)),
        .init(id: "cost", title: "Cost", content: RivalTables.cost(result)),
        .init(id: "agreement", title: "Agreement", content: RivalTables.agreement(result, agreement)),
        .init(id: "errors", title: "Where they err together", content: RivalTables.errors(result)),
        .init(id: "choice", title: "The best of all", content: RivalTables.choice(result)),
        .init(id: "patients", title: "Patients and rivals not compared", content: RivalTables.losses(result)),
        .init(id: "checklists", title: "Checklists", content: RivalChecklists.html(result, runs)),
        .init(id: "methods", title: "How the numbers were made", content: [Methods.list(RivalTables.methods(result))]),
      ])
  }
}

extension RivalsResult {
  /// What must not be overlooked: virtual patients, substitutes.
  var banners: [String] {
    let synthetic =
      isSynthetic
      ? ["Virtual patients: the images are synthetic. They test the software and say nothing about real patients."] : []
    var order: [String] = []
    var names: [String: [String]] = [:]
    for entry in entries {
      for note in entry.notes {
        if names[note] == nil { order.append(note) }
        names[note, default: []].append(entry.name)
      }
    }
    return synthetic + order.map { "\((names[$0] ?? []).joined(separator: ", ")): \($0)" } + [HTMLPage.researchUse]
  }

  /// The comparison as CSV: a row for each value of a rival, then one for each difference.
  var csv: String {
    var text = "kind,rival,against,measure,value,lower,upper,pValue,adjustedPValue,method,verdict\n"
    func cell(_ text: String) -> String { text.csvCell }
    func row(_ name: String, _ measure: String, _ estimate: Estimate) {
      text += "rival,\(cell(name)),,\(measure),\(Format.data(estimate.value)),"
      text += "\(Format.data(estimate.interval?.lower)),\(Format.data(estimate.interval?.upper)),,,"
      text += "\(cell(estimate.interval?.method ?? "")),\n"
    }
    for entry in entries {
      for metric in Metric.all { row(entry.name, metric.key, entry.result[metric]) }
      let further = [
        ("aucWithinFolds", entry.withinFolds), ("adjustedAUC", entry.adjustedAUC),
        ("calibrationIntercept", entry.calibration.intercept), ("calibrationSlope", entry.calibration.slope),
        ("brier", entry.calibration.brier),
        ("expectedCalibrationError", entry.calibration.expectedCalibrationError),
      ]
      for (measure, stated) in further { row(entry.name, measure, stated.estimate) }
      let cost = [
        ("fitSeconds", entry.cost.fitSeconds), ("predictMilliseconds", entry.cost.predictMilliseconds),
        ("peakMemoryBytes", entry.cost.peakMemory.map(Double.init)),
        ("trainedParameters", entry.cost.trainedParameters.map(Double.init)),
      ]
      for (measure, value) in cost { row(entry.name, measure, Estimate(value: value, interval: nil)) }
    }
    for found in differences {
      text +=
        "difference,\(cell(found.name)),\(cell(reference)),\(found.measure),\(Format.data(found.difference.value)),"
      text += "\(Format.data(found.difference.interval?.lower)),\(Format.data(found.difference.interval?.upper)),"
      text += "\(Format.data(found.pValue)),\(Format.data(found.adjustedPValue)),\(cell(found.test)),"
      text += "\(found.verdict?.rawValue ?? "")\n"
    }
    return text
  }

  /// The comparison for a terminal, without a line feed at the end.
  public var text: String {
    let width = entries.map(\.name.count).max() ?? 0
    var lines = [
      "Patient level, \(patients.codes.count) common patients (\(entries.first?.result.positives ?? 0) high grade)"
    ]
    for entry in entries {
      let values = Metric.headline.prefix(3).map { "\($0.name) \(Format.text(entry.result[$0]))" }
      let verdict = differences.first { $0.name == entry.name && $0.measure == Metric.auc.name }?.verdict
      let words = verdict.map { "; against \(reference): \($0.words(margin: margin))" } ?? ""
      let name = entry.name + String(repeating: " ", count: width - entry.name.count)
      lines.append("\(name)  \(values.joined(separator: ", "))\(words)")
    }
    lines += failed.map { "\($0.name) has no run: \($0.reason ?? "the reason is not known")" }
    if let choice { lines.append(choice.reading) }
    return lines.joined(separator: "\n")
  }
}

extension RivalChoice.Result {
  /// The nested estimate, and how far above it the best of all rivals lies.
  var reading: String {
    guard let value else { return "The nested \(criterion) is undefined: the predictions contain only one class." }
    let start =
      "Choosing the rival of each fold without its patients, the \(criterion) is \(Format.number(value, decimals: 3))."
    guard let best, let highest = best.value, let optimism else { return start }
    return "\(start) The best of all on the same patients, \(best.name), has \(Format.number(highest, decimals: 3)): "
      + (optimism > 0
        ? "higher by \(Format.number(optimism, decimals: 3)), which estimates the optimism of reporting the best rival, as far as a "
          + "single difference can."
        : "here it is not optimistic; on other data it may be.")
  }
}
