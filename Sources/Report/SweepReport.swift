import Analysis
import Evaluation
public import Foundation
public import Experiment
import Study
public import Support

/// The paper's Table 5: the runs of a sweep over batch sizes, side by side.
public enum SweepReport {
  /// The sentence that warns against taking the best row as an estimate.
  static let choice =
    "The choice among batch sizes is made on the same folds that the values come from: the best row is optimistic. It shows "
    + "how results vary with the batch size, not how a network chosen this way will perform on new patients."

  /// Writes `table5.csv`, `table5.md`, `figures/` and `sweep.html` into `folder`, making it where it is not there.
  ///
  /// - Throws: `StudyError` where a run is damaged, there is none, the folder cannot be written, or gnuplot is missing.
  public static func write(_ runs: [Run], to folder: URL) throws(StudyError) {
    let sweep = try SweepResult(runs)
    let figuresFolder = try RunReport.figuresFolder(in: folder)
    try AtomicFile.write(Table5.csv(sweep.rows), to: folder.appendingPathComponent("table5.csv"))
    try AtomicFile.write(
      Table5.markdown(sweep.rows) + "\n" + ([choice] + remarks(sweep)).joined(separator: "\n\n") + "\n",
      to: folder.appendingPathComponent("table5.md"))
    var figures: [DrawnFigure] = []
    for level in [Level.patient, .slice] {
      if let drawn = try roc(sweep.runs, level: level)?.draw(in: figuresFolder) { figures.append(drawn) }
    }
    var matrices: [DrawnFigure] = []
    for level in [Level.patient, .slice] {
      for (index, content) in sweep.runs.enumerated() {
        matrices.append(try confusion(content, level: level, number: index + 1).draw(in: figuresFolder))
      }
    }
    let page = page(sweep, figures: figures, matrices: matrices)
    try AtomicFile.write(page.markup, to: folder.appendingPathComponent("sweep.html"))
  }

  /// What keeps the runs from being comparable, in sentences.
  private static func remarks(_ sweep: SweepResult) -> [String] {
    let findings = [
      (sweep.haveSameFolds, "The runs do not have the same folds: their difference is not due to batch size alone."),
      (sweep.haveSameProtocol, "The runs' protocols differ in more than the batch size."),
      (sweep.haveOwnBatchSizes, "Several runs have the same batch size."),
    ]
    return findings.filter { !$0.0 }.map(\.1)
  }

  private static func roc(_ contents: [RunContent], level: Level) -> Figure? {
    let curves = contents.enumerated().compactMap { index, content in
      ROCCurve(content.cases[level].finite).map {
        let size = content.batchSize
        return NamedCurve(
          name: "run \(index + 1) batch \(size)",
          label: NamedCurve.label("batch \(size)", content.metrics.pooled[level]), curve: $0)
      }
    }
    return Figure.roc(
      name: "sweep-roc-\(level.rawValue)", title: "ROC curves by batch size, \(level.plural)", curves: curves,
      background: [],
      caption: "ROC curves of the pooled out-of-fold predictions by batch size, at \(level.rawValue) level.")
  }

  /// One of the paper's Figure 9: a matrix for each batch size.
  private static func confusion(_ content: RunContent, level: Level, number: Int) -> Figure {
    let batch = "Batch \(content.batchSize)"
    var figure = Figure.confusion(
      content.metrics.pooled[level], level: level, name: "sweep-confusion-\(level.rawValue)-\(number)")
    figure.title = "\(batch), confusion matrix of \(level.plural)"
    figure.alternative = "\(batch). \(figure.alternative)"
    figure.caption = "\(batch). \(figure.caption)"
    return figure
  }

  private static func page(_ sweep: SweepResult, figures: [DrawnFigure], matrices: [DrawnFigure]) -> HTMLPage {
    let settings = sweep.runs.first?.settings
    let paper =
      "The paper does not state the level of its values. Its accuracy of 0.84 is not a fraction of 40 patients, so "
      + "its values may be at slice level: the slice rows are the ones to compare, the patient rows are the ones "
      + "that matter."
    let curves: [HTML] =
      figures.isEmpty
      ? [.p("No ROC curve can be drawn: the predictions hold one class only.")]
      : [.element("div", ["class": "figures wide"], figures.map(\.html))]
    return HTMLPage(
      title: "Batch sizes: \(settings?.title ?? "")", kicker: "RenalGrade sweep report",
      subtitle: "Protocol \(settings?.name ?? ""); \(Format.count(sweep.runs.count, "run")) on the same study.",
      banners: RunPage.banners(sweep.runs.map(\.manifest)),
      sections: [
        .init(
          id: "table-5", title: "Table 5",
          content: [.element("p", ["class": "lead"], HTML(text: choice))] + remarks(sweep).map { .p(HTML(text: $0)) }
            + [Table5.html(sweep.rows), .element("p", ["class": "remark"], HTML(text: paper))]),
        .init(id: "curves", title: "ROC curves", content: curves),
        .init(
          id: "matrices", title: "Confusion matrices",
          content: [.element("div", ["class": "figures"], matrices.map(\.html))]),
        .init(id: "methods", title: "How the numbers were made", content: [Methods.list(Methods.intervals)]),
        .init(
          id: "runs", title: "The runs",
          content: [
            HTMLTable(
              caption: "Runs, each with its own report in the study's folder runs",
              columns: ["Batch size", "Run", "Patients", "High grade", "Slices", "Duration"],
              rows: sweep.runs.map { content in
                let pooled = content.metrics.pooled
                let duration = content.manifest.facts.first { $0.name == "duration" }?.value ?? "–"
                return [
                  "\(content.batchSize)", HTML(text: content.run.id), "\(pooled.patient.n)",
                  "\(pooled.patient.positives)", "\(pooled.slice.n)", HTML(text: duration),
                ]
              }, isNumeric: false
            ).html
          ]),
      ])
  }
}
