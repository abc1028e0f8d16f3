import Clinical
import Study

/// What a rule says of a patient.
enum Verdict: Equatable {
  case holds
  case fails(String)
  /// The table says nothing; `missing` decides.
  case unknown(String)
  /// The table has a value that is not understood; no rule accepts it.
  case notUnderstood(String)

  /// A failure tells more than a doubt, and that more than what is unknown.
  private var weight: Int {
    switch self {
    case .fails: 3
    case .notUnderstood: 2
    case .unknown: 1
    case .holds: 0
    }
  }

  /// The verdict with the highest priority, the first of equals; `holds` where there is none.
  static func worst(_ verdicts: [Verdict]) -> Verdict {
    verdicts.reduce(.holds) { $1.weight > $0.weight ? $1 : $0 }
  }
}

extension StudyProtocol.Cohort.Rule {
  /// Applies the rule to a patient with the exam chosen.
  func verdict(_ patient: CohortCandidate, exam: CohortExam?, columns: StudyProtocol.Cohort.Columns) -> Verdict {
    if let phases { return verdict(phases, exam) }
    let verdicts = patient.lesions.map { verdict($0, exam: exam, columns: columns) }
    if verdicts.isEmpty { return .unknown("no lesion") }
    if lesions == .any, verdicts.contains(.holds) { return .holds }
    return .worst(verdicts)
  }

  private func verdict(_ groups: [[Phase]], _ exam: CohortExam?) -> Verdict {
    guard let exam else { return .unknown("no exam") }
    let missing = groups.filter { !$0.contains(where: exam.phases.contains) }
    guard !missing.isEmpty else { return .holds }
    return .fails(
      "no series that is " + missing.map { $0.map(\.name).joined(separator: " or ") }.joined(separator: ", nor "))
  }

  private func verdict(_ lesion: ClinicalLesion, exam: CohortExam?, columns: StudyProtocol.Cohort.Columns) -> Verdict {
    if gradeKnown != nil {
      if lesion.grade != nil { return .holds }
      return lesion.doubts?["grade"].map { .notUnderstood($0) } ?? .unknown("grade unknown")
    }
    if let stage {
      guard let found = lesion.stage else {
        return lesion.doubts?["stage"].map { .notUnderstood($0) } ?? .unknown("stage unknown")
      }
      let allowed = stage.compactMap { TumourStage(text: $0) }
      return allowed.contains(where: found.isWithin) ? .holds : .fails("stage " + found.name)
    }
    if let absent {
      return .worst(
        absent.map { column in
          verdict(column, lesion.cells[columns.header(of: column)], .presence) {
            $0 == "present" ? .fails(column) : .holds
          }
        })
    }
    if let scannedBefore { return verdict(scannedBefore, lesion, exam, columns) }
    return verdict(lesion, columns)
  }

  /// What `judge` says of a cell's value, where it has one.
  private func verdict(
    _ column: String, _ cell: String?, _ grammar: ClinicalGrammar, _ judge: (String) -> Verdict
  ) -> Verdict {
    switch grammar.read(cell) {
    case .understood(let value): judge(value)
    case .unknown: .unknown("\(column) unknown")
    case .notUnderstood(let reason): .notUnderstood(CellNotUnderstood.sentence(column, cell, reason))
    }
  }

  private func verdict(
    _ dates: [String], _ lesion: ClinicalLesion, _ exam: CohortExam?, _ columns: StudyProtocol.Cohort.Columns
  ) -> Verdict {
    var scan = exam?.day
    if let header = columns.scanDate {
      let cell = lesion.cells[header]
      let answer = DateGrammar.read(cell)
      if let doubt = answer.doubt { return .notUnderstood(CellNotUnderstood.sentence("date of the scan", cell, doubt)) }
      scan = answer.value
    }
    guard let scan else { return .unknown("date of the scan unknown") }
    return .worst(
      dates.map { column in
        let cell = lesion.cells[columns.header(of: column)]
        return verdict(column, cell, .date) { _ in
          DateGrammar.read(cell).value.map { scan > $0 } == true ? .fails("scanned after \(column)") : .holds
        }
      })
  }

  /// `equals` and `differs`: subtypes, stages and sides are compared by what they mean, other words letter by letter.
  private func verdict(_ lesion: ClinicalLesion, _ columns: StudyProtocol.Cohort.Columns) -> Verdict {
    let name = column ?? ""
    let cell = ClinicalCell(lesion.cells[columns.header(of: name)])
    let grammar: ClinicalGrammar =
      switch name {
      case "subtype": .subtype
      case "stage": .stage
      case "laterality": .side
      default: .word
      }
    let values = equals ?? differs ?? []
    // Whoever names a spelling in the rule knows what it means.
    if let text = cell.value, values.contains(where: { $0.lowercased() == text.lowercased() }) {
      return equals != nil ? .holds : .fails(grammar.read(text).value ?? text)
    }
    return verdict(name, cell.value, grammar) { value in
      guard grammar != .word || !value.contains("?") else {
        return .notUnderstood(CellNotUnderstood.sentence(name, value, "in doubt"))
      }
      let isAmong = values.contains {
        ClinicalCell.folded(grammar.read($0).value ?? $0) == ClinicalCell.folded(value)
      }
      return isAmong == (equals != nil) ? .holds : .fails(value)
    }
  }
}
