import Evaluation
import Foundation
import Study

/// A run's report as a page.
struct RunPage {
  let content: RunContent
  let figures: RunFigures

  private var pooled: RunMetrics.Levels { content.metrics.pooled }
  private var settings: StudyProtocol { content.settings }

  var page: HTMLPage {
    HTMLPage(
      title: settings.title, kicker: "RenalGrade run report",
      subtitle:
        "Protocol \(settings.name), run \(content.run.id). Clear cell renal cell carcinoma on contrast-enhanced CT: "
        + "low grade (1 or 2) or high grade (3 or 4), high grade being the positive class.",
      banners: Self.banners(content.manifest),
      sections: [
        .init(id: "result", title: "Result", content: result),
        .init(id: "figures", title: "ROC curves and confusion matrices", content: resultFigures),
        .init(id: "folds", title: "Fold by fold", content: foldByFold),
        .init(id: "training", title: "Training", content: training),
        .init(id: "cohort", title: "Patients, folds, and what was set aside", content: cohort),
        .init(id: "methods", title: "How the numbers were made", content: methods),
        .init(id: "protocol", title: "Protocol", content: protocolSection),
        .init(id: "provenance", title: "Provenance", content: provenance),
      ])
  }

  static func banners(_ manifest: Run.Manifest) -> [String] {
    let synthetic =
      manifest.synthetic
      ? ["Virtual patients: the images are synthetic. This proves the engine, never the medicine."] : []
    return synthetic + manifest.notes + [HTMLPage.researchUse]
  }

  // MARK: Result

  private var result: [HTML] {
    let patient = pooled.patient
    let cards = Metric.headline.map { metric in
      let estimate = patient[metric]
      return HTML.element(
        "div", [:], .element("dt", [:], HTML(text: Format.heading(metric.name))),
        .element(
          "dd", [:], .element("span", ["class": "value"], HTML(text: Format.number(estimate.value))),
          .element("span", ["class": "interval"], HTML(text: estimate.interval.map(Format.range) ?? "no interval"))))
    }
    let levels = [Level.patient, .lesion, .slice]
    let table = HTMLTable(
      caption: "Pooled out-of-fold result by level, with 95% intervals",
      columns: ["Level", "n", "High grade"] + Self.headings(Metric.headline),
      rows: levels.map { level in
        [HTML(text: Format.heading(level.rawValue)), "\(pooled[level].n)", "\(pooled[level].positives)"]
          + Self.cells(pooled[level], Metric.headline)
      })
    let further = HTMLTable(
      caption: "Further measures at the threshold of \(Format.number(settings.evaluation.threshold))",
      columns: ["Level"] + Self.headings(Metric.further),
      rows: levels.map { [HTML(text: Format.heading($0.rawValue))] + Self.cells(pooled[$0], Metric.further) })
    let notes = levels.compactMap { level in
      pooled[level].note.map {
        HTML.element("p", ["class": "remark"], "\(Format.heading(level.rawValue)) level: \($0)")
      }
    }
    return [
      .element("p", ["class": "lead"], HTML(text: Precision.sentence(patient))),
      .element("dl", ["class": "cards"], cards),
      .element(
        "p", ["class": "remark"], HTML(text: "Patient level, with 95% intervals. \(Precision.oneCaseMore(patient))")),
      table.html,
    ] + notes + [further.html]
  }

  private static func headings(_ metrics: [Metric]) -> [String] { metrics.map { Format.heading($0.name) } }

  private static func cells(_ result: LevelMetrics, _ metrics: [Metric]) -> [HTML] {
    metrics.map { Format.cell(result[$0]) }
  }

  private var resultFigures: [HTML] {
    let roc =
      figures.roc?.besideCaption ?? .p("No ROC curve can be drawn: at every level the predictions hold one class only.")
    return [roc, .element("div", ["class": "figures"], figures.confusion.map(\.html))]
  }

  // MARK: Folds and training

  private var foldByFold: [HTML] {
    [Level.patient, .slice].map { level in
      let folds = content.metrics.folds.map { $0[level] }
      var rows = folds.enumerated().map { fold, metrics in
        ["Fold \(fold + 1)", "\(metrics.n)", "\(metrics.positives)"] + Self.cells(metrics, Metric.headline)
      }
      let spreads = Metric.headline.map { metric in Spread(folds.compactMap { $0[metric].value })?.text ?? "–" }
      rows.append(["Mean (SD)", "", ""] + spreads.map(HTML.init(text:)))
      return HTMLTable(
        caption: "Folds at \(level.rawValue) level, with 95% intervals",
        columns: ["Fold", "n", "High grade"] + Self.headings(Metric.headline), rows: rows
      ).html
    } + foldNotes + [
      .element(
        "p", ["class": "remark"],
        "The spread over folds is not a confidence interval: the folds' training sets overlap, and each fold holds few patients."
      )
    ]
  }

  /// What the folds' notes say, each once, with the folds that it is true of.
  private var foldNotes: [HTML] {
    var order: [String] = []
    var places: [String: [Int]] = [:]
    for (fold, levels) in content.metrics.folds.enumerated() {
      guard let note = levels.patient.note else { continue }
      if places[note] == nil { order.append(note) }
      places[note, default: []].append(fold + 1)
    }
    return order.map { note in
      let folds = places[note] ?? []
      let names = folds.map(String.init).joined(separator: ", ")
      return .element("p", ["class": "remark"], "Fold\(folds.count == 1 ? "" : "s") \(names), patients: \(note)")
    }
  }

  private var training: [HTML] {
    let curves = figures.training?.besideCaption ?? .p("No training curves: the run's log holds no epoch.")
    guard let montage = content.montage else { return [curves] }
    return [
      curves, .element("h3", [:], "What the network sees"),
      .element(
        "figure", [:],
        montage.image(
          alternative: "A grid of the regions of interest as they enter the network: windowed crops around each tumour."
        ),
        .element(
          "figcaption", [:],
          "Regions of interest as they enter the network: a window of \(Format.number(settings.roi.windowWidth, decimals: 0)) HU around \(Format.number(settings.roi.windowCentre, decimals: 0)) HU, a box of \(settings.roi.boxSize) pixels centred on the contour."
        )),
    ]
  }

  // MARK: Cohort

  private var cohort: [HTML] {
    let byPatient = Dictionary(grouping: content.predictions, by: \.patient)
    let folds = content.folds.heldOut.enumerated().map { fold, codes in
      let predictions = codes.flatMap { byPatient[$0] ?? [] }
      let high = codes.count { code in byPatient[code]?.contains { $0.label == .high } == true }
      return [
        "Fold \(fold + 1)", "\(codes.count)", "\(high)", "\(Set(predictions.map { [$0.patient, $0.lesion] }).count)",
        "\(predictions.count)", HTML(text: codes.joined(separator: ", ")),
      ] as [HTML]
    }
    let table = HTMLTable(
      caption: "Held-out patients of each fold",
      columns: ["Fold", "Patients", "High grade", "Lesions", "Slices", "Codes"],
      rows: folds, isNumeric: false)
    let split =
      "\(Format.count(pooled.patient.n, "patient")) with \(Format.count(pooled.lesion.n, "lesion")) and "
      + "\(Format.count(pooled.slice.n, "slice")), split at patient level into \(content.folds.heldOut.count) folds, "
      + "stratified by class. Each patient was held out once; no patient, exam, slice or image stood on both sides of a split."
    return [.p(HTML(text: split)), table.html, .element("h3", [:], "Set aside")]
      + SetAsideList(entries: content.setAside, patientIDs: settings.pathology.patientIDs).html
  }

  // MARK: Methods, protocol, provenance

  private var methods: [HTML] {
    let aggregate =
      switch settings.evaluation.aggregation {
      case .mean: "the mean of its slices'"
      case .maximum: "that of its highest slice"
      case .noisyOr: "one minus the product of its slices' complements"
      }
    let threshold = Format.number(settings.evaluation.threshold)
    return [
      Methods.list(
        [
          (
            "Levels",
            "A lesion's or patient's probability is \(aggregate). A patient is high grade where any of the lesions is. Results "
              + "at slice level describe images, not people: a patient with many slices counts many times."
          ),
          (
            "Threshold",
            "A case is called high grade from a probability of \(threshold), fixed in the protocol before the run."
          ),
        ] + Methods.intervals)
    ]
  }

  private var protocolSection: [HTML] {
    [
      .p("The resolved protocol of this run, in full. The run's folder holds it as protocol.yaml."),
      .element("pre", ["tabindex": "0", "aria-label": "The protocol as YAML"], HTML(text: content.protocolText)),
    ]
  }

  private var provenance: [HTML] {
    guard !content.manifest.facts.isEmpty else { return [.p("The run's manifest states no facts.")] }
    return [
      HTMLTable(
        caption: "What produced this run", columns: ["Fact", "Value"],
        rows: content.manifest.facts.map { [HTML(text: $0.name), HTML(text: $0.value)] }, isNumeric: false
      ).html,
      .p(
        "Each figure stands in the run's folder figures as SVG, with its data (CSV) and the gnuplot script that drew it; every value of this page is in metrics.json, and every prediction in predictions.csv."
      ),
    ]
  }
}
