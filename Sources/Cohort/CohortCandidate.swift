import Clinical
public import Study

/// One exam of a patient, with the phases that it has a series for.
public struct CohortExam: Codable, Equatable, Sendable {
  /// StudyInstanceUID.
  public let uid: String
  /// The day of the scan, YYYYMMDD as a number; nil where it is unknown.
  public let day: Int?
  /// The phases, in their order.
  public let phases: [Phase]

  /// Makes an exam from its parts.
  public init(uid: String, day: Int?, phases: [Phase]) {
    self.uid = uid
    self.day = day
    self.phases = phases
  }
}

/// A patient before the rules are applied.
struct CohortCandidate: Equatable, Sendable {
  /// The patient's code; nil where the study has no images of the patient.
  var code: String?
  var lesions: [ClinicalLesion] = []
  var exams: [CohortExam] = []
  /// Why the patient leaves before the rules, by the step's name.
  var unusable: (step: String, reason: String)?
  /// Why the import that wrote the clinical table left the patient out; nil for those it took.
  var reasonLeftOut: String?

  static func == (left: Self, right: Self) -> Bool {
    left.code == right.code && left.lesions == right.lesions && left.exams == right.exams
      && left.unusable?.reason == right.unusable?.reason && left.reasonLeftOut == right.reasonLeftOut
  }

  /// The exam that the patient takes part with: the one that meets most of what the rules ask of phases, then one that is
  /// before every date that it must be before, then the latest.
  func exam(for cohort: StudyProtocol.Cohort) -> CohortExam? {
    let groups = cohort.rules.flatMap { $0.phases ?? [] }
    let limits = cohort.rules.flatMap { $0.scannedBefore ?? [] }
      .flatMap { column in lesions.compactMap { DateGrammar.read($0.cells[cohort.columns.header(of: column)]).value } }
    func rank(_ exam: CohortExam) -> (Int, Int, Int) {
      let met = groups.count { group in group.contains(where: exam.phases.contains) }
      let isBefore = limits.allSatisfy { limit in exam.day.map { $0 <= limit } ?? true }
      return (met, isBefore ? 1 : 0, exam.day ?? 0)
    }
    // The first of equals stays.
    return exams.reduce(nil) { best, exam in
      guard let best else { return exam }
      return rank(exam) > rank(best) ? exam : best
    }
  }
}
