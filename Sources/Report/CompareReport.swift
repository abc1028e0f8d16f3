public import Analysis
import Evaluation
public import Foundation
public import Experiment
import Study
public import Support

/// The comparison of several runs as a page, a table and figures.
public enum CompareReport {
  /// Writes `compare.html`, `compare.csv` and `figures/` into `folder`, making it where it is not there.
  ///
  /// - Throws: `StudyError` as `RunComparison` does, where the folder cannot be written, or gnuplot is missing.
  @discardableResult
  public static func write(_ runs: [Run], margin: Double, to folder: URL) throws(StudyError) -> RunComparison {
    let comparison = try RunComparison(runs, margin: margin)
    let figures = try RunReport.figuresFolder(in: folder)
    try AtomicFile.write(comparison.csv, to: folder.appendingPathComponent("compare.csv"))
    let page = try page(comparison, figures: figures)
    try AtomicFile.write(page.markup, to: folder.appendingPathComponent("compare.html"))
    return comparison
  }

  private static func page(_ comparison: RunComparison, figures: URL) throws(StudyError) -> HTMLPage {
    let curves = comparison.entries.enumerated().compactMap { place, entry in
      ROCCurve(entry.cases).map {
        NamedCurve(
          name: "run \(place + 1)", label: NamedCurve.label("run \(place + 1)", entry.result), curve: $0)
      }
    }
    let roc = try Figure.roc(
      name: "compare-roc", title: "ROC curves of the runs, patients", curves: curves, background: [],
      caption: "ROC curves of the runs' out-of-fold predictions, on the patients that all runs have predicted.")?
      .draw(in: figures)
    return HTMLPage(
      title: "Comparison of \(comparison.entries.count) runs", kicker: "RenalGrade comparison",
      subtitle: "On \(Format.count(comparison.patients.codes.count, "patient")), "
        + "\(comparison.entries.first?.result.positives ?? 0) of high grade; patient level.",
      banners: comparison.banners,
      sections: [
        .init(id: "runs", title: "The runs", content: runs(comparison)),
        .init(id: "differences", title: "Their differences", content: differences(comparison)),
        .init(id: "seeds", title: "Seeds", content: seeds(comparison)),
        .init(
          id: "curves", title: "ROC curves",
          content: [roc?.besideCaption ?? .p("No ROC curve can be drawn: the patients are of one class.")]),
        .init(id: "methods", title: "How the numbers were made", content: [Methods.list(methods(comparison))]),
      ])
  }

  private static func runs(_ comparison: RunComparison) -> [HTML] {
    let table = HTMLTable(
      caption: "Each run on the common patients, with 95% intervals",
      columns: ["Run", "Name"] + MetricColumns.headings(Metric.headline),
      rows: comparison.entries.enumerated().map { place, entry in
        ["Run \(place + 1)", HTML(text: entry.run)] + MetricColumns.cells(entry.result, Metric.headline)
      }, leadingColumns: 2)
    return comparison.remarks.map { .p(HTML(text: $0)) } + [table.html]
      + HTML.reasons(comparison.entries.enumerated().map { ("run \($0.offset + 1)", $0.element.result.note) })
      + [
        HTML.methods(
          Metric.headline, comparison.entries.enumerated().map { ("run \($0.offset + 1)", $0.element.result) })
      ]
  }

  private static func differences(_ comparison: RunComparison) -> [HTML] {
    let table = HTMLTable(
      caption: "Every later run against every earlier one, with 95% intervals",
      columns: ["Runs", "Measure", "Difference", "Test", "p", "Corrected p", "No worse: p", "The later run"],
      rows: comparison.differences.map { found in
        [
          "\(found.later + 1) less \(found.earlier + 1)", HTML(text: found.measure), Format.cell(found.difference),
          HTML(text: found.test), HTML(text: Format.pValue(found.pValue)),
          HTML(text: Format.pValue(found.adjustedPValue)), HTML(text: Format.pValue(found.noWorsePValue)),
          HTML(text: found.verdict.map { $0.words(margin: comparison.margin) } ?? "–"),
        ]
      }, isNumeric: false)
    let overall = comparison.overall.map { test in
      HTML.p(
        HTML(
          text: test.pValue.map {
            "Whether the AUCs of all \(comparison.entries.count) runs differ at all: \(Format.pStatement($0)) (\(test.method))."
          } ?? "Whether the AUCs of all runs differ at all can't be tested. \(test.note ?? "")"))
    }
    let measures = [
      ("aucDifference", "AUC"), ("accuracyDifference", "accuracy"), ("sensitivityDifference", "sensitivity"),
      ("specificityDifference", "specificity"),
    ]
    return [table.html, Coverage.remark(measures, patients: comparison.patients.codes.count)]
      + [overall].compactMap { $0 }
      + HTML.reasons(
        comparison.differences.flatMap { found in
          let subject = "\(found.measure) by \(found.test), runs \(found.later + 1) and \(found.earlier + 1)"
          return [(subject, found.difference.note)]
        })
  }

  private static func seeds(_ comparison: RunComparison) -> [HTML] {
    guard !comparison.seedGroups.isEmpty else {
      return [.p("No two of the runs differ only in their seeds: how much a result depends on the seed is not shown.")]
    }
    let tables = comparison.seedGroups.map { group in
      let names = group.runs.map { "\($0 + 1)" }.joined(separator: ", ")
      return HTMLTable(
        caption: "Runs \(names), which differ only in their seeds: patient level, each on all its patients",
        columns: ["Measure", "Runs", "Mean", "SD", "Minimum", "Maximum"],
        rows: group.values.map { metric, values in
          let spread = Spread(values)
          return [
            HTML(text: Format.heading(metric.name)), "\(values.count)",
            HTML(text: Format.number(spread?.mean, decimals: 3)),
            HTML(text: Format.number(spread?.deviation, decimals: 3)),
            HTML(text: Format.number(values.min(), decimals: 3)), HTML(text: Format.number(values.max(), decimals: 3)),
          ]
        }
      ).html
    }
    return tables + [
      .remark(
        "The spread over seeds shows how much depends on chance in training and splitting; it is not a confidence interval over patients."
      )
    ]
  }

  private static func methods(_ comparison: RunComparison) -> [(String, String)] {
    [
      (
        "Differences",
        "The later run's value minus the earlier run's, on the same patients. AUC: DeLong's paired method. Rates: "
          + "Newcombe's interval for paired proportions (method 10), with McNemar's exact test; each run is classified at its own "
          + "thresholds."
      ),
      (
        "Several comparisons",
        "p-values are corrected by Holm's method over all pairs of runs, separately for each measure and test."
      ),
      (
        "No worse",
        "The later run is better or worse if the 95% interval lies on one side of 0 and the corrected p-value is "
          + "below 0.05, and no worse if the whole interval lies above minus \(Format.number(comparison.margin)); "
          + "the p-value for no worse is one-sided, from the same interval, and shows this below 0.025. Otherwise "
          + "the result is inconclusive: neither a difference "
          + "nor its absence is shown. A margin is meaningful only if it was fixed before the result was known."
      ),
    ]
  }
}

extension Verdict {
  /// What is said of the model that is judged.
  func words(margin: Double) -> String {
    switch self {
    case .superior: "better"
    case .nonInferior: "no worse by more than \(Format.number(margin))"
    case .inferior: "worse"
    case .inconclusive: "inconclusive"
    }
  }
}

extension RunComparison {
  /// What must not be overlooked: virtual patients, what was trained instead.
  var banners: [String] { RunPage.banners(entries.map(\.manifest)) }

  /// What keeps the runs from being comparable, in sentences.
  var remarks: [String] {
    var remarks: [String] = []
    let unshared = patients.allCount - patients.sharedCount
    if unshared > 0 {
      remarks.append(
        "The runs are compared on the \(Format.count(patients.sharedCount, "patient")) that all of them have "
          + "predicted; "
          + "\(unshared) of \(patients.allCount) \(unshared == 1 ? "is" : "are") excluded.")
    }
    let contradictory = patients.sharedCount - patients.codes.count
    if contradictory > 0 {
      remarks.append(
        "\(Format.count(contradictory, "patient")) with different classes in different runs "
          + "\(contradictory == 1 ? "is" : "are") excluded.")
    }
    if !haveSameFolds {
      remarks.append("The runs do not have the same folds: their difference is partly due to the split.")
    }
    let shuffled = entries.filter { $0.manifest.shuffledBy != nil }.map(\.run)
    if !shuffled.isEmpty { remarks.append("Trained on shuffled labels: \(shuffled.joined(separator: ", ")).") }
    return remarks
  }

  /// The comparison as CSV: a row for each value of a run, then one for each difference.
  var csv: String {
    var text = "kind,run,against,measure,value,lower,upper,pValue,adjustedPValue,noWorsePValue,method,verdict\n"
    for entry in entries {
      for metric in Metric.all {
        let estimate = entry.result[metric]
        text += "run,\(entry.run),,\(metric.key),\(Format.data(estimate.value)),"
        text += "\(Format.data(estimate.interval?.lower)),\(Format.data(estimate.interval?.upper)),,,,"
        text += "\(Self.cell(estimate.interval?.method ?? "")),\n"
      }
    }
    for found in differences {
      text += "difference,\(entries[found.later].run),\(entries[found.earlier].run),\(found.measure),"
      text += "\(Format.data(found.difference.value)),\(Format.data(found.difference.interval?.lower)),"
      text += "\(Format.data(found.difference.interval?.upper)),\(Format.data(found.pValue)),"
      text += "\(Format.data(found.adjustedPValue)),\(Format.data(found.noWorsePValue)),"
      text += "\(Self.cell(found.test)),\(found.verdict?.rawValue ?? "")\n"
    }
    return text
  }

  private static func cell(_ text: String) -> String { text.contains(",") ? "\"\(text)\"" : text }

  /// The comparison for a terminal, without a line feed at the end.
  public var text: String {
    var lines = [
      "Patient level, \(patients.codes.count) common patients (\(entries.first?.result.positives ?? 0) high grade)"
    ]
    lines += banners + remarks
    for (place, entry) in entries.enumerated() {
      let values = Metric.headline.map { "\($0.name) \(Format.text(entry.result[$0]))" }.joined(separator: ", ")
      lines.append("\(place + 1)  \(entry.run): \(values)")
    }
    for found in differences {
      let reason = found.difference.note ?? ""
      let value =
        found.difference.value.map { value in
          "\(Format.difference(value))"
            + (found.difference.interval.map { " (\(Format.signedRange($0)))" } ?? "")
        } ?? "–"
      let verdict = found.verdict.map { "; run \(found.later + 1): \($0.words(margin: margin))" } ?? ""
      lines.append(
        "\(found.later + 1) less \(found.earlier + 1)  \(found.measure): \(value), p \(Format.pValue(found.pValue)), "
          + "corrected \(Format.pValue(found.adjustedPValue)) (\(found.test))\(verdict)"
          + (reason.isEmpty ? "" : ". \(reason)"))
    }
    for group in seedGroups {
      let values = group.values.filter { $0.metric.key == Metric.auc.key || $0.metric.key == Metric.accuracy.key }
        .map { "\($0.metric.name) \(Spread($0.values)?.text ?? "–")" }.joined(separator: ", ")
      lines.append("Seeds: runs \(group.runs.map { "\($0 + 1)" }.joined(separator: ", ")), mean (SD): \(values)")
    }
    return lines.joined(separator: "\n")
  }
}

extension Format {
  /// The limits of a difference's interval, with their signs.
  static func signedRange(_ interval: Interval) -> String {
    "\(difference(interval.lower)) to \(difference(interval.upper))"
  }
}
