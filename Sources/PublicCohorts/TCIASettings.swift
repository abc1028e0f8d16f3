/// What is taken of a collection in the layout of The Cancer Imaging Archive.
public struct TCIASettings: Equatable, Sendable {
  /// A segment is a tumour where its label contains one of these, in any case.
  public var tumourLabels: [String]
  /// The clinical table's column with the subtype; nil where every patient has the study's.
  public var subtypeColumn: String?
  /// The subtypes that are taken, in any case.
  public var subtypes: [String]

  /// Every patient, and segments named tumour, tumor, mass, neoplasm, carcinoma or lesion, unless said otherwise.
  public init(
    tumourLabels: [String] = ["tumor", "tumour", "mass", "neoplasm", "carcinoma", "lesion"],
    subtypeColumn: String? = nil, subtypes: [String] = []
  ) {
    self.tumourLabels = tumourLabels
    self.subtypeColumn = subtypeColumn
    self.subtypes = subtypes
  }
}
