/// What is taken of UCSF RMaC.
public struct RMaCSettings: Equatable, Sendable {
  /// A contrast phase, by the name of its data set.
  public enum Phase: String, CaseIterable, Sendable {
    /// Unenhanced.
    case noncon
    /// Late arterial (corticomedullary).
    case arterial
    /// Portal venous (nephrographic).
    case portven
    /// Delayed (excretory).
    case delay

    var description: String {
      switch self {
      case .noncon: "non-contrast"
      case .arterial: "late arterial"
      case .portven: "portal venous"
      case .delay: "delayed"
      }
    }
  }

  /// The `pathology` that is taken, in any case; of tumour type 0, renal cell carcinoma, alone.
  public var subtypes: [String]
  /// The phases that may carry the contours, in order of preference; the first that is registered to the mask carries
  /// them.
  public var contouredPhases: [Phase]
  /// Whether a mask that is a bounding box and no outline counts: its centre is the ROI's, but it outlines no tumour.
  public var takesBoxes: Bool
  /// Whether the other phases are left out: about a third of the disk space then suffices.
  public var onlyContouredPhase: Bool

  /// The paper's choice: clear cell carcinomas, drawn on the late arterial or else the portal venous phase.
  public init(
    subtypes: [String] = ["clear cell"], contouredPhases: [Phase] = [.arterial, .portven], takesBoxes: Bool = true,
    onlyContouredPhase: Bool = false
  ) {
    self.subtypes = subtypes
    self.contouredPhases = contouredPhases
    self.takesBoxes = takesBoxes
    self.onlyContouredPhase = onlyContouredPhase
  }
}
