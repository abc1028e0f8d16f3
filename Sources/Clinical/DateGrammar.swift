import Foundation

/// Days: `2001-12-31`, `31.12.2001`, `31 Dec 2001`, `12/31/2001`, `2001年12月31日`, a following time is ignored.
///
/// `03/04/2001` and years with two digits are ambiguous; a year or month alone is not a date.
public enum DateGrammar {
  /// Reads a cell: year x 10000 + month x 100 + day, so that days compare.
  public static func read(_ cell: String?) -> ClinicalAnswer<Int> {
    let folded = FoldedText(cell)
    if folded.saysNothing || unknown.contains(folded.phrase) { return .unknown }
    let text = withoutTime(folded.text.replacing(#/[年月]/#, with: "-").replacing("日", with: ""))
    if let match = text.wholeMatch(of: #/([0-9]{4})([\-\/.])([0-9]{1,2})\2([0-9]{1,2})/#) {
      return day(match.1, match.3, match.4)
    }
    if let match = text.wholeMatch(of: #/([0-9]{4})([0-9]{2})([0-9]{2})/#) { return day(match.1, match.2, match.3) }
    if let match = text.wholeMatch(of: #/([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})/#) {
      return day(match.3, match.2, match.1)
    }
    if let match = text.wholeMatch(of: #/([0-9]{1,2})([\-\/])([0-9]{1,2})\2([0-9]{4})/#) {
      return dayOrMonthFirst(match.4, match.1, match.3)
    }
    return named(text) ?? .notUnderstood("not a complete date (such as 2001-12-31)")
  }

  private static func dayOrMonthFirst(_ year: Substring, _ first: Substring, _ second: Substring) -> ClinicalAnswer<Int>
  {
    let isDayFirst = (Int(first) ?? 0) > 12
    guard isDayFirst || first == second || (Int(second) ?? 0) > 12 else {
      return .notUnderstood("day and month cannot be distinguished (write 2001-12-31)")
    }
    return isDayFirst ? day(year, second, first) : day(year, first, second)
  }

  /// A date with its month in words.
  private static func named(_ text: String) -> ClinicalAnswer<Int>? {
    let dayFirst =
      #/(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?([0-9]{1,2})(?:st|nd|rd|th|er|\.)?[ \-\/]*(?:de )?([a-z]{3,})\.?,?[ \-\/]*(?:de )?([0-9]{4})/#
    let monthFirst = #/([a-z]{3,})\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})/#
    let yearFirst = #/([0-9]{4})[ \-]([a-z]{3,})[ \-]([0-9]{1,2})/#
    if let match = text.wholeMatch(of: dayFirst), let month = months[String(match.2)] {
      return day(match.3, Substring(month), match.1)
    }
    if let match = text.wholeMatch(of: monthFirst), let month = months[String(match.1)] {
      return day(match.3, Substring(month), match.2)
    }
    if let match = text.wholeMatch(of: yearFirst), let month = months[String(match.2)] {
      return day(match.1, Substring(month), match.3)
    }
    return nil
  }

  private static func withoutTime(_ text: String) -> String {
    text.replacing(
      #/[t ] ?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?[ap]m)?(?: ?z|[+\-][0-9]{2}:?[0-9]{2})?$/#, with: "")
  }

  private static func day(_ year: Substring, _ month: Substring, _ day: Substring) -> ClinicalAnswer<Int> {
    guard let year = Int(year), let month = Int(month), let day = Int(day), years.contains(year),
      (1...12).contains(month), (1...length(of: month, year)).contains(day)
    else { return .notUnderstood("not a calendar date from \(years.lowerBound) to \(years.upperBound)") }
    return .understood(year * 10_000 + month * 100 + day)
  }

  private static func length(of month: Int, _ year: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Earlier and later years are placeholders, such as a spreadsheet's 1900-01-01 and a database's 9999-12-31.
  private static let years = 1950...2100
  private static let months = Vocabulary.meanings(PackageResources.months_csv)
  private static let unknown: Set = ["none", "no", "never", "not done"]
}
