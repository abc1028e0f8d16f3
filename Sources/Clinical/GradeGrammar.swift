import Foundation

/// Nuclear grades of renal cell carcinoma, Fuhrman or WHO/ISUP: `3`, `G3`, `III`, `Fuhrman-Grad 3 von 4`.
///
/// A cell that names several grades is not understood, including a range within one class (`1-2`): it states the class,
/// but not the grade, and the tables of a study report grades.
public enum GradeGrammar {
  /// Reads a cell: 1...4.
  public static func read(_ cell: String?) -> ClinicalAnswer<Int> {
    let folded = FoldedText(cell)
    if folded.saysNothing || unknown.contains(folded.phrase) { return .unknown }
    if classes.contains(folded.phrase) { return .notUnderstood("only a class, not a grade") }
    var text = folded.text
    if text.contains("?") { return .notUnderstood("in doubt") }
    if text.contains(where: { "<>≥≤=".contains($0) }) { return .notUnderstood("a bound, not a grade") }
    // The scale and the year of a system are no grades.
    text = text.replacing(#/\b(?:of|out of|von|sur|su|de|van|av|z)\s+(?:4|iv)\b/#, with: " ")
    text = text.replacing(#/\b(?:19|20)[0-9][0-9]\b/#, with: " ")
    guard !text.hasPrefix("-"), text.allSatisfy({ $0.isLetter || $0.isNumber || " \t\n-/,;:().&".contains($0) }) else {
      return .notUnderstood("no grade")
    }
    var grades: Set<Int> = []
    for match in text.matches(of: #/[0-9]+[.,][0-9]+|[\p{L}0-9]+/#) {
      let word = String(match.output)
      for part in word.contains(where: { !$0.isASCII }) ? FoldedText.words(word) : [word] {
        if let grade = grade(part) {
          grades.insert(grade)
        } else if let between = between(part) {
          grades.formUnion(between)
        } else if !fillers.contains(part), !ranges.contains(part) {
          return .notUnderstood("no grade")
        }
      }
    }
    guard let grade = grades.first else { return .notUnderstood("no grade") }
    guard grades.count == 1 else {
      return .notUnderstood("several grades, \(grades.sorted().map(String.init).joined(separator: " and "))")
    }
    return .understood(grade)
  }

  private static func grade(_ word: String) -> Int? {
    guard
      let match = word.wholeMatch(
        of: #/(?:g|grade?|fuhrman|isup)?(?:0?([1-4])(?:[.,]0+)?|(iv|i{1,3})|(one|two|three|four))/#)
    else { return nil }
    return match.1.flatMap { Int($0) } ?? (match.2 ?? match.3).flatMap { numbers[String($0)] }
  }

  /// The two grades that `2.5` lies between, or that `2,3` names without a blank.
  private static func between(_ word: String) -> [Int]? {
    guard let match = word.wholeMatch(of: #/([1-4])[.,]([1-5])/#), let first = Int(match.1), let second = Int(match.2)
    else { return nil }
    let grades = [first, second == 5 ? first + 1 : second]
    return grades.allSatisfy((1...4).contains) && grades[0] != grades[1] ? grades : nil
  }

  private static let numbers = ["i": 1, "ii": 2, "iii": 3, "iv": 4, "one": 1, "two": 2, "three": 3, "four": 4]
  private static let ranges: Set = [
    "to", "or", "and", "bis", "oder", "und", "a", "ou", "et", "o", "y", "e", "tot", "of",
  ]
  private static let fillers = Set(Vocabulary.lines(PackageResources.grade_fillers_txt))
  private static let unknown: Set = [
    "gx", "grade x", "none", "not graded", "ungraded", "not gradable", "grade cannot be assessed", "grade unknown",
  ]
  private static let classes: Set = [
    "low", "high", "low grade", "high grade", "intermediate", "niedrig", "hoch", "bas grade", "haut grade",
    "bajo grado",
    "alto grado", "basso grado",
  ]
}
