import Experiment
public import Study
public import Support

/// How far a study's readers agree, and whether it matters: the file `agreement.json`.
public struct AgreementResult: Codable, Sendable {
  /// How far they agree on outlines.
  public let readings: ReadingAgreement
  /// What a finished run says by other outlines; nil where none was asked.
  public var effect: OutlineEffect?
  /// The same protocol cross-validated by each reader's outlines; nil where that was not asked.
  public var crossValidation: RivalsResult?
  /// Whether the images are synthetic.
  public let isSynthetic: Bool

  /// States the agreement of a study's readers.
  ///
  /// - Throws: what `ReadingAgreement` throws.
  public init(_ study: StudyFolder, progress: (@Sendable (Int, Int) -> Void)? = nil) throws(StudyError) {
    readings = try ReadingAgreement(study, progress: progress)
    isSynthetic = try study.isSynthetic()
  }
}
