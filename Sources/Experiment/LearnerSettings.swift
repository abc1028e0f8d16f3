public import Study
public import Support

/// A learner's own settings, as `model.settings` of a protocol states them.
public struct LearnerSettings {
  private let values: [String: ModelSetting]
  private let protocolName: String
  private let learner: String

  /// Takes the settings of a protocol.
  public init(_ settings: StudyProtocol) {
    values = settings.model.settings ?? [:]
    protocolName = settings.name
    learner = settings.model.learner
  }

  /// The names of the settings that are stated.
  var names: [String] { values.keys.sorted() }

  /// Refuses every setting but those named.
  public func allow(_ names: String...) throws(StudyError) { try allow(names) }

  /// Refuses every setting but those named.
  public func allow(_ names: [String]) throws(StudyError) {
    guard let unknown = values.keys.sorted().first(where: { !names.contains($0) }) else { return }
    throw error(
      unknown,
      "is unknown: "
        + (names.isEmpty
          ? "\(learner) has no settings"
          : "the settings of \(learner) are \(names.sorted().joined(separator: ", "))"))
  }

  /// One text or several; at least one.
  public func texts(_ name: String) throws(StudyError) -> [String] {
    let found: [String]? =
      switch values[name] {
      case .text(let text): [text]
      case .texts(let texts): texts
      default: nil
      }
    guard let found, !found.isEmpty, !found.contains(""), Set(found).count == found.count else {
      throw error(name, "must be a list of one or more names, each once, found \(text(name))")
    }
    return found
  }

  /// A number within limits; nil where it is not stated.
  public func number(_ name: String, in range: ClosedRange<Double>) throws(StudyError) -> Double? {
    guard let value = values[name] else { return nil }
    guard case .number(let number) = value, range.contains(number) else {
      throw error(name, "must be a number from \(range.lowerBound) to \(range.upperBound), found \(text(name))")
    }
    return number
  }

  /// A whole number within limits; nil where it is not stated.
  public func integer(_ name: String, in range: ClosedRange<Int>) throws(StudyError) -> Int? {
    guard let value = values[name] else { return nil }
    guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
      throw error(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound), found \(text(name))")
    }
    return whole
  }

  /// True or false; nil where it is not stated.
  public func flag(_ name: String) throws(StudyError) -> Bool? {
    guard let value = values[name] else { return nil }
    guard case .flag(let flag) = value else {
      throw error(name, "must be true or false, found \(text(name))")
    }
    return flag
  }

  /// One whole number or several within limits; none where it is not stated.
  public func integers(_ name: String, in range: ClosedRange<Int>) throws(StudyError) -> [Int] {
    let numbers: [Double]
    switch values[name] {
    case nil: return []
    case .number(let number): numbers = [number]
    case .numbers(let all): numbers = all
    default: numbers = []
    }
    let whole = numbers.compactMap { Int(exactly: $0) }.filter(range.contains)
    guard !whole.isEmpty, whole.count == numbers.count, Set(whole).count == whole.count else {
      throw error(
        name,
        "must be one or more whole numbers from \(range.lowerBound) to \(range.upperBound), each once, found \(text(name))"
      )
    }
    return whole
  }

  /// One of some words; nil where it is not stated.
  public func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ name: String, _ type: Choice.Type
  ) throws(StudyError) -> Choice? {
    guard let value = values[name] else { return nil }
    guard case .text(let text) = value, let choice = Choice(rawValue: text) else {
      let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw error(name, "must be one of \(words), found \(self.text(name))")
    }
    return choice
  }

  private func text(_ name: String) -> String {
    switch values[name] {
    case nil: "nothing"
    case .number(let value): "\(value)"
    case .flag(let value): "\(value)"
    case .text(let value): "\"\(value)\""
    case .texts(let values): values.joined(separator: ", ")
    case .numbers(let values): values.map { "\($0)" }.joined(separator: ", ")
    }
  }

  private func error(_ name: String, _ problem: String) -> StudyError {
    StudyError(.invalidProtocol, "the protocol \(protocolName): model.settings.\(name) \(problem)")
  }
}
