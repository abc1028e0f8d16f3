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
      .flatMap { column in lesions.compactMap { ClinicalValue.day($0.cells[cohort.columns.header(of: column)]) } }
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

/// What a rule says of a patient.
enum Verdict: Equatable {
  case holds
  case fails(String)
  case unknown(String)
}

extension StudyProtocol.Cohort.Rule {
  /// Applies the rule to a patient with the exam chosen.
  func verdict(_ patient: CohortCandidate, exam: CohortExam?, columns: StudyProtocol.Cohort.Columns) -> Verdict {
    if let phases { return verdict(phases, exam) }
    let verdicts = patient.lesions.map { verdict($0, exam: exam, columns: columns) }
    if lesions == .any, verdicts.contains(.holds) { return .holds }
    // A failure tells more than what is unknown.
    let failure = verdicts.first { if case .fails = $0 { true } else { false } }
    return failure ?? verdicts.first { $0 != .holds } ?? (verdicts.isEmpty ? .unknown("no lesion") : .holds)
  }

  private func verdict(_ groups: [[Phase]], _ exam: CohortExam?) -> Verdict {
    guard let exam else { return .unknown("no exam") }
    let missing = groups.filter { !$0.contains(where: exam.phases.contains) }
    guard !missing.isEmpty else { return .holds }
    return .fails(
      "no series that is " + missing.map { $0.map(\.name).joined(separator: " or ") }.joined(separator: ", nor "))
  }

  private func verdict(_ lesion: ClinicalLesion, exam: CohortExam?, columns: StudyProtocol.Cohort.Columns) -> Verdict {
    if gradeKnown != nil { return lesion.grade == nil ? .unknown("grade unknown") : .holds }
    if let stage {
      guard let found = lesion.stage else { return .unknown("stage unknown") }
      let allowed = stage.compactMap { TumourStage(text: $0) }
      let name = "stage \(found.number)\(found.letter ?? "")" + (found.hasSpread ? " with nodes or metastases" : "")
      return allowed.contains(where: found.isWithin) ? .holds : .fails(name)
    }
    if let absent { return verdict(absent.map { ($0, ClinicalValue.isPresent(lesion.cells[columns.header(of: $0)])) }) }
    if let scannedBefore {
      let scan = columns.scanDate.map { ClinicalValue.day(lesion.cells[$0]) } ?? exam?.day
      return verdict(scan: scan, lesion, scannedBefore.map { ($0, columns.header(of: $0)) })
    }
    let header = columns.header(of: column ?? "")
    guard let text = ClinicalCell(lesion.cells[header]).value else { return .unknown("\(column ?? "") unknown") }
    func isAmong(_ values: [String]) -> Bool {
      values.contains { ClinicalCell.folded($0) == ClinicalCell.folded(text) }
    }
    let holds = equals.map(isAmong) ?? !(differs.map(isAmong) ?? false)
    return holds ? .holds : .fails(column == "subtype" ? Subtype.name(text) : text)
  }

  private func verdict(_ findings: [(column: String, isPresent: Bool?)]) -> Verdict {
    if let present = findings.first(where: { $0.isPresent == true }) { return .fails(present.column) }
    return findings.first { $0.isPresent == nil }.map { .unknown("\($0.column) unknown") } ?? .holds
  }

  private func verdict(scan: Int?, _ lesion: ClinicalLesion, _ dates: [(column: String, header: String)]) -> Verdict {
    guard let scan else { return .unknown("date of the scan unknown") }
    var unknown: Verdict?
    for (column, header) in dates {
      guard let text = ClinicalCell(lesion.cells[header]).value else {
        unknown = unknown ?? .unknown("\(column) unknown")
        continue
      }
      guard let day = ClinicalValue.day(text) else {
        unknown = .unknown("\(column) is no date that can be told (2001-12-31 is)")
        continue
      }
      if scan > day { return .fails("scanned after \(column)") }
    }
    return unknown ?? .holds
  }
}
