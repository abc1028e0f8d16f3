import DICOM

/// Moves dates by whole days, so that the intervals between them stay.
struct DateShift {
  /// How many days back.
  let days: Int

  /// What becomes of a value of a VR; nil where it is no date and no offset from UTC, which stays.
  func moved(_ text: String, _ vr: ValueRepresentation) -> String? {
    switch vr {
    case .da, .dt: moved(text)
    case .sh: Self.isZone(Array(text.utf8)[...]) ? text : nil
    default: nil
    }
  }

  /// A value of DA or DT, several between backslashes, moved; nil where any of them is no complete date.
  func moved(_ text: String) -> String? {
    var moved: [String] = []
    for value in text.split(separator: "\\", omittingEmptySubsequences: false) {
      let trimmed = value.filter { $0 != " " && $0 != "\0" }
      guard !trimmed.isEmpty else {
        moved.append("")
        continue
      }
      guard let date = movedValue(Array(trimmed.utf8)) else { return nil }
      moved.append(date)
    }
    return moved.joined(separator: "\\")
  }

  /// A day, year x 10000 + month x 100 + day, moved, as in `2001-12-31`; nil where it is none.
  func moved(day: Int) -> String? {
    moved(String(day)).map { "\($0.prefix(4))-\($0.dropFirst(4).prefix(2))-\($0.suffix(2))" }
  }

  private func movedValue(_ value: [UInt8]) -> String? {
    // ACR-NEMA wrote 2004.01.31.
    let isOld = value.count == 10 && value[4] == 0x2E && value[7] == 0x2E
    let digits = isOld ? Array(value[0..<4] + value[5..<7] + value[8..<10]) : Array(value.prefix(8))
    guard digits.count == 8, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    let numbers = digits.map { Int($0) - 0x30 }
    let year = numbers[0..<4].reduce(0) { $0 * 10 + $1 }
    let month = numbers[4] * 10 + numbers[5]
    let day = numbers[6] * 10 + numbers[7]
    let number = Self.dayNumber(year, month, day)
    guard Self.date(number) == (year, month, day) else { return nil }
    let (newYear, newMonth, newDay) = Self.date(number - days)
    guard newYear > 0 else { return nil }
    func padded(_ number: Int, _ count: Int) -> String {
      String(repeating: "0", count: max(0, count - String(number).count)) + String(number)
    }
    let rest = isOld ? [] : value.dropFirst(8)
    guard Self.isTime(rest) else { return nil }
    return padded(newYear, 4) + padded(newMonth, 2) + padded(newDay, 2) + String(decoding: rest, as: UTF8.self)
  }

  /// Whether this is what follows the date in a DT, HHMMSS.FFFFFF&ZZXX or a part of it, and not, say, a second date.
  private static func isTime(_ text: ArraySlice<UInt8>) -> Bool {
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    let clock = text.prefix(while: isDigit)
    var rest = text[clock.endIndex...]
    if rest.first == 0x2E { rest = rest.dropFirst().drop(while: isDigit) }
    return clock.count <= 6 && (rest.isEmpty || isZone(rest))
  }

  /// Whether this is an offset from UTC, such as +0100.
  private static func isZone(_ text: ArraySlice<UInt8>) -> Bool {
    text.count == 5 && (text.first == 0x2B || text.first == 0x2D)
      && text.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
  }

  // MARK: The Gregorian calendar, in years that begin in March, so that the leap day comes last

  private static let daysBeforeMonth = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337]
  private static let daysOf400Years = 146_097

  private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
    guard (1...12).contains(month), (1...31).contains(day) else { return 0 }
    let marchYear = month > 2 ? year : year - 1
    let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
    return marchYear * 365 + leapDays + daysBeforeMonth[(month + 9) % 12] + day - 1
  }

  private static func date(_ number: Int) -> (year: Int, month: Int, day: Int) {
    var year = max(0, number * 400 / daysOf400Years)
    func firstDay(_ year: Int) -> Int { year * 365 + year / 4 - year / 100 + year / 400 }
    while firstDay(year + 1) <= number { year += 1 }
    while year > 0, firstDay(year) > number { year -= 1 }
    let dayOfYear = number - firstDay(year)
    let month = daysBeforeMonth.lastIndex { $0 <= dayOfYear } ?? 0
    return (month >= 10 ? year + 1 : year, (month + 2) % 12 + 1, dayOfYear - daysBeforeMonth[month] + 1)
  }
}
