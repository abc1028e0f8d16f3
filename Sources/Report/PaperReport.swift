public import Analysis
import Evaluation
public import Foundation
public import Support

/// What the paper's printed numbers imply: a separate page, because it is about the paper and not about a run.
public enum PaperReport {
  /// Writes the page.
  ///
  /// - Throws: `StudyError` of kind `.file` where it cannot be written.
  public static func write(to url: URL) throws(StudyError) { try AtomicFile.write(page.markup, to: url) }

  /// The same as lines for a terminal, each part below its title.
  public static var lines: [String] {
    parts.flatMap { [$0.title + ":"] + $0.sentences.map { "  " + $0 } + [""] }.dropLast()
  }

  static let introduction =
    "The printed numbers were checked as whole numbers of cases, allowing for their rounding. Results of a study "
    + "can be compared with them only as far as they are consistent."

  private static var parts: [(title: String, sentences: [String])] {
    [
      ("Table 5 as whole numbers of cases", PaperNumbers.aboutResults),
      ("Its tables against its text", PaperNumbers.aboutTables),
    ]
  }

  private static var page: HTMLPage {
    let table = HTMLTable(
      caption: "Table 5 as printed; the level of the values is not stated",
      columns: ["Batch size", "Sensitivity", "Specificity", "Accuracy", "AUC (text)"],
      rows: PaperNumbers.results.map { result in
        let rates = [PrintedResult.Rate.sensitivity, .specificity, .accuracy].map { result.rates.rates[$0]?.value }
        return [HTML(text: "\(result.batchSize)")] + (rates + [result.auc]).map { HTML(text: Format.number($0)) }
      })
    return HTMLPage(
      title: "What the paper's numbers imply", kicker: "RenalGrade",
      subtitle:
        "Q. Dai, \"Clear Cell Renal Cell Carcinoma: Deep Learning-Based Prediction of Tumor Grade from Contrast-Enhanced CT\".",
      banners: [HTMLPage.researchUse],
      sections: [
        .init(id: "printed", title: "The printed result", content: [.p(HTML(text: introduction)), table.html])
      ]
        + zip(["results", "tables"], parts).map { id, part in
          .init(
            id: id, title: part.title,
            content: [.element("ul", [:], part.sentences.map { .element("li", [:], HTML(text: $0)) })])
        })
  }
}

extension PaperNumbers {
  /// What is inconsistent in Table 5, sentence by sentence.
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

  /// How Tables 3 and 4, the text and Figure 8 contradict one another, sentence by sentence.
  static var aboutTables: [String] {
    table4.contradictions.map { "Table 4: \($0.description)" } + [
      "Table 4: the text says 26 patients of high and 14 of low grade; the heading says 16 and 24.",
      "Table 4: its percentages are those of Table 3, which has different counts.",
    ] + table3.contradictions.map { "Table 3: \($0.description)" }
      + figure8.contradictions.map { "Figure 8: \($0.description) In addition, the text counts 528 lesions." } + [
        "The text's 73.7% of all renal cell carcinomas holds only if 33 angiomyolipomas, which are benign, are included."
      ]
  }
}
