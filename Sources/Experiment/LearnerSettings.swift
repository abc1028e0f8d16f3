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

  /// Refuses every setting but those named.
  public func allow(_ names: String...) throws(StudyError) {
    guard let unknown = values.keys.sorted().first(where: { !names.contains($0) }) else { return }
    throw error(unknown, "is unknown: the settings of \(learner) are \(names.sorted().joined(separator: ", "))")
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

  /// One of the words that a type has; nil where it is not stated.
  public func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, among: Choice.Type
  ) throws(StudyError) -> Choice? where Choice.RawValue == String {
    guard let value = values[name] else { return nil }
    guard case .text(let word) = value, let choice = Choice(rawValue: word) else {
      let words = Choice.allCases.map(\.rawValue).joined(separator: " or ")
      throw error(name, "must be \(words), found \(text(name))")
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
