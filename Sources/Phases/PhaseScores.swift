import Foundation
public import Study

/// A score for each phase: the strength of the evidence for it, in natural logarithms.
///
/// Only differences matter: raising all phases alike has no effect.
public struct PhaseScores: Codable, Equatable, Sendable {
  private var values = SIMD4<Double>.zero

  /// No evidence for any phase.
  public init() {}

  /// `points` for each of `phases`.
  public init(_ phases: some Sequence<Phase>, points: Double) {
    for phase in phases { self[phase] = points }
  }

  /// The points of one phase.
  public subscript(phase: Phase) -> Double {
    get { values[phase.order] }
    set { values[phase.order] = newValue }
  }

  /// The phase with the most points, the earliest of several.
  public var best: Phase {
    Phase.allCases.dropFirst().reduce(.nonContrast) { self[$1] > self[$0] ? $1 : $0 }
  }

  /// By how many points the best phase leads the next.
  public var lead: Double {
    let best = best
    return self[best] - (Phase.allCases.filter { $0 != best }.map { self[$0] }.max() ?? 0)
  }

  /// The share of `phase` in the sum of all exponentials, 0...1: the probability, where points are log-likelihoods.
  public func share(of phase: Phase) -> Double {
    let weights = Phase.allCases.map { exp(self[$0] - self[best]) }
    return exp(self[phase] - self[best]) / weights.reduce(0, +)
  }

  /// Adds the points phase by phase.
  public static func + (left: Self, right: Self) -> Self {
    var sum = left
    sum.values += right.values
    return sum
  }

  /// Adds the points phase by phase.
  public static func += (left: inout Self, right: Self) { left.values += right.values }
}

/// What one source says of a series' phase.
public struct PhaseEvidence: Codable, Equatable, Sendable {
  /// Where it comes from.
  public enum Source: String, Codable, Sendable {
    /// The user's own list.
    case override
    /// The time from the start of the injection to the scan.
    case timing
    /// What the technologist or the scanner wrote.
    case text
    /// Whether the header names a contrast agent.
    case contrastAgent
    /// What the pixels show.
    case pixels
    /// The other series of the exam.
    case otherSeries
  }

  /// Where it comes from.
  public let source: Source
  /// How strongly it speaks for each phase.
  public let scores: PhaseScores
  /// What was found, in a sentence without its full stop.
  public let sentence: String

  /// Makes evidence from its parts.
  public init(_ source: Source, _ scores: PhaseScores, _ sentence: String) {
    self.source = source
    self.scores = scores
    self.sentence = sentence
  }
}

/// The weight of each source, in natural logarithms: 2.3 makes a phase ten times likelier than the others.
///
/// Our own choice: words and times of routine CT are often wrong, contrast agent tags mostly. The pixels show directly
/// what the other three sources describe, so they outweigh any one of them.
enum PhaseWeight {
  /// A word that names one phase.
  static let phaseWord = 3.5
  /// A word that says no more than whether there was contrast.
  static let contrastWord = 2.0
  /// ProtocolName instead of SeriesDescription: it often stands for the whole exam.
  static let protocolName = 0.5
  /// A plausible time since the injection.
  static let timing = 2.5
  /// A contrast agent that is named, or not.
  static let contrastAgent = 0.3
  /// The most that one measure of the pixels counts.
  static let pixelMeasure = 6.0
  /// Two series whose phases contradict the times of their acquisition.
  static let order = 2.5
  /// Two series whose phases contradict their pixels at the same positions.
  static let relativePixels = 4.0
  /// The user's word.
  static let override = 100.0
}
