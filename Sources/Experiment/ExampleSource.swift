import LesionFeatures
import ROI
import Study
import Support

/// What examples are made of: a study, or an exam that is predicted.
protocol ExampleSource {
  /// What the notes and errors on its examples call things.
  var wording: ExampleWording { get }
  /// Whether there are images.
  func hasImages() throws(StudyError) -> Bool
  /// The ROIs.
  func rois() throws -> ROISet
  /// The outlines that were carried from one phase to another.
  func carriedOutlines() throws -> [CarriedOutlines.Entry]
  /// The lesions, with what the table and the images tell of each.
  func lesions(_ settings: StudyProtocol) throws -> [RunLesion]
  /// The radiomic features of the lesions.
  ///
  /// `progress` is told how many of how many series are done, by several threads.
  func features(
    _ settings: StudyProtocol, progress: @escaping @Sendable (Int, Int) -> Void
  ) throws -> LesionFeatureTable
  /// The same features by a second reader's outlines, of the lesions that have them; nil where an agreement is not asked for.
  func secondFeatures(
    _ settings: StudyProtocol, progress: @escaping @Sendable (Int, Int) -> Void
  ) throws -> LesionFeatureTable?
}

/// What notes and errors on examples say of where these come from.
struct ExampleWording {
  /// That there are no images, in a sentence.
  let withoutImages: String
  /// Where the reasons for missing features are stated, within a sentence.
  let featureReasons: String
  /// How phases are determined, within a sentence.
  let phases: String

  static let study = ExampleWording(
    withoutImages: "The study has no images; the models use the table alone.",
    featureReasons: "`renalgrade radiomics` lists the reasons",
    phases: "the phase of each series is determined by `renalgrade cohort select`")
  static let exam = ExampleWording(
    withoutImages: "No images were given; the models use the stated values alone.",
    featureReasons: "the notes below state the reasons",
    phases: "the phase of each series is determined from its headers and pixels")
}

extension StudyFolder: ExampleSource {
  var wording: ExampleWording { .study }
  func rois() throws -> ROISet { try ROISet(self) }
  func carriedOutlines() throws -> [CarriedOutlines.Entry] { try CarriedOutlines.entries(of: self) }
  func lesions(_ settings: StudyProtocol) throws -> [RunLesion] {
    try RunLesion.all(in: self, settings, extents: LesionExtent.all(in: self))
  }
  func features(
    _ settings: StudyProtocol, progress: @escaping @Sendable (Int, Int) -> Void
  ) throws -> LesionFeatureTable {
    try LesionFeatureTable(self, settings, progress: progress)
  }
  func secondFeatures(
    _ settings: StudyProtocol, progress: @escaping @Sendable (Int, Int) -> Void
  ) throws -> LesionFeatureTable? {
    try LesionFeatureTable.secondReading(of: self, settings, progress: progress)
  }
}
