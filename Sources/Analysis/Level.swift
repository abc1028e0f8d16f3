import Study

/// The three levels that a result is stated at.
public enum Level: String, Codable, CaseIterable, Sendable {
  /// One ROI.
  case slice
  /// One tumour.
  case lesion
  /// One person.
  case patient

  /// From the one that matters down.
  public static let downward = [Level.patient, .lesion, .slice]

  /// The levels that a result has where examples are of a kind, from the one that matters down.
  static func of(_ examples: StudyProtocol.ExampleKind) -> [Level] {
    switch examples {
    case .slice: downward
    case .bag, .volume, .lesionFeatures: [.patient, .lesion]
    case .patientFeatures: [.patient]
    }
  }
}
