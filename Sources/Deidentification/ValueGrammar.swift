import DICOM

/// Whether values are written as their VR says (PS3.5 section 6.2): one that is not may be anything.
extension ValueRepresentation {
  /// Whether a value can be what its VR says; always true of words, names and coded strings, which are judged by others.
  ///
  /// Tolerant of what scanners write: decimal commas, fractions in whole numbers, spaces around values, colons in times,
  /// dates as in ACR-NEMA. Binary numbers are implausible where all of eight bytes and more are characters, or ten in a
  /// row are: some other value in their place, such as a whole sequence.
  func isPlausible(_ value: ArraySlice<UInt8>) -> Bool {
    switch self {
    case .as: return Self.each(value) { AgeGrammar.years($0) != nil }
    case .da: return Self.each(value) { DateShift(days: 0).moved(String(decoding: $0, as: UTF8.self)) != nil }
    case .ds, .is: return Self.each(value, isNumber)
    case .dt: return Self.each(value, isDateTime)
    case .tm: return Self.each(value, isTime)
    case .ui: return Self.each(value) { PseudonymKey.isUID(String(decoding: $0, as: UTF8.self)) }
    case .at: return value.count % 4 == 0 && !holdsText(value)
    case .fd, .fl, .sl, .ss, .sv, .ul, .us, .uv: return value.count % (number?.width ?? 1) == 0 && !holdsText(value)
    case .ob, .od, .of, .ol, .ov, .ow, .un: return !EmbeddedText.isFound(in: value)
    default: return true
    }
  }

  /// Whether a test holds for each of the values between backslashes that is not empty.
  private static func each(_ value: ArraySlice<UInt8>, _ test: (ArraySlice<UInt8>) -> Bool) -> Bool {
    value.trimmingPadding().split(separator: 0x5C, omittingEmptySubsequences: true).allSatisfy { part in
      let part = part.drop { $0 == 0x20 }
      let end = part.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? part.startIndex
      return end == part.startIndex || test(part[part.startIndex..<end])
    }
  }

  private func holdsText(_ value: ArraySlice<UInt8>) -> Bool {
    guard value.count >= 8 else { return false }
    let characters = value.trimmingPadding()
    var (run, longest) = (0, 0)
    for byte in characters {
      run = (0x20...0x7E).contains(byte) ? run + 1 : 0
      longest = max(longest, run)
    }
    return longest >= 10 || (characters.count >= 6 && longest == characters.count)
  }

  // MARK: One value

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// A number as the reader of CT understands one, at most twice as long as the standard allows.
  private func isNumber(_ text: ArraySlice<UInt8>) -> Bool { text.count <= 32 && NumberText.number(text) != nil }

  /// `10`, `1015`, `101500.5`, `10:15:00`.
  private func isTime(_ text: ArraySlice<UInt8>) -> Bool {
    let clock = text.prefix { $0 != 0x2E }
    let fraction = text.dropFirst(clock.count).dropFirst()
    guard clock.count < text.count ? !fraction.isEmpty && fraction.allSatisfy(Self.isDigit) : true else { return false }
    let digits = clock.filter { $0 != 0x3A }
    guard digits.allSatisfy(Self.isDigit), [2, 4, 6].contains(digits.count) else { return false }
    let numbers = stride(from: 0, to: digits.count, by: 2).map { start in
      digits[start..<start + 2].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
    return zip(numbers, [23, 59, 60]).allSatisfy { $0 <= $1 }
  }

  /// `2024`, `202403`, `20240301`, `20240301101500.5+0100`.
  private func isDateTime(_ text: ArraySlice<UInt8>) -> Bool {
    if text.count >= 8 { return DateShift(days: 0).moved(String(decoding: text, as: UTF8.self)) != nil }
    guard text.allSatisfy(Self.isDigit), text.count == 4 || text.count == 6 else { return false }
    let month = text.dropFirst(4).reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return text.count == 4 || (1...12).contains(month)
  }
}

/// Ages (PS3.5 section 6.2, AS): three digits and D, W, M or Y.
enum AgeGrammar {
  /// The age in whole years; nil where the value is no age.
  static func years(_ value: ArraySlice<UInt8>) -> Int? {
    guard value.count == 4, let unit = value.last, value.dropLast().allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    let number = value.dropLast().reduce(0) { $0 * 10 + Int($1 - 0x30) }
    switch unit {
    case 0x59: return number
    case 0x4D: return number / 12
    case 0x57: return number / 52
    case 0x44: return number / 365
    default: return nil
    }
  }

  /// One or several ages, those of 90 years and more as `090Y`; nil where any is no age.
  ///
  /// Ages over 89 years are rare enough to name a person: HIPAA's Safe Harbor lets them stay as the one group of 90 and
  /// older (45 CFR 164.514(b)(2)(i)(C)).
  static func capped(_ text: String) -> String? {
    var ages: [String] = []
    for age in text.split(separator: "\\", omittingEmptySubsequences: false) {
      let age = age.filter { $0 != " " }
      guard let years = years(Array(age.utf8)[...]) else { return nil }
      ages.append(years > 89 ? "090Y" : age)
    }
    return ages.joined(separator: "\\")
  }
}

/// Text among bytes that should be numbers.
enum EmbeddedText {
  /// Whether eight characters in a row read like words or dates rather than like a ramp of numbers.
  ///
  /// The entries of a lookup table rise or fall together; letters and digits of a text go up and down.
  static func isFound(in value: some Sequence<UInt8>) -> Bool {
    var (run, letters, turns, direction, previous) = (0, 0, 0, 0, UInt8(0))
    for byte in value {
      guard (0x20...0x7E).contains(byte) else {
        (run, letters, turns, direction) = (0, 0, 0, 0)
        continue
      }
      let next = run == 0 || byte == previous ? direction : byte > previous ? 1 : -1
      turns += direction != 0 && next != direction ? 1 : 0
      (run, direction, previous) = (run + 1, next, byte)
      let isWord = (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
      letters += isWord ? 1 : 0
      if run >= 8, letters * 4 >= run * 3, turns >= 2 { return true }
    }
    return false
  }
}
