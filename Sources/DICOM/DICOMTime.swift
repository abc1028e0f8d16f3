/// Times of day as DICOM writes them (PS3.5 section 6.2, TM).
public enum DICOMTime {
  /// A time as seconds since midnight, 0...86400: HHMMSS.FFFFFF with or without minutes and seconds, and `HH:MM:SS` of old
  /// files; nil for anything else.
  public static func secondsOfDay(_ text: String) -> Double? {
    func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
    let digits = text.filter { $0 != ":" }
    let parts = digits.split(separator: ".", maxSplits: 1)
    guard let clock = parts.first, [2, 4, 6].contains(clock.count), clock.allSatisfy(isDigit),
      parts.count < 2 || parts[1].allSatisfy(isDigit)
    else { return nil }
    let number = Array(clock).map { Double($0.wholeNumberValue ?? 0) }
    func pair(_ index: Int) -> Double { index + 1 < number.count ? number[index] * 10 + number[index + 1] : 0 }
    let (hours, minutes, seconds) = (pair(0), pair(2), pair(4))
    guard hours < 24, minutes < 60, seconds <= 60 else { return nil }
    return hours * 3600 + minutes * 60 + seconds + (parts.count > 1 ? Double("0.\(parts[1])") ?? 0 : 0)
  }
}
