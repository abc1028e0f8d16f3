/// What is taken of a collection in the layout of The Cancer Imaging Archive.
public struct TCIASettings: Equatable, Sendable {
  /// How the clinical table's patients are called in the images, where the two differ in how they begin.
  public struct PatientPrefix: Equatable, Sendable {
    /// How an ID begins in the table.
    public let table: String
    /// How the same patient's PatientID begins.
    public let images: String

    /// Reads `case_=KiTS-`: what begins with `case_` in the table begins with `KiTS-` in the images; nil where the text
    /// has no single equals sign with something before it.
    public init?(_ text: String) {
      let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty else { return nil }
      (table, images) = (parts[0], parts[1])
    }

    /// The PatientID of the patient whom the table calls `id`.
    func patientID(of id: String) -> String { id.hasPrefix(table) ? images + id.dropFirst(table.count) : id }
  }

  /// A segment is a tumour where its label contains one of these, in any case.
  public var tumourLabels: [String]
  /// The clinical table's column with the subtype; nil where every patient has the study's.
  public var subtypeColumn: String?
  /// The subtypes that are taken, in any case.
  public var subtypes: [String]
  /// How the table's IDs become PatientIDs; nil where they are.
  public var patientPrefix: PatientPrefix?

  /// Every patient, and segments named tumour, tumor, mass, neoplasm, carcinoma or lesion, unless said otherwise.
  public init(
    tumourLabels: [String] = ["tumor", "tumour", "mass", "neoplasm", "carcinoma", "lesion"],
    subtypeColumn: String? = nil, subtypes: [String] = [], patientPrefix: PatientPrefix? = nil
  ) {
    self.tumourLabels = tumourLabels
    self.subtypeColumn = subtypeColumn
    self.subtypes = subtypes
    self.patientPrefix = patientPrefix
  }
}
