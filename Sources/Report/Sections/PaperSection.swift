import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// What the paper's printed numbers imply.
struct PaperSection: RunSection {
  let id = "paper"
  let title = "What the paper's numbers imply"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    func list(_ sentences: [String]) -> HTML {
      .element("ul", [:], sentences.map { .element("li", [:], HTML(text: $0)) })
    }
    return [
      .p(
        "Results stand beside the paper's only as far as those can be. Its printed numbers were checked as whole numbers of cases, allowing for their rounding:"
      ),
      list(PaperNumbers.aboutResults), .p("Its tables against its text:"), list(PaperNumbers.aboutTables),
    ]
  }
}

extension PaperNumbers {
  /// What Table 5 can't be, sentence by sentence.
  static var aboutResults: [String] {
    var sentences: [String] = []
    for result in results {
      let anyDivision = result.rates.contradictions(PrintedResult.Sizes.all(of: 40))
      let found = (anyDivision.isEmpty ? result.rates.contradictions(sizes) : anyDivision).map(\.description)
      if !found.isEmpty { sentences.append("Batch size \(result.batchSize): \(found.joined(separator: " "))") }
    }
    if let share = PrintedResult.impliedPositiveShare(results.map(\.rates)) {
      sentences.append(
        "The three results fit together only if between \(Format.number(share.lowerBound, decimals: 3)) and "
          + "\(Format.number(share.upperBound, decimals: 3)) of the cases are of high grade: 14 of 40 (0.350) are, 16 of 40 "
          + "(0.400) are not, nor are 144 of 505 (0.285). They may be slices; the paper does not say.")
    }
    return sentences
  }

  /// What Tables 3 and 4, the text and Figure 8 say against one another, sentence by sentence.
  static var aboutTables: [String] {
    table4.contradictions.map { "Table 4: \($0.description)" } + [
      "Table 4: the text says 26 patients of high and 14 of low grade, the heading 16 and 24.",
      "Table 4: its percentages are those of Table 3, whose counts are others.",
    ] + table3.contradictions.map { "Table 3: \($0.description)" }
      + figure8.contradictions.map { "Figure 8: \($0.description) The text counts 528 lesions, besides." } + [
        "The text's 73.7% of all renal cell carcinomas holds only if 33 angiomyolipomas, which are benign, count among them."
      ]
  }
}
