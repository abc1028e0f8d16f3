public import Evaluation

/// The numbers that the paper prints, and which of them are impossible.
///
/// Of its Tables 3 and 4 only the sums and percentages that contradict something are kept here, not their cells.
public enum PaperNumbers {
  /// The ways in which the paper divides its 40 annotated patients: by its text's two numbers, and by Table 4's heading.
  public static let sizes = [
    PrintedResult.Sizes(positives: 14, negatives: 26), PrintedResult.Sizes(positives: 26, negatives: 14),
    PrintedResult.Sizes(positives: 16, negatives: 24),
  ]

  /// A row of the paper's Table 5.
  public struct Result: Sendable {
    /// The batch size.
    public let batchSize: Int
    /// The rates as printed.
    public let rates: PrintedResult
    /// The AUC that the text gives for it; nil where there is none.
    public let auc: Double?

    fileprivate init(_ batchSize: Int, _ sensitivity: String, _ specificity: String, _ accuracy: String, auc: Double?) {
      let printed: [(PrintedResult.Rate, String)] = [
        (.sensitivity, sensitivity), (.specificity, specificity), (.accuracy, accuracy),
      ]
      self.batchSize = batchSize
      rates = PrintedResult(
        Dictionary(uniqueKeysWithValues: printed.compactMap { rate, text in PrintedNumber(text).map { (rate, $0) } }))
      self.auc = auc
    }
  }

  /// Table 5, the result at each batch size, at a level that the paper does not state; the best one first.
  public static let results = [
    Result(16, ".67", ".94", ".84", auc: 0.88), Result(4, ".55", ".88", ".77", auc: nil),
    Result(64, ".53", ".81", ".71", auc: nil),
  ]

  /// Table 4, the annotated patients: the sums of the rows that do not add up to the headings.
  public static let table4 = PrintedTable(
    columns: [.init("low grade", total: 24), .init("high grade", total: 16)],
    variables: [
      .init("laterality", [.init("left and right", [26, 14])]),
      .init("procedure", [.init("all procedures", [26, 16])]),
    ], total: 40)

  /// Table 3, the cohort: the percentage that is not that of its count; the others are what is left.
  public static let table3 = PrintedTable(
    columns: [.init("all", total: 505)],
    variables: [
      .init(
        "the row with 222 patients", [.init("222", [.init(222, PrintedNumber("43.0%"))]), .init("the others", [283])])
    ], total: 505)

  /// Figure 8's ccRCC against the text's patients.
  public static let figure8 = PrintedTable(columns: [.init("ccRCC", total: 514)], variables: [], total: 505)
}
