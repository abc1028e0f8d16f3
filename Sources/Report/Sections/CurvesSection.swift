import Analysis
import Evaluation
import Foundation
import Experiment
import Study
import Support

/// The pooled ROC curves over those of the folds, and the confusion matrices.
struct CurvesSection: RunSection {
  let id = "figures"
  let title = "ROC curves and confusion matrices"

  func html(_ content: RunContent, figures: URL) throws(StudyError) -> [HTML] {
    let metrics = content.metrics.pooled
    let foldCurves = content.folds.heldOut.indices.compactMap { fold in
      ROCCurve(content.cases(ofFold: fold).patient.finite).map {
        NamedCurve(name: "fold \(fold + 1)", label: "fold \(fold + 1)", curve: $0)
      }
    }
    let curves = content.levels.compactMap { level in
      ROCCurve(content.cases[level].finite).map {
        NamedCurve(name: level.rawValue, label: NamedCurve.label(level.plural, metrics[level]), curve: $0)
      }
    }
    let roc = try Figure.roc(
      name: "roc", title: "ROC curves", curves: curves, background: foldCurves,
      caption:
        "ROC curves of the pooled out-of-fold predictions at each level, with the area under the curve and its 95% "
        + "interval. Thin grey: the folds, at patient level. Diagonal: chance.")?.draw(in: figures)
    var confusion: [HTML] = []
    for level in content.levels {
      confusion.append(
        try Figure.confusion(metrics[level], level: level, name: "confusion-\(level.rawValue)").draw(in: figures).html)
    }
    return [
      roc?.besideCaption ?? .p("No ROC curve can be drawn: at every level the predictions contain only one class."),
      .element("div", ["class": "figures"], confusion),
    ]
  }
}
