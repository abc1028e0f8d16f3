import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// What a run's networks are, how well they perform and what they are not for (after Mitchell et al., FAT* 2019).
struct ModelCard {
  let content: RunContent

  init(_ content: RunContent) { self.content = content }

  private var settings: StudyProtocol { content.settings }
  private var manifest: Run.Manifest { content.manifest }

  var document: Document {
    Document(
      title: "Model card: \(settings.title)",
      parts: [
        .init("Model", [.list(model)]), .init("Intended use", [.list(use)]), .init("Data", [.list(data)]),
        .init(
          "Performance",
          [.paragraph(Precision.sentence(content.metrics.pooled.patient, of: content.model)), .list(performance)]),
        .init("Limits", [.list(limits)]), .init("Ethical considerations", [.list(ethics)]),
        .init(
          "How to repeat it",
          [
            .paragraph(
              "The run's folder holds protocol, folds, predictions and one checkpoint per fold; its report "
                + "describes how to repeat it, with versions, seeds and hashes.")
          ]),
      ])
  }

  private var model: [String] {
    let network = manifest.learner.network
    let facts: [(String, String?)] = [
      ("Backbone", network?.backbone),
      ("Initial weights (SHA-256)", network.map { $0.weights ?? "none: trained from scratch" }),
      ("Frozen through", network.map { $0.frozenThrough ?? "nothing" }),
      ("Trained parameters", network.map { "\($0.trainedParameters)" }), ("RenalGrade", manifest.program),
      ("libtorch", manifest.hardware?.libtorch), ("Date", manifest.date),
    ]
    return [
      "Run: \(content.run.id); \(Format.count(content.folds.heldOut.count, network == nil ? "model" : "network")), one per fold.",
      !manifest.examples.hasSlices
        ? "Input: columns of the pathology table, or of the outlines. Output: the probability of high grade."
        : "Input: a region of interest of a CT slice, \(settings.roi.outputSize) × \(settings.roi.outputSize) pixels, around a "
          + "contour drawn by a reader. Output: the probability of high grade.",
    ] + manifest.learner.methods + facts.compactMap { title, value in value.map { "\(title): \($0)" } }
      + ["Licence, contact and citation: " + Document.blank("all three")]
  }

  private var use: [String] {
    [
      HTMLPage.researchUse,
      "Meant for: research on whether CT distinguishes low from high grade in clear cell renal cell carcinoma before surgery.",
      "Not meant for: choosing biopsy, surgery or surveillance; other subtypes, benign tumours, or stages not in "
        + "the cohort; "
        + "slices without a contour; images other than CT.",
    ]
  }

  private var data: [String] {
    let positives = content.metrics.pooled.patient.positives
    var lines = [
      "\(content.sizes), \(Format.count(positives, "patient")) of high grade; each patient was held out once and predicted by a "
        + "\(content.model) trained on the other folds' patients."
    ]
    if manifest.synthetic {
      lines.append("The patients are virtual. What was learnt from them does not apply to real patients.")
    }
    if let flow = content.cohort?.flow {
      lines.append(
        "Selected from \(Format.count(flow.patientsAtStart, "patient")) by the rules: "
          + MethodsText.list(flow.steps.map(\.name)) + ".")
    }
    return lines + [Document.blank("origin of the data, years, consent, and who is under-represented")]
  }

  private var performance: [String] {
    content.levels.map { level in
      let metrics = content.metrics.pooled[level]
      let values = Metric.headline.map { "\($0.name) \(Format.text(metrics[$0]))" }
      return "\(Format.heading(level.plural)) (\(metrics.n), \(metrics.positives) of high grade): "
        + values.joined(separator: ", ") + "."
    } + ["Values with 95% intervals. \(MethodsText(content).threshold)"]
  }

  private var limits: [String] {
    [
      "Cross-validated only: no patient of another hospital, scanner or time was predicted.",
      "Contours were drawn by readers; the intervals include neither the variation between readers nor that between "
        + "repeated trainings.",
      "Poor, missing or misplaced contours, contrast phases not used in training, and artefacts make predictions "
        + "meaningless, without a warning.",
      "A probability is not calibrated for a population with another share of high grade.",
    ] + manifest.notes
  }

  private var ethics: [String] {
    [
      "A wrong low-grade prediction may delay treatment; a wrong high-grade prediction may lead to unnecessary "
        + "surgery. No such decision may rest on this \(content.model).",
      "Patients are identified in the run's files by code; a checkpoint contains what was learnt from them and may "
        + "be shared only within their consent.",
      Document.blank("ethics approval, consent, fairness between groups"),
    ]
  }
}
