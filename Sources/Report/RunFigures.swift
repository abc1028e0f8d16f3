import Evaluation
import Foundation
import Study

/// The figures of a run; nil where there is nothing to draw.
struct RunFigures {
  var roc: DrawnFigure?
  var confusion: [DrawnFigure]
  var training: DrawnFigure?

  /// Draws all into `folder`.
  init(_ content: RunContent, in folder: URL) throws(StudyError) {
    let metrics = content.metrics.pooled
    let foldCurves = content.folds.heldOut.indices.compactMap { fold in
      ROCCurve(content.cases(ofFold: fold).patient).map {
        NamedCurve(name: "fold \(fold + 1)", label: "fold \(fold + 1)", curve: $0)
      }
    }
    let curves = [Level.patient, .lesion, .slice].compactMap { level in
      ROCCurve(content.cases[level].finite).map {
        NamedCurve(name: level.rawValue, label: Self.label(level.plural, metrics[level]), curve: $0)
      }
    }
    roc = try Figure.roc(
      name: "roc", title: "ROC curves", curves: curves, background: foldCurves,
      caption:
        "ROC curves of the pooled out-of-fold predictions at each level, with the area under the curve and its 95% "
        + "interval. Thin grey: the folds, at patient level. Diagonal: chance.")?.draw(in: folder)
    confusion = []
    for level in [Level.patient, .lesion, .slice] {
      confusion.append(
        try Figure.confusion(metrics[level], level: level, name: "confusion-\(level.rawValue)").draw(in: folder))
    }
    training = try Figure.training(content.epochs)?.draw(in: folder)
  }

  static func label(_ name: String, _ metrics: LevelMetrics) -> String {
    "\(name), AUC \(Format.text(metrics[.auc]))"
  }
}
