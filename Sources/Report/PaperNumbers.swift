import Evaluation

/// What the paper prints, and what of it can't be so.
///
/// Of its Tables 3 and 4 only the sums and percentages that contradict something are kept here, not their cells.
enum PaperNumbers {
  /// The ways in which the paper divides its 40 annotated patients: by its text's two numbers, and by Table 4's heading.
  static let sizes = [
    PrintedResult.Sizes(positives: 14, negatives: 26), PrintedResult.Sizes(positives: 26, negatives: 14),
    PrintedResult.Sizes(positives: 16, negatives: 24),
  ]

  /// The rates of Table 5 as printed, by batch size.
  static let results: [(batchSize: Int, result: PrintedResult)] = [
    (16, result(".67", ".94", ".84")), (4, result(".55", ".88", ".77")), (64, result(".53", ".81", ".71")),
  ]

  private static func result(_ sensitivity: String, _ specificity: String, _ accuracy: String) -> PrintedResult {
    let printed: [(PrintedResult.Rate, String)] = [
      (.sensitivity, sensitivity), (.specificity, specificity), (.accuracy, accuracy),
    ]
    return PrintedResult(
      Dictionary(uniqueKeysWithValues: printed.compactMap { rate, text in PrintedNumber(text).map { (rate, $0) } }))
  }

  /// Table 4, the annotated patients: the sums of the rows that do not add up to the headings.
  static let table4 = PrintedTable(
    columns: [.init("low grade", total: 24), .init("high grade", total: 16)],
    variables: [
      .init("laterality", [.init("left and right", [26, 14])]),
      .init("procedure", [.init("all procedures", [26, 16])]),
    ], total: 40)

  /// Table 3, the cohort: the percentage that is not that of its count; the others are what is left.
  static let table3 = PrintedTable(
    columns: [.init("all", total: 505)],
    variables: [
      .init(
        "the row with 222 patients", [.init("222", [.init(222, PrintedNumber("43.0%"))]), .init("the others", [283])])
    ], total: 505)

  /// Figure 8's ccRCC against the text's patients.
  static let figure8 = PrintedTable(columns: [.init("ccRCC", total: 514)], variables: [], total: 505)

  /// What Table 5 can't be, sentence by sentence.
  static var aboutResults: [String] {
    var sentences: [String] = []
    for (batchSize, result) in results {
      let anyDivision = result.contradictions(PrintedResult.Sizes.all(of: 40))
      let found = (anyDivision.isEmpty ? result.contradictions(sizes) : anyDivision).map(\.description)
      if !found.isEmpty { sentences.append("Batch size \(batchSize): \(found.joined(separator: " "))") }
    }
    if let share = PrintedResult.impliedPositiveShare(results.map(\.result)) {
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
