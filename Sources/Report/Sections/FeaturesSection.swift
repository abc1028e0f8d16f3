import Analysis
import Evaluation
import Experiment
import Foundation
import Study
import Support

/// Which features the folds' models use, with their weights, and how stable the choice is.
struct FeaturesSection: RunSection {
  let id = "features"
  let title = "Features of the model"

  /// More rows than this are in the figure's data alone.
  private static let shown = 20

  func answers(_ content: RunContent) -> Bool { content.analysis.features != nil }

  func html(_ content: RunContent, figures: URL) throws(StudyError) -> [HTML] {
    guard let features = content.analysis.features else {
      return [.p("This run's models have no named features.")]
    }
    guard !features.rows.isEmpty else {
      return [.p("No fold's model uses a feature: every coefficient is 0."), Self.choices(features)]
    }
    let figure = try Figure.features(features).draw(in: figures).besideCaption
    return [.p(HTML(text: Self.sentence(features))), Self.table(features), figure, Self.choices(features)]
      + HTML.reasons([("the stability index", features.stability.note)])
      + [.remark(Self.remark(features))]
  }

  private static func sentence(_ features: FeatureAnalysis) -> String {
    let everywhere = features.rows.count { $0.folds == features.folds.count }
    let perPredictor = features.meanCount > 0 ? Double(features.events) / features.meanCount : nil
    let stability =
      features.stability.value.map { _ in
        " The stability index of the choice is \(Format.text(features.stability.estimate)); 1 would be the same features in all folds, 0 "
          + "a random choice."
      } ?? ""
    return
      "The models of \(Format.count(features.folds.count, "fold")) use \(Format.count(features.rows.count, "feature")) in all, "
      + "\(everywhere) of them in every fold, and \(Format.number(features.meanCount, decimals: 1)) on average. With at least "
      + "\(features.events) training patients of the rarer class that is \(Format.number(perPredictor, decimals: 1)) for each "
      + "feature; below about 10, coefficients without a penalty are not reliable.\(stability)"
  }

  private static func table(_ features: FeatureAnalysis) -> HTML {
    let weight =
      switch features.weights {
      case .coefficients: "Mean coefficient"
      case .importances: "Mean importance"
      case .none: "Weight"
      }
    let sign = features.weights == .coefficients
    let more = features.rows.count > shown ? ", the \(shown) of most folds" : ""
    return HTMLTable(
      caption: "Features in the folds' models\(more)",
      columns: ["Feature", "Folds", weight] + (sign ? ["Positive in"] : []) + ["AUC lost when permuted"],
      rows: features.rows.prefix(shown).map { row in
        [
          HTML(text: row.name), "\(row.folds) of \(features.folds.count)",
          HTML(text: Format.number(row.weight, decimals: 3)),
        ]
          + (sign ? ["\(row.positive) of \(row.folds)"] : [])
          + [HTML(text: Format.number(row.importance, decimals: 3))]
      }
    ).html
  }

  /// What each fold's tuning chose.
  private static func choices(_ features: FeatureAnalysis) -> HTML {
    HTMLTable(
      caption: "What each fold chose",
      columns: ["Fold", "Candidates", "Features", "Combinations tried", "Hyperparameters", "Inner AUC"],
      rows: features.folds.enumerated().map { fold, chosen in
        let values = chosen.hyperparameters.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return [
          "\(fold + 1)", "\(chosen.candidates)", "\(chosen.features.count)", "\(chosen.combinations)",
          HTML(text: values.isEmpty ? "standard" : values.joined(separator: ", ")),
          HTML(text: Format.number(chosen.innerAUC)),
        ]
      }
    ).html
  }

  private static func remark(_ features: FeatureAnalysis) -> String {
    let weights =
      switch features.weights {
      case .coefficients:
        "Coefficients are per standard deviation of the feature; a positive one raises the probability of high grade. "
      case .importances: "Importances are the classifier's own, without direction. "
      case .none: "The classifier has neither coefficients nor importances. "
      }
    return weights
      + "AUC lost: the fall of a fold's held-out AUC when the feature's values are permuted among its patients, the mean of 10 draws, over "
      + "folds that hold out both classes. Means are over the models that use the feature. The inner AUC is that of the chosen "
      + "combination, which was chosen by it and is optimistic. Stability: Nogueira, Sechidis and Brown 2018, with their asymptotic "
      + "interval. Folds share most of their training patients, so it describes the agreement of these folds and not that of independent "
      + "studies; its coverage was not simulated."
  }
}
