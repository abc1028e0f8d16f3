import DICOM
import Foundation
import Study

/// The time from the start of the injection to the scan, from the header.
public enum ContrastTiming: Equatable, Sendable {
  /// AcquisitionTime or ContrastBolusStartTime is missing or no time.
  case missing
  /// The two are too far apart to belong together.
  case implausible(seconds: Double)
  /// Seconds from the injection's start to the scan, below zero where the scan was first.
  case plausible(seconds: Double)

  /// Compares two DICOM times (HHMMSS.FFFFFF); an exam may pass midnight.
  ///
  /// Plausible are times from half an hour before the injection to 20 minutes after it: a bolus time from another day,
  /// from the setup of the table or from an earlier injection is farther off.
  public init(acquisition: String?, bolusStart: String?) {
    guard let scan = acquisition.flatMap(DICOMTime.secondsOfDay),
      let bolus = bolusStart.flatMap(DICOMTime.secondsOfDay)
    else {
      self = .missing
      return
    }
    let seconds = Self.difference(scan, bolus)
    self = (-1800...1200).contains(seconds) ? .plausible(seconds: seconds) : .implausible(seconds: seconds)
  }

  /// `later - earlier` in seconds on a clock that starts again at midnight: -43200..<43200.
  static func difference(_ later: Double, _ earlier: Double) -> Double {
    let day = 86400.0
    let plain = later - earlier
    return plain >= day / 2 ? plain - day : plain < -day / 2 ? plain + day : plain
  }

  /// The middle of each phase in seconds after the injection, and how far it may lie off.
  ///
  /// The paper's 40, 80 and >100 s; the widths are our own choice within routine protocols.
  private static let windows: [(phase: Phase, range: ClosedRange<Double>)] = [
    (.nonContrast, -1800...5), (.lateArterial, 15...58), (.portalVenous, 58...108), (.delayed, 108...1800),
  ]

  /// The phase at a time after the injection's start; nil between phases (5 to 15 s) and beyond them.
  static func phase(at seconds: Double) -> Phase? { windows.first { $0.range.contains(seconds) }?.phase }

  /// What the time says.
  var evidence: PhaseEvidence {
    switch self {
    case .missing:
      return PhaseEvidence(.timing, PhaseScores(), "the header does not give the time since the injection")
    case .implausible(let seconds):
      return PhaseEvidence(
        .timing, PhaseScores(),
        "the header puts the scan \(Self.text(seconds)) the injection, which is implausible and was ignored")
    case .plausible(let seconds):
      var scores = PhaseScores()
      for (phase, range) in Self.windows {
        // A fifth of the weight is gone for every three seconds outside of the window.
        let outside = max(0, range.lowerBound - seconds, seconds - range.upperBound)
        scores[phase] = PhaseWeight.timing * max(0, 1 - outside / 15)
      }
      return PhaseEvidence(.timing, scores, "it was scanned \(Self.text(seconds)) the injection's start")
    }
  }

  private static func text(_ seconds: Double) -> String {
    let amount = abs(seconds)
    let unit = amount < 600 ? "\(Int(amount.rounded())) s" : "\(Int((amount / 60).rounded())) min"
    return unit + (seconds < 0 ? " before" : " after")
  }
}
