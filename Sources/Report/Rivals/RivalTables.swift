import Analysis
import Evaluation
import Experiment

/// The tables of a comparison of rivals, section by section.
enum RivalTables {
  static func results(_ result: RivalsResult, forest: HTML) -> [HTML] {
    let table = HTMLTable(
      caption: "Each rival on the common patients, with 95% intervals",
      columns: ["Rival", "AUC", "AUC within folds", "AUC adjusted for size", "Sensitivity", "Specificity"],
      rows: result.entries.map { entry in
        [
          HTML(text: entry.name), Format.cell(entry.result[.auc]), Format.cell(entry.withinFolds),
          Format.cell(entry.adjustedAUC), Format.cell(entry.result[.sensitivity]),
          Format.cell(entry.result[.specificity]),
        ]
      })
    let list = result.entries.map {
      HTML.element("li", [:], .element("strong", [:], HTML(text: $0.name)), HTML(text: ": \($0.title)"))
    }
    let overall = result.overall.map { test in
      HTML.p(
        HTML(
          text: test.pValue.map {
            "Whether the AUCs of all \(result.entries.count) rivals differ at all: \(Format.pStatement($0)) (\(test.method))."
          } ?? "Whether the AUCs of all rivals differ at all cannot be tested. \(test.note ?? "")"))
    }
    let few = result.entries.first.map { min($0.result.positives, $0.result.n - $0.result.positives) } ?? 0
    return [
      table.html,
      .remark(
        "AUC adjusted for size: on \(Format.count(result.patientsWithSize, "patient")) with a value of \(result.sizeColumn)."
      ),
      Coverage.remark(
        Metric.headline.prefix(3).map { ($0.key, $0.name) } + [("adjustedAUC", "adjusted AUC")],
        patients: result.patients.codes.count),
      .remark(
        "The less frequent class has \(Format.count(few, "patient")): without a penalty it supports about "
          + "\(Format.count(max(1, few / 10), "predictor")) (ten patients for each)."),
    ] + [overall].compactMap { $0 } + [forest, .element("ul", [:], list)]
      + HTML.reasons(
        result.entries.flatMap { entry in
          [
            (entry.name, entry.result.note), ("\(entry.name), adjusted AUC", entry.adjustedAUC.note),
            ("\(entry.name), AUC within folds", entry.withinFolds.note),
          ]
        })
  }

  /// `kind` is what is compared.
  static func differences(_ result: RivalsResult, of kind: String = "Rival") -> [HTML] {
    let table = HTMLTable(
      caption: "Each value minus that of \(result.reference), with 95% intervals",
      columns: [kind, "Measure", "Difference", "Test", "p", "Corrected p", "Verdict"],
      rows: result.differences.map { found in
        [
          HTML(text: found.name), HTML(text: found.measure), Format.cell(found.difference), HTML(text: found.test),
          HTML(text: Format.pValue(found.pValue)), HTML(text: Format.pValue(found.adjustedPValue)),
          HTML(text: found.verdict.map { $0.words(margin: result.margin) } ?? "–"),
        ]
      }, isNumeric: false)
    let measures = [
      ("aucDifference", "AUC"), ("accuracyDifference", "accuracy"), ("sensitivityDifference", "sensitivity"),
      ("specificityDifference", "specificity"),
    ]
    return [table.html, Coverage.remark(measures, patients: result.patients.codes.count)]
      + HTML.reasons(result.differences.map { ("\($0.measure), \($0.name)", $0.difference.note) })
  }

  static func calibration(_ result: RivalsResult) -> [HTML] {
    let table = HTMLTable(
      caption: "Calibration of the patients' probabilities, with 95% intervals",
      columns: ["Rival", "Intercept (0 is ideal)", "Slope (1 is ideal)", "Brier score", "ECE", "ECE if perfect"],
      rows: result.entries.map { entry in
        let found = entry.calibration
        return [
          HTML(text: entry.name), Format.cell(found.intercept), Format.cell(found.slope), Format.cell(found.brier),
          Format.cell(found.expectedCalibrationError), Format.cell(found.errorOfPerfectCalibration),
        ]
      })
    return [
      table.html,
      .remark(
        "ECE: the expected calibration error over ten bins, without an interval. A perfectly calibrated model would not have 0; its "
          + "mean and the range of 95% of draws are shown beside it."),
      Coverage.remark(
        [("intercept", "intercept"), ("slope", "slope"), ("brier", "Brier score")],
        patients: result.patients.codes.count),
    ]
      + HTML.reasons(
        result.entries.flatMap { entry in
          let found = entry.calibration
          return [
            ("\(entry.name), intercept", found.intercept.note), ("\(entry.name), slope", found.slope.note),
            ("\(entry.name), Brier score", found.brier.note),
            ("\(entry.name), ECE", found.expectedCalibrationError.note),
            ("\(entry.name), ECE if perfect", found.errorOfPerfectCalibration.note),
          ]
        })
  }

  static func usefulness(_ result: RivalsResult, _ figure: HTML?) -> [HTML] {
    let missing = result.entries.map { ("\($0.name), net benefit", $0.netBenefitNote) }
    guard let figure else { return [.p("No decision curve can be drawn.")] + HTML.reasons(missing) }
    let shown = [0.2, 0.3, 0.4, 0.5]
    let table = HTMLTable(
      caption: "Net benefit per patient at some threshold probabilities, with 95% intervals",
      columns: ["Rival"] + shown.map { "at \(Format.number($0))" },
      rows: result.entries.map { entry in
        [HTML(text: entry.name)]
          + shown.map { wanted in
            let point = entry.netBenefit?.first { abs($0.threshold - wanted) < 1e-9 }
            return point.map { Format.cell($0.model) } ?? "–"
          }
      })
    let withoutInterval = result.entries.flatMap { entry in
      shown.compactMap { wanted in
        entry.netBenefit?.first { abs($0.threshold - wanted) < 1e-9 }.map {
          ("\(entry.name), net benefit at \(Format.number(wanted)), no interval", $0.model.note)
        }
      }
    }
    return [
      figure, table.html, Coverage.remark([("netBenefit", "net benefit")], patients: result.patients.codes.count),
    ] + HTML.reasons(missing + withoutInterval)
  }

  static func cost(_ result: RivalsResult) -> [HTML] {
    let table = HTMLTable(
      caption: "What the fold jobs took on this machine",
      columns: [
        "Rival", "Fit, all folds (s)", "Prediction (ms per example)", "Peak memory (MB)", "Size of the model",
      ],
      rows: result.entries.map { entry in
        let cost = entry.cost
        return [
          HTML(text: entry.name), HTML(text: Format.number(cost.fitSeconds, decimals: 1)),
          HTML(text: Format.number(cost.predictMilliseconds)),
          HTML(text: Format.number(cost.peakMemory.map { Double($0) / 1e6 }, decimals: 0)),
          HTML(text: size(cost)),
        ]
      })
    return [
      table.html,
      .remark(
        "What rivals share (the output of frozen stages, tables of features) is made once beforehand, and is not counted. Peak memory is "
          + "that of the whole program during a job, including what other rivals hold ready. An example is a slice, a lesion or a "
          + "patient, as the rival learns from. Size: what is fitted in a fold, the fewest to the most of all folds; of a network, its "
          + "trained parameters. A single variable has nothing to fit, and a combination is as large as its models together: both have "
          + "a dash."),
    ] + HTML.reasons(result.entries.map { ($0.name, $0.cost.note) })
  }

  /// What is fitted, in words.
  private static func size(_ cost: RivalCost) -> String {
    if let parameters = cost.trainedParameters { return Format.count(parameters, "parameter") }
    guard let sizes = cost.modelSizes, let least = sizes.first, let most = sizes.last else { return "–" }
    let unit =
      switch most.unit {
      case .coefficients: "coefficient"
      case .supportVectors: "support vector"
      case .treeNodes: "tree node"
      case .trainingRows: "training row"
      case .parameters: "parameter"
      }
    let range = Format.count(most.count, unit)
    return least.count < most.count ? "\(least.count) to \(range)" : range
  }

  static func agreement(_ result: RivalsResult, _ figure: HTML) -> [HTML] {
    let names = result.agreement.names
    /// Why a measure of some pairs can't be stated.
    func gaps(_ measure: String, _ values: [[Stated]]) -> [(String, String?)] {
      names.indices.flatMap { first in
        names.indices.filter { $0 > first }.map {
          ("\(measure) of \(names[first]) and \(names[$0])", values[first][$0].note)
        }
      }
    }
    return [
      figure,
      .remark(
        "Kappa depends on how many patients are called high grade, and is low where nearly all calls are the same. Two rivals can be "
          + "equally good and disagree: then each sees something that the other does not, or both are noisy. No interval is stated."
      ),
    ] + HTML.reasons(gaps("kappa", result.agreement.kappa) + gaps("correlation", result.agreement.spearman))
  }

  static func errors(_ result: RivalsResult) -> [HTML] {
    let names = result.agreement.names
    let shown = result.errors.groups.prefix(15)
    let groups = HTMLTable(
      caption: "Patients by the rivals that call them wrong (●), the most frequent combinations first",
      columns: ["Patients", "High grade"] + names,
      rows: shown.map { group in
        ["\(group.patients)", "\(group.highGrade)"] + names.map { group.rivals.contains($0) ? "●" : "·" }
      }, isNumeric: false)
    let rest = result.errors.groups.dropFirst(15).reduce(0) { $0 + $1.patients }
    let all = result.errors.patients.count { $0.wrong.count == names.count }
    var html: [HTML] = [
      .p(
        HTML(
          text: "\(Format.count(all, "patient")) of \(result.patients.codes.count) "
            + "\(all == 1 ? "is" : "are") called wrong by every rival, each at its own thresholds.")), groups.html,
    ]
    if rest > 0 { html.append(.remark("Other combinations: \(Format.count(rest, "patient")).")) }
    guard !result.errors.patients.isEmpty else {
      return html + [.p("No patient is called wrong by more than half of the rivals.")]
    }
    let table = HTMLTable(
      caption: "Patients whom more than half of the rivals call wrong",
      columns: ["Patient", "True grade", "Wrong", "By"],
      rows: result.errors.patients.map { patient in
        [
          HTML(text: patient.code), patient.isHigh ? "high" : "low", "\(patient.wrong.count) of \(names.count)",
          HTML(text: patient.wrong.joined(separator: ", ")),
        ]
      }, isNumeric: false)
    return html + [table.html]
  }

  static func choice(_ result: RivalsResult) -> [HTML] {
    guard let choice = result.choice else {
      return [
        .p(
          "The best row of the table above is optimistic: it was chosen by the same patients. `renalgrade rivals STUDY --nested` estimates what choosing the best rival would give, each fold's choice being made without its patients."
        )
      ]
    }
    let names = result.entries.map(\.name).filter { name in
      choice.folds.contains { $0.inner.contains { $0.name == name } }
    }
    let table = HTMLTable(
      caption: "What was chosen for each fold, and the \(choice.criterion) of each rival in its inner folds",
      columns: ["Fold", "Chosen"] + names,
      rows: choice.folds.map { fold in
        [HTML(text: "Fold \(fold.fold + 1)"), HTML(text: fold.chosen)]
          + names.map { name in
            HTML(text: Format.number(fold.inner.first { $0.name == name }?.value, decimals: 3))
          }
      }, leadingColumns: 2)
    return [
      .p(
        HTML(
          text:
            "For each fold the rival was chosen by the \(choice.criterion) of a cross-validation with \(choice.innerFolds) or more "
            + "folds among the other folds' patients, and its run predicted the fold's patients.")), table.html,
      .p(HTML(text: choice.reading)), .remark("No interval is stated for the nested value."),
    ]
  }

  static func losses(_ result: RivalsResult) -> [HTML] {
    let table = HTMLTable(
      caption: "Each rival on all patients that it predicted",
      columns: ["Rival", "Patients", "High grade", "AUC", "Without example", "Without probability"],
      rows: result.entries.map { entry in
        [
          HTML(text: entry.name), "\(entry.own.clusters)", "\(entry.own.positives)", Format.cell(entry.own[.auc]),
          "\(entry.withoutExample)", "\(entry.withoutProbability)",
        ]
      })
    let lost = result.patients.allCount - result.patients.codes.count
    var html: [HTML] = [
      .p(
        HTML(
          text:
            "Of \(Format.count(result.patients.allCount, "patient")) that any rival predicted, \(result.patients.codes.count) are common "
            + "to all; \(lost) \(lost == 1 ? "is" : "are") not compared. Without example: a phase that the rival learns from is missing. "
            + "Without probability: a column that it learns from has no value.")), table.html,
      Coverage.remark([(Metric.auc.key, "AUC")], patients: result.patients.allCount),
    ]
    if !result.failed.isEmpty {
      html.append(
        HTMLTable(
          caption: "Rivals that could not be compared", columns: ["Rival", "Reason"],
          rows: result.failed.map { [HTML(text: $0.name), HTML(text: $0.reason ?? "The reason is not known.")] },
          isNumeric: false
        ).html)
    }
    return html
  }

  static func methods(_ result: RivalsResult) -> [(String, String)] {
    [
      (
        "The same patients and folds",
        "All rivals have the folds of all patients of the study; one that cannot use a patient keeps the others in these folds. They are "
          + "compared on the patients that all have predicted. Everything that learns, selection and calibration included, sees the "
          + "training part of each fold only."
      ),
      (
        "Differences",
        "Each rival's value minus the reference's on the same patients; the reference, \(result.reference), is named beforehand. AUC: "
          + "DeLong's paired method. Rates: Newcombe's interval for paired proportions (method 10), with McNemar's exact test; each "
          + "rival is classified at its own thresholds. p-values are corrected by Holm's method over the "
          + "\(Format.count(result.entries.count - 1, "comparison")) of each measure. Better or worse: the 95% interval lies on one "
          + "side of 0 and the corrected p-value is below 0.05; no worse: the whole interval lies above minus "
          + "\(Format.number(result.margin)); otherwise inconclusive."
      ),
      (
        "AUC within folds",
        "Of the ranks within each fold. Pooled probabilities of a weak model reach less than 0.5, since each fold's model has a scale of "
          + "its own; ranks do not have this bias."
      ),
      (
        "AUC adjusted for size",
        "The covariate-adjusted AUC of Janes and Pepe (Biometrika 2009): the logit of the probability is regressed on the logarithm of "
          + "\(result.sizeColumn) among low-grade patients, and the AUC is that of the residuals. The logarithm of the volume of a sphere "
          + "of that diameter gives the same value. Interval: bootstrap over patients on the logit scale, with Student's t."
      ),
    ] + Methods.intervals.filter { $0.0 != "AUC" }
  }
}
