public import Study

/// Who is in the study and who is not, step by step.
public struct CohortSelection: Codable, Equatable, Sendable {
  /// One step: who leaves at it, and who goes on.
  public struct Step: Codable, Equatable, Sendable {
    /// The rule's name.
    public let name: String
    /// Patients who leave.
    public let excludedPatients: Int
    /// Their lesions.
    public let excludedLesions: Int
    /// How many patients leave for each reason, most first.
    public let reasons: [Reason]
    /// Patients who go on.
    public let patients: Int
    /// Their lesions.
    public let lesions: Int
    /// Why the rule was not applied; nil where it was.
    public var note: String?
  }

  /// How many patients leave for one reason.
  public struct Reason: Codable, Equatable, Sendable {
    /// The reason in a few words.
    public let text: String
    /// Patients.
    public let patients: Int
  }

  /// Why a patient leaves.
  public struct Exclusion: Codable, Equatable, Sendable {
    /// The rule's name.
    public let rule: String
    /// What was found.
    public let reason: String
  }

  /// One patient, whole: with all lesions.
  public struct Patient: Codable, Equatable, Sendable {
    /// The patient's code; nil where the study has no images of the patient.
    public let code: String?
    /// The lesions, in the table's order.
    public let lesions: [ClinicalLesion]
    /// The exam that the patient takes part with.
    public let exam: CohortExam?
    /// Why the patient leaves; nil for those who stay.
    public let exclusion: Exclusion?

    /// The class of the highest grade; nil where no grade is known.
    ///
    /// A lesion without a known grade may be the highest: beside it only a high one decides.
    public var gradeClass: GradeClass? {
      let highest = lesions.compactMap(\.grade).max()?.gradeClass
      return highest == .low && lesions.contains { $0.grade == nil } ? nil : highest
    }
  }

  /// The grades' system.
  public let gradeSystem: StudyProtocol.Cohort.GradeSystem
  /// Patients at the start.
  public let patientsAtStart: Int
  /// Lesions at the start.
  public let lesionsAtStart: Int
  /// The steps, in their order.
  public let steps: [Step]
  /// All patients, with those who leave.
  public let patients: [Patient]

  /// The cells of the clinical table that were not understood; nil where it was not asked.
  public var notUnderstood: [CellNotUnderstood]?

  /// The patients who stay.
  public var selected: [Patient] { patients.filter { $0.exclusion == nil } }

  /// Applies the rules one after the other: a patient leaves, with all lesions, at the first that fails.
  ///
  /// Steps before the rules (no record, no images, ...) are told only where they exclude anyone.
  ///
  /// In a study without images (`hasImages` false) rules on phases cannot be applied, and the step says so.
  init(_ candidates: [CohortCandidate], cohort: StudyProtocol.Cohort, hasImages: Bool = true) {
    let rules = cohort.rules.filter { hasImages || $0.phases == nil }
    gradeSystem = cohort.gradeSystem
    patients = candidates.map { candidate in
      let exam = candidate.exam(for: cohort)
      return Patient(
        code: candidate.code, lesions: candidate.lesions, exam: exam,
        exclusion: Self.exclusion(candidate, exam: exam, rules, cohort.columns))
    }
    let before = UnusableStep.allCases.map(\.rawValue)
    let used = Set(patients.compactMap { $0.exclusion?.rule })
    let names = before.filter(used.contains) + cohort.rules.map(\.name)
    var (patientCount, lesionCount) = (patients.count, patients.reduce(0) { $0 + $1.lesions.count })
    (patientsAtStart, lesionsAtStart) = (patientCount, lesionCount)
    var steps: [Step] = []
    for name in names {
      let leaving = patients.filter { $0.exclusion?.rule == name }
      let leavingLesions = leaving.reduce(0) { $0 + $1.lesions.count }
      patientCount -= leaving.count
      lesionCount -= leavingLesions
      steps.append(
        Step(
          name: name, excludedPatients: leaving.count, excludedLesions: leavingLesions, reasons: Self.tally(leaving),
          patients: patientCount, lesions: lesionCount,
          note: cohort.rules.contains { $0.name == name && $0.phases != nil } && !hasImages
            ? "not applied: the study has no images" : nil))
    }
    self.steps = steps
  }

  private static func exclusion(
    _ candidate: CohortCandidate, exam: CohortExam?, _ rules: [StudyProtocol.Cohort.Rule],
    _ columns: StudyProtocol.Cohort.Columns
  ) -> Exclusion? {
    if let unusable = candidate.unusable { return Exclusion(rule: unusable.step, reason: unusable.reason) }
    if let reason = candidate.reasonLeftOut {
      // The rule that the patient fails tells more than that the import applied it already.
      for rule in rules {
        if case .fails(let why) = rule.verdict(candidate, exam: exam, columns: columns) {
          return Exclusion(rule: rule.name, reason: why)
        }
      }
      return Exclusion(rule: UnusableStep.notImported.rawValue, reason: reason)
    }
    for rule in rules {
      switch rule.verdict(candidate, exam: exam, columns: columns) {
      case .holds: continue
      case .unknown(let reason): if rule.missing == .exclude { return Exclusion(rule: rule.name, reason: reason) }
      case .fails(let reason), .notUnderstood(let reason): return Exclusion(rule: rule.name, reason: reason)
      }
    }
    return nil
  }

  private static func tally(_ patients: [Patient]) -> [Reason] {
    let counts = Dictionary(grouping: patients.compactMap { $0.exclusion?.reason }) { $0 }.mapValues(\.count)
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { Reason(text: $0.key, patients: $0.value) }
  }
}

/// The steps that need no rule.
enum UnusableStep: String, CaseIterable {
  case notImported = "imported"
  case noRecord = "has a clinical record"
  case contradictoryRecord = "clinical record without contradiction"
  case noImages = "has CT images"
  case unusableImages = "CT images usable"
}
