import DICOM
import Foundation
public import Study

/// What is known of one series when the phases of its exam are told.
public struct SeriesFindings: Equatable, Sendable {
  /// SeriesDescription.
  public var description: String?
  /// ProtocolName.
  public var protocolName: String?
  /// AcquisitionTime of the first slice, HHMMSS.FFFFFF.
  public var acquisitionTime: String?
  /// ContrastBolusStartTime, HHMMSS.FFFFFF.
  public var contrastStartTime: String?
  /// ContrastBolusAgent.
  public var contrastAgent: String?
  /// What the pixels show.
  public var pixels = PhasePixels()
  /// The phase that the user states, which outranks all else.
  public var override: Phase?

  /// Nothing is known.
  public init() {}

  /// What each source says, the series seen on its own.
  public var evidence: [PhaseEvidence] {
    if let override {
      return [
        PhaseEvidence(.override, PhaseScores([override], points: PhaseWeight.override), "stated in the user's list")
      ]
    }
    return [
      ContrastTiming(acquisition: acquisitionTime, bolusStart: contrastStartTime).evidence, textEvidence, agentEvidence,
      pixels.evidence,
    ]
  }

  private var textEvidence: PhaseEvidence {
    for (text, name, share) in [
      (description, "SeriesDescription", 1), (protocolName, "ProtocolName", PhaseWeight.protocolName),
    ] {
      guard let words = text.map(PhaseText.init), words.isInformative else { continue }
      let weight = words.isSpecific ? PhaseWeight.phaseWord : PhaseWeight.contrastWord
      return PhaseEvidence(
        .text, PhaseScores(words.phases, points: weight * share),
        "\(name) says " + words.words.joined(separator: " and "))
    }
    return PhaseEvidence(.text, PhaseScores(), "the description names no phase")
  }

  private var agentEvidence: PhaseEvidence {
    let isNamed = contrastAgent?.isEmpty == false
    return PhaseEvidence(
      .contrastAgent,
      PhaseScores(Phase.allCases.filter { $0.isContrast == isNamed }, points: PhaseWeight.contrastAgent),
      isNamed ? "the header names a contrast agent" : "the header names no contrast agent")
  }
}

/// The phase of one series, how sure it is, and why.
public struct PhaseDecision: Codable, Equatable, Sendable {
  /// The likeliest phase.
  public let phase: Phase
  /// Its share among all four phases, 0...1.
  public let confidence: Double
  /// The sum of all evidence.
  public let scores: PhaseScores
  /// What each source says, the other series of the exam included.
  public let evidence: [PhaseEvidence]
  /// Why a person should look: sources that contradict one another, or little confidence; empty where none need to.
  public let doubts: [String]

  /// Below this confidence a person should look.
  public static let sureEnough = 0.8

  init(_ evidence: [PhaseEvidence]) {
    self.evidence = evidence
    let scores = evidence.reduce(PhaseScores()) { $0 + $1.scores }
    let phase = scores.best
    self.scores = scores
    self.phase = phase
    confidence = scores.share(of: phase)
    var doubts = evidence.filter { $0.scores.lead > 1.5 && $0.scores.best != phase }
      .map { "read as \(phase.name), although \($0.sentence)" }
    // Words allow a set of phases: they contradict where it lacks this one.
    doubts += evidence.filter {
      $0.source == .text && $0.scores.lead <= 1.5 && $0.scores[phase] < $0.scores[$0.scores.best]
    }
    .map { "read as \(phase.name), although \($0.sentence)" }
    if confidence < Self.sureEnough {
      doubts.append("read as \(phase.name) with a confidence of only \(Int((100 * confidence).rounded())) %")
    }
    self.doubts = doubts
  }

  /// The evidence that speaks for the phase or against it, strongest first; one sentence each, without full stop.
  public var reasons: [String] {
    evidence.filter { $0.scores != PhaseScores() }.sorted { abs($0.scores.lead) > abs($1.scores.lead) }.map(\.sentence)
  }
}

/// Determines the phases of all series of one exam together.
///
/// Each series' own evidence comes first; then the phases must fit the order of the acquisitions and the brightness of the
/// series at the same places. Series are visited in turn, each given the others' phases, until nothing changes.
public enum ExamPhases {
  /// The decisions, in the order of `series`.
  ///
  /// `shift(i, j)` tells by how many HU the soft tissue of series i is brighter than that of j at the same places, if known.
  public static func decide(_ series: [SeriesFindings], shift: (Int, Int) -> Double?) -> [PhaseDecision] {
    let own = series.map(\.evidence)
    let starts = series.map { $0.acquisitionTime.flatMap(DICOMTime.secondsOfDay) }
    // One clock time for all tells nothing of their order.
    let clock = Set(starts.compactMap { $0 }).count > 1 ? starts : starts.map { _ in nil }
    var shifts: [SIMD2<Int>: Double] = [:]
    for (first, second) in pairs(series.count) {
      if let difference = shift(first, second) {
        shifts[SIMD2(first, second)] = difference
        shifts[SIMD2(second, first)] = -difference
      }
    }
    func decision(_ index: Int, given phases: [Phase]) -> PhaseDecision {
      guard series[index].override == nil else { return PhaseDecision(own[index]) }
      var relative: [PhaseEvidence] = []
      for other in series.indices where other != index {
        let earlier = clock[index].flatMap { here in clock[other].map { ContrastTiming.difference($0, here) } }
        relative += Self.relative(
          to: phases[other], earlierBySeconds: earlier, shift: shifts[SIMD2(index, other)],
          aorta: series[index].pixels.aorta, otherAorta: series[other].pixels.aorta)
      }
      return PhaseDecision(own[index] + relative)
    }
    var phases = own.map { PhaseDecision($0).phase }
    for _ in 0..<8 {
      let before = phases
      for index in series.indices { phases[index] = decision(index, given: phases).phase }
      if phases == before { break }
    }
    return series.indices.map { decision($0, given: phases) }
  }

  private static func pairs(_ count: Int) -> [(Int, Int)] {
    (0..<count).flatMap { first in (first + 1..<max(first + 1, count)).map { (first, $0) } }
  }

  /// What another series of known phase says of this one.
  static func relative(
    to other: Phase, earlierBySeconds earlier: Double?, shift: Double?, aorta: Double?, otherAorta: Double?
  ) -> [PhaseEvidence] {
    var evidence: [PhaseEvidence] = []
    func add(_ phases: [Phase], _ weight: Double, _ sentence: String) {
      evidence.append(PhaseEvidence(.otherSeries, PhaseScores(phases, points: weight), sentence))
    }
    if let earlier, abs(earlier) > 5, abs(earlier) < 3600 {
      var scores = PhaseScores(
        Phase.allCases.filter { earlier > 0 ? $0 < other : $0 > other }, points: PhaseWeight.order)
      // Scans of one phase follow one another within seconds: another range, another reconstruction.
      scores[other] = abs(earlier) < 30 ? PhaseWeight.order : PhaseWeight.order / 2
      evidence.append(
        PhaseEvidence(
          .otherSeries, scores,
          "it was scanned \(Int(abs(earlier).rounded())) s \(earlier > 0 ? "before" : "after") the \(other.name) series"
        ))
    }
    if let shift {
      let amount = "\(Int(abs(shift).rounded())) HU"
      if other == .nonContrast, abs(shift) < 6 {
        add([.nonContrast], PhaseWeight.relativePixels, "its tissue is as bright as that of the non-contrast series")
      } else if other == .nonContrast, shift > 12 {
        add(
          Phase.allCases.filter(\.isContrast), PhaseWeight.relativePixels,
          "its tissue is \(amount) brighter than that of the non-contrast series")
      } else if other.isContrast, shift < -12 {
        add(
          [.nonContrast], PhaseWeight.relativePixels / 4,
          "its tissue is \(amount) darker than that of the \(other.name) series")
      }
    }
    if let aorta, let otherAorta, aorta > 70, otherAorta > 70, other.isContrast {
      let ratio = aorta / otherAorta
      if ratio > 1.25 {
        add(
          [.lateArterial] + Phase.allCases.filter { $0.isContrast && $0 < other && $0 != .lateArterial },
          PhaseWeight.relativePixels / 2, "its aorta is brighter than that of the \(other.name) series")
      } else if ratio < 0.8 {
        add(
          Phase.allCases.filter { $0 > other } + (other == .delayed ? [.delayed] : []), PhaseWeight.relativePixels / 2,
          "its aorta is darker than that of the \(other.name) series")
      }
    }
    return evidence
  }
}
