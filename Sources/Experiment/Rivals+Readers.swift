public import ROI
public import Study
public import Support

extension Rivals {
  /// Prepares the comparison of one protocol by several outlines: the study's own, each reader's, and the majority's.
  ///
  /// All are fitted in the folds and with the seeds of the study's protocol. A patient whom some reader has not outlined takes no part by
  /// that reader's outlines, and none in what compares them.
  /// - Parameters:
  ///   - study: the study.
  ///   - own: its protocol.
  ///   - outlines: the study by other outlines, or why there is none.
  ///   - learners: the learners to choose from.
  ///   - progress: told how far the radiomic features are, by several threads.
  /// - Throws: `StudyError` where the study's patients cannot be split, or nothing can be fitted.
  public init(
    _ study: StudyFolder, protocol own: StudyProtocol,
    by outlines: [(choice: OutlineChoice, study: Result<OutlineStudy, any Error>)], learners: LearnerRegistry,
    progress: (@Sendable (ExperimentProgress) -> Void)? = nil
  ) throws {
    let (patients, folds) = try Self.everyone(in: study, own)
    var members = outlines.map { choice, made in
      Member(
        name: Self.name(of: choice), title: "\(own.title) By \(choice.title).",
        validation: Result {
          let copy = try made.get().study
          return try CrossValidation(
            copy, protocol: copy.readProtocol(), learners: learners, in: folds, progress: progress)
        })
    }
    // The last, so that it is the study's latest run.
    members.append(
      Member(
        name: try Self.ownName(in: study), title: "\(own.title) By the outlines of the study's protocol.",
        validation: Result {
          try CrossValidation(study, protocol: own, learners: learners, in: folds, progress: progress)
        }))
    try self.init(study, patients, folds, own, members, kind: "agreement")
  }

  /// What the run by the study's own outlines is called: its only reader, or `protocol` where several readers' outlines are used.
  ///
  /// - Throws: `StudyError` where the study cannot be read.
  public static func ownName(in study: StudyFolder) throws(StudyError) -> String {
    let readers = Set(try ROISet.entries(of: study).map(\.reader))
    return readers.count == 1 ? readers.first ?? "protocol" : "protocol"
  }

  /// The other outlines to compare with the study's own: those of its other readers, and of the majority of two or more.
  ///
  /// - Throws: `StudyError` where the study cannot be read.
  public static func otherOutlines(in study: StudyFolder) throws(StudyError) -> [OutlineChoice] {
    let readers = try study.readers()
    let own = try ownName(in: study)
    let several = readers.count { $0 != OutlineChoice.adjudicated } > 1
    return readers.filter { $0 != own }.map(OutlineChoice.reader) + (several ? [.majority] : [])
  }

  /// What the runs by some outlines are called.
  public static func name(of choice: OutlineChoice) -> String {
    switch choice {
    case .reader(let reader): reader
    default: OutlineChoice.majorityReader
    }
  }
}
