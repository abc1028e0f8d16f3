import Foundation
import ROI
public import Study
public import Support

extension LesionFeatureTable {
  /// The features that a study's protocol asks for; those computed before are taken from the study's folder.
  ///
  /// - Parameters:
  ///   - study: the study, with slices, lesions and contours.
  ///   - settings: the protocol.
  ///   - progress: called with the numbers of series done and of all.
  /// - Throws: `StudyError` where the protocol has no section `radiomics`, the study cannot be read, or no lesion is outlined.
  public init(
    _ study: StudyFolder, _ settings: StudyProtocol, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(StudyError) {
    let lesions = try OutlinedLesion.all(in: study, settings)
    guard !lesions.isEmpty else {
      throw StudyError(
        .file,
        "the study has no outlined lesion; import slices, pathology and contours, and see `renalgrade status`")
    }
    try self.init(lesions, study, settings, progress: progress)
  }

  /// The same features of the lesions that a second reader outlined too, by that reader's outlines.
  ///
  /// - Returns: the table, without a row where no lesion has a second reader.
  /// - Throws: what making the table of the study throws.
  public static func secondReading(
    of study: StudyFolder, _ settings: StudyProtocol, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(StudyError) -> LesionFeatureTable {
    try LesionFeatureTable(
      OutlinedLesion.secondReadings(in: study, settings), study, settings, progress: progress)
  }

  private init(
    _ lesions: [OutlinedLesion], _ study: StudyFolder, _ settings: StudyProtocol,
    progress: (@Sendable (Int, Int) -> Void)?
  ) throws(StudyError) {
    guard let radiomics = settings.radiomics else {
      throw StudyError(
        .invalidProtocol,
        "the protocol \(settings.name) has no section radiomics, which states the features to compute; add it as in "
          + "Protocols/radiomics.yaml")
    }
    let extraction = try RadiomicsExtraction(radiomics)
    AtomicFile.removeAbandoned(in: study.featuresFolder)
    let store = StoredFeatures(in: study.featuresFolder)
    // A file system's clock may lag behind.
    let start = Date(timeIntervalSinceNow: -2)
    self.init(lesions, radiomics, by: extraction, store: store, progress: progress)
    store.removeUnused(since: start)
  }
}
