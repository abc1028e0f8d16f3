import Analysis
import Evaluation
import Experiment
import Foundation

/// How much each slice of a lesion counted, by networks with attention.
struct AttentionSection: RunSection {
  let id = "attention"
  let title = "Attention over slices"

  /// How many lesions the table lists.
  private static let listed = 10

  func answers(_ content: RunContent) -> Bool { !content.attention.isEmpty }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let lesions = AttentionSummary.all(content.attention)
    guard !lesions.isEmpty else { return [.p("This run's learner has no attention over slices.")] }
    let shares = lesions.map { $0.effectiveCount / Double($0.sliceCount) }
    let mean = shares.reduce(0, +) / Double(shares.count)
    // The most concentrated first, by the share of slices that count; lesions of one slice have nothing to weigh.
    let ordered = zip(lesions, shares).filter { $0.0.sliceCount > 1 }.sorted { $0.1 < $1.1 }.prefix(Self.listed)
    let introduction =
      "Each slice has a weight in its lesion's probability, by the network of the fold that held the patient out; a lesion's weights "
      + "add up to 1. On average, a lesion's weights are as concentrated as if \(Format.number(100 * mean, decimals: 0))% of its slices "
      + "counted equally and the others not at all (\(Format.count(lesions.count, "lesion"))); equal weights would give 100%. "
      + "Weights show what the network used, not that it was right to. The weights of all slices are in the fold's "
      + "\(AttentionTable.fileName)."
    guard !ordered.isEmpty else { return [.p(HTML(text: introduction))] }
    let table = HTMLTable(
      caption: "The lesions with the most concentrated weights",
      columns: ["Patient", "Lesion", "Slices", "Effective number", "Greatest weight", "Its slice"],
      rows: ordered.map { lesion, _ in
        [
          lesion.patient, lesion.lesion, "\(lesion.sliceCount)", Format.number(lesion.effectiveCount, decimals: 1),
          Format.number(lesion.greatest), "\(lesion.place) of \(lesion.sliceCount)",
        ].map { HTML(text: $0) }
      })
    return [.p(HTML(text: introduction)), table.html]
  }
}
