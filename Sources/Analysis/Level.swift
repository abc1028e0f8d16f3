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
}
