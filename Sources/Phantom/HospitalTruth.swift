/// What a virtual hospital is made from; the same settings give the same bytes.
public struct HospitalSettings: Codable, Equatable, Sendable {
  /// How many patients.
  public var patients = 120
  /// Slices per phase, 9.5 mm apart over the kidneys.
  public var slices = 7
  /// The seed of everything.
  public var seed: UInt64 = 1

  /// The default settings.
  public init() {}

  /// Throws where no hospital can be made from the settings.
  func validate() throws(PhantomError) {
    guard (1...9999).contains(patients), (6...40).contains(slices) else {
      throw PhantomError(
        description: "a hospital needs 1 to 9999 patients and 6 to 40 slices, found \(patients) and \(slices)")
    }
  }
}

/// What was planted in a virtual hospital: `truth.json`.
public struct HospitalTruth: Codable, Equatable, Sendable {
  /// Why a patient should not be in a study of stage 1 ccRCC; the raw values are the rules' names.
  public enum Exclusion: String, Codable, CaseIterable, Sendable {
    /// Another subtype than clear cell.
    case otherSubtype = "clear cell"
    /// Stage 2 or more.
    case higherStage = "stage 1"
    /// Metastasis or local invasion.
    case spread = "no local invasion or metastasis"
    /// The kidney was operated on before the scan.
    case priorSurgery = "no surgery before the scan"
    /// The grade is missing.
    case gradeUnknown = "grade known"
    /// No non-contrast series, or no contrast series.
    case phaseMissing = "non-contrast and contrast series"
    /// The clinical table has no row.
    case noRecord = "has a clinical record"
  }

  /// What a series was made as.
  public enum SeriesKind: String, Codable, CaseIterable, Sendable {
    /// The axial slices of a phase.
    case phase
    /// A scout.
    case localizer
    /// Coronal slices of a phase.
    case reformat
    /// A phase again, for the lungs.
    case sharpKernel
    /// A phase again, slice by slice.
    case duplicate
    /// A projection.
    case projection
    /// A page of text.
    case doseSheet
    /// Every other slice of a phase.
    case wideSpacing
    /// The uppermost slices of a phase.
    case partial
  }

  /// One patient.
  public struct Patient: Codable, Equatable, Sendable {
    /// PatientID.
    public let id: String
    /// Why the patient should be left out; nil where not.
    public let exclusion: Exclusion?
    /// How many tumours.
    public let lesions: Int
  }

  /// One series.
  public struct Series: Codable, Equatable, Sendable {
    /// SeriesInstanceUID.
    public let uid: String
    /// PatientID.
    public let patient: String
    /// What it was made as.
    public let kind: SeriesKind
    /// Its phase; nil for what has none.
    public let phase: ContrastPhase?
    /// How its description was chosen: `right`, `wrong`, `contrast only` or `nothing`.
    public let text: String
    /// How the exam's times were chosen: `right`, `missing`, `absurd`, `misleading` or `frozen`.
    public let timing: String
  }

  /// The patients, in their order.
  public var patients: [Patient] = []
  /// The series, patient by patient.
  public var series: [Series] = []
}
