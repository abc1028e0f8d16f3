/// A contrast phase of the paper's protocol.
public enum ContrastPhase: String, Codable, CaseIterable, Sendable {
  /// Before contrast.
  case preContrast = "pre-contrast"
  /// Late arterial (corticomedullary).
  case lateArterial = "late-arterial"
  /// Portal venous (early nephrographic).
  case portalVenous = "portal-venous"
  /// Delayed (excretory).
  case delayed

  /// Seconds from the start of the injection to the scan; the paper says "> 100 s" for the delayed phase.
  public var delay: Int {
    switch self {
    case .preContrast: 0
    case .lateArterial: 40
    case .portalVenous: 80
    case .delayed: 240
    }
  }

  /// The place of the phase in a value that holds all four.
  var lane: Int {
    switch self {
    case .preContrast: 0
    case .lateArterial: 1
    case .portalVenous: 2
    case .delayed: 3
    }
  }
}

/// What a cohort of virtual patients is made from; the same settings give the same bytes.
public struct PhantomSettings: Codable, Equatable, Sendable {
  /// Which slices a series has.
  public enum Coverage: Codable, Equatable, Sendable {
    /// Both kidneys from pole to pole, with a few slices beyond.
    case kidneys
    /// The annotated slices and `margin` more on either side.
    case annotated(margin: Int)
  }

  /// What of a tumour depends on the grade: to see which models find what.
  public enum SignalSource: String, Codable, CaseIterable, Sendable {
    /// Size, uptake of contrast, texture, necrosis and margin.
    case everything
    /// The texture alone: its strength and grain.
    case texture
    /// The shape alone: size and lobulation.
    case shape
    /// The uptake of contrast alone.
    ///
    /// Every tumour is denser or less dense than usual by a random offset in all phases, so that one phase alone says little,
    /// and the difference between two phases says it.
    case enhancement
  }

  /// Patients with tumours of grade 1 or 2; the paper's annotated subset has 26.
  public var lowGradePatients = 26
  /// Patients with tumours of grade 3 or 4; the paper's annotated subset has 14.
  public var highGradePatients = 14
  /// The seed of everything.
  public var seed: UInt64 = 1
  /// The strength of the grade signal, 0 or more: at 0 both classes have one distribution, 1 is the default.
  public var signal = 1.0
  /// What depends on the grade.
  public var signalIn = SignalSource.everything
  /// The phases that are written.
  public var phases = ContrastPhase.allCases
  /// Which slices are written.
  public var coverage = Coverage.kidneys
  /// How many slices of a lesion are annotated at most, those around its largest section; nil annotates all.
  public var maximumAnnotatedSlices: Int?
  /// The share of patients with a second tumour; the paper has 528 lesions in 505 patients.
  public var secondLesionShare = 23.0 / 505

  /// How far a second reader's outlines wander from the tumour's edge, as a standard deviation in mm; nil makes no second reader.
  ///
  /// It adds to a reader's usual unsteadiness. Images and the first reader's outlines do not depend on it.
  public var secondReaderWobble: Double?

  /// The default settings: the paper's annotated subset at its full geometry.
  public init() {}

  /// Throws where no cohort can be made from the settings.
  func validate() throws(PhantomError) {
    func require(_ holds: Bool, _ message: String) throws(PhantomError) {
      if !holds { throw PhantomError(description: message) }
    }
    let patients = lowGradePatients + highGradePatients
    try require(
      lowGradePatients >= 0 && highGradePatients >= 0 && (1...9999).contains(patients),
      "a cohort needs 1 to 9999 patients, found \(lowGradePatients) low and \(highGradePatients) high grade")
    try require(signal >= 0 && signal.isFinite, "the signal's strength must be 0 or more, found \(signal)")
    try require(
      phases.contains(.portalVenous) || phases.contains(.lateArterial),
      "tumours are annotated in the late arterial or portal venous phase: the phases must have one of the two")
    try require(Set(phases).count == phases.count, "a phase is listed twice")
    try require(maximumAnnotatedSlices ?? 1 >= 1, "at least 1 slice of a lesion must be annotated, or nil for all")
    try require((0...1).contains(secondLesionShare), "the share of second lesions must be 0 to 1")
    try require(
      secondReaderWobble.map { (0...20).contains($0) } ?? true, "a second reader's wobble must be 0 to 20 mm")
    if case .annotated(let margin) = coverage { try require(margin >= 0, "the margin must be 0 or more slices") }
  }
}

/// Why a cohort of virtual patients could not be made.
public struct PhantomError: Error, CustomStringConvertible, Equatable, Sendable {
  /// What was wrong, and what to do.
  public let description: String
}

extension PhantomSettings: CustomReflectable {
  /// The settings as texts show them, from which the images' UIDs follow: without the signal's source where that is the usual one,
  /// so that such cohorts keep the UIDs that they had before there were others.
  public var customMirror: Mirror {
    var children: [Mirror.Child] = [
      ("lowGradePatients", lowGradePatients), ("highGradePatients", highGradePatients), ("seed", seed),
      ("signal", signal), ("phases", phases), ("coverage", coverage),
      ("maximumAnnotatedSlices", maximumAnnotatedSlices as Any), ("secondLesionShare", secondLesionShare),
    ]
    if signalIn != .everything { children.append(("signalIn", signalIn)) }
    return Mirror(self, children: children, displayStyle: .struct)
  }
}
