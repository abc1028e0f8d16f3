import Foundation
import Support

extension DeterministicGenerator {
  /// What a stream of numbers is for; each purpose of each patient has one, so that no setting shifts another's draws.
  enum Purpose: UInt64, CaseIterable {
    case anatomy, tumour, noise, reader, record
  }

  /// The stream of one patient for one purpose; `patient` counts from 0.
  init(seed: UInt64, patient: Int, purpose: Purpose) {
    self.init(seed: seed, stream: 16 + UInt64(patient) * UInt64(Purpose.allCases.count) + purpose.rawValue)
  }

  /// A uniform draw.
  mutating func uniform(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * Float(next() >> 40) * 0x1p-24
  }

  /// A standard normal draw (Box and Muller).
  mutating func normal() -> Float {
    let radius = (-2 * log(1 - Double(next() >> 11) * 0x1p-53)).squareRoot()
    return Float(radius * cos(2 * .pi * Double(next() >> 11) * 0x1p-53))
  }

  /// A normal draw, held within two standard deviations.
  mutating func normal(_ mean: Float, _ deviation: Float) -> Float {
    mean + deviation * max(-2, min(2, normal()))
  }

  /// True with probability `share`.
  mutating func chance(_ share: Double) -> Bool { Double(next() >> 11) * 0x1p-53 < share }
}
