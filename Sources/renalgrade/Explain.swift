import Analysis
import ArgumentParser
import Experiment
import Foundation
import Report
import Study
import Training

struct Explain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what the models of a finished run go by: Grad-CAM of every slice, or coefficients and importances.",
    discussion: """
      Each slice is explained by the network of the fold that held it out. The gallery is written to the run's folder, with the \
      share of each map inside the contour and a comparison with the maps of networks with random weights.

      A run without a network is explained by its features: how many folds' models use each, its mean coefficient or importance, and \
      how much the held-out AUC falls when its values are permuted.
      """)

  @OptionGroup var study: StudyOption

  @Option(help: "The run's name (default: the latest complete run).")
  var run: String?

  @Option(
    help: """
      How many slices of each kind the gallery shows: most confident correct, most confident errors, least certain.
      """)
  var gallery = 6

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard (0...100).contains(gallery) else {
      throw ValidationError("--gallery must be from 0 to 100, found \(gallery)")
    }
  }

  func run() async throws {
    compute.apply()
    try await study.locked { study in
      let run = try Run.open(run, in: study)
      if let features = try RunContent(run).analysis.features {
        print(features.text)
        return try TrainingSession().report(run)
      }
      let bar = ProgressBar("Explaining slices")
      let result = try Explanation(run, in: study, usesGPU: !compute.cpu).write(
        galleryCount: gallery, thresholds: ThresholdAnalysis.slices(of: run)
      ) {
        bar.show(done: $0, of: $1)
      }
      bar.finish()
      print(result.text)
      try TrainingSession().report(run)
    }
  }
}

extension Explanation.Result {
  /// What was found, in sentences.
  var text: String {
    func percent(_ share: Double?) -> String { share.map { String(format: "%.0f%%", $0 * 100) } ?? "an unknown share" }
    let energy = explanations.energyInside
    let randomisation = explanations.randomisation
    let correlation = randomisation.correlation.map { String(format: "%.2f", $0) } ?? "undefined"
    let sentences = [
      "\(explanations.method) of \(explanations.layer): \(percent(energy.mean)) of the maps' energy is inside the contour "
        + "(\(energy.n) slices), which covers \(percent(explanations.contourShare)) of the box.",
      "Rank correlation with the maps of randomised networks: \(correlation) (\(randomisation.n) slices); the closer to 0, the "
        + "more the maps depend on what was learnt.",
    ]
    return (sentences + notes).joined(separator: "\n")
  }
}

extension FeatureAnalysis {
  /// How many features the terminal shows; the report's figure has the data of all.
  private static let shown = 20

  /// The features, as a table of plain text.
  var text: String {
    func number(_ value: Double?) -> String { value.map { String(format: "%+.3f", $0) } ?? "-" }
    let columns = ["folds", "weight", "AUC lost", "feature"]
    let cells = rows.prefix(Self.shown).map {
      ["\($0.folds)/\(folds.count)", number($0.weight), number($0.importance), $0.name]
    }
    let widths = columns.indices.map { column in ([columns] + cells).map { $0[column].count }.max() ?? 0 }
    let lines = ([columns] + cells).map { row in
      // The last column needs no width.
      zip(row, widths).dropLast().map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        + "  " + (row.last ?? "")
    }
    let rest = rows.count > Self.shown ? ["... and \(rows.count - Self.shown) more"] : []
    return (lines + rest).joined(separator: "\n")
  }
}
