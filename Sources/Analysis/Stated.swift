public import Evaluation

/// A number with its interval, or the sentence that replaces them.
public struct Stated: Codable, Equatable, Sendable {
  /// The value; nil where it can't be stated.
  public let value: Double?
  /// Its 95% interval; nil where there is none.
  public let interval: Interval?
  /// Why there is no value, or no interval.
  public let note: String?

  init(value: Double?, interval: Interval? = nil, note: String? = nil) {
    // JSON knows no other numbers.
    self.value = value.flatMap { $0.isFinite ? $0 : nil }
    self.interval = interval.flatMap { $0.lower.isFinite && $0.upper.isFinite ? $0 : nil }
    self.note = note
  }

  /// A number that needs no interval.
  public init(_ value: Double) { self.init(value: value, interval: nil) }

  /// Takes what `estimate` gives, or its reason not to.
  init(_ estimate: () throws(NotEstimable) -> Estimate) {
    do throws(NotEstimable) {
      let found = try estimate()
      self.init(value: found.value, interval: found.interval)
    } catch {
      self.init(value: nil, note: error.description)
    }
  }

  /// Takes what `estimate` gives; where that has no interval, the plain `value`, with the reason why there is none.
  init(
    _ estimate: () throws(NotEstimable) -> Estimate, otherwise value: () throws(NotEstimable) -> Double
  ) {
    do throws(NotEstimable) {
      let found = try estimate()
      self.init(value: found.value, interval: found.interval)
    } catch {
      self.init(value: try? value(), note: error.description)
    }
  }

  /// The value with its interval.
  public var estimate: Estimate { Estimate(value: value, interval: interval) }
}

/// A test's result, or the sentence that replaces it.
public struct StatedTest: Codable, Equatable, Sendable {
  /// What the test is called.
  public let method: String
  /// Its p-value; nil where it can't be stated.
  public let pValue: Double?
  /// The p-value corrected for the number of tests of its kind by Holm's method; nil where there is none.
  public internal(set) var adjustedPValue: Double?
  /// Why there is no p-value, or what it does not take into account.
  public let note: String?

  init(_ method: String, _ test: () throws(NotEstimable) -> (pValue: Double, note: String?)) {
    self.method = method
    do throws(NotEstimable) {
      let found = try test()
      (pValue, note) = (found.pValue.isFinite ? found.pValue : nil, found.note)
    } catch {
      (pValue, note) = (nil, error.description)
    }
  }

  /// Corrects the p-values of `tests` for their number.
  static func corrected(_ tests: [StatedTest]) -> [StatedTest] {
    zip(tests, HolmCorrection.adjusted(tests.map { $0.pValue ?? .nan })).map { test, adjusted in
      var corrected = test
      corrected.adjustedPValue = adjusted.isNaN ? nil : adjusted
      return corrected
    }
  }
}
