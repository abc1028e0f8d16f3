/// Histological subtypes of renal tumours, by the terms in `Data/subtypes.csv`.
public enum SubtypeGrammar {
  /// Reads a cell: the subtype's common name, such as `clear cell`; what is not in the table is not understood.
  ///
  /// "Renal cell carcinoma" alone says that it is one, and nothing of the subtype.
  public static func read(_ cell: String?) -> ClinicalAnswer<String> {
    let folded = FoldedText(cell)
    if folded.saysNothing || folded.phrase == "none" { return .unknown }
    if folded.text.contains("?") { return .notUnderstood("in doubt") }
    let whole = term(folded.phrase)
    if whole.isEmpty { return .unknown }
    // Two subtypes side by side are no third one: "clear cell, papillary".
    let parts = folded.text.split(whereSeparator: { ",;/+&()".contains($0) })
      .map { term(FoldedText.words(String($0)).joined(separator: " ")) }
      .filter { !$0.isEmpty }
    let found = parts.map { names[$0] }
    if found.count > 1, found.allSatisfy({ $0 != nil }) {
      guard Set(found).count == 1, let name = found.first ?? nil else { return .notUnderstood("several subtypes") }
      return .understood(name)
    }
    return names[whole].map { .understood($0) } ?? .notUnderstood("a subtype that is not in the table of terms")
  }

  /// The words without those that every renal tumour has.
  private static func term(_ phrase: String) -> String {
    var text = " \(phrase) "
    for filler in fillers { text = text.replacing(" \(filler) ", with: " ") }
    return text.split(separator: " ").joined(separator: " ")
  }

  private static let names = Dictionary(
    Vocabulary.meanings(PackageResources.subtypes_csv).map { (term($0), $1) }, uniquingKeysWith: { first, _ in first })
  private static let fillers = Vocabulary.lines(PackageResources.subtype_fillers_txt)
}
