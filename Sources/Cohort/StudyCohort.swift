import Clinical
import Foundation
import GRDB
public import Phases
public import Study
public import Support

/// The selection of a study's patients: from its series and the clinical table to who takes part.
public enum StudyCohort {
  /// What is kept of the study's patients in the folder `cohort`.
  static let selectionFile = "selection.json"

  /// Applies the protocol's rules.
  ///
  /// - Throws: `CohortError` of kind `.noRules` where the protocol has none; `StudyError` where the table or the study cannot
  ///   be read.
  public static func select(
    _ table: DelimitedTable, readings: [SeriesReading], in study: StudyFolder
  ) throws -> CohortSelection {
    let settings = try study.readProtocol()
    let cohort = try rules(of: settings)
    let clinical = try ClinicalTable(table, pathology: settings.pathology, cohort: cohort)
    let (patients, unusable) = try study.read { database in
      let excluded = try SetAside.filter(Column("stage") == SetAside.Stage.dicom.rawValue && Column("excludes"))
        .fetchAll(database)
      let reasons = Dictionary(
        excluded.compactMap { entry in entry.patientCode.map { ($0, entry.reason) } },
        uniquingKeysWith: { first, _ in first })
      return (try Patient.order(Column("id")).fetchAll(database), reasons)
    }
    let exams = exams(readings)
    let known = Dictionary(patients.map { ($0.sourceID, $0.code) }, uniquingKeysWith: { first, _ in first })
    let listed = clinical.patientIDs
    // Those of the table in its order, then those of whom it knows nothing.
    let ids = listed + patients.map(\.sourceID).filter { clinical.lesions[$0] == nil }
    let candidates = ids.map { id in
      var candidate = CohortCandidate(code: known[id], lesions: clinical.lesions[id] ?? [])
      candidate.exams = candidate.code.flatMap { exams[$0] } ?? []
      let step: (UnusableStep, String)? =
        if candidate.lesions.isEmpty {
          (.noRecord, "no row in the clinical table")
        } else if let contradiction = clinical.contradictions[id] {
          (.contradictoryRecord, contradiction)
        } else if let code = candidate.code, let reason = unusable[code] {
          (.unusableImages, reason)
        } else if candidate.exams.isEmpty {
          (.noImages, "no CT in the study")
        } else {
          nil
        }
      candidate.unusable = step.map { ($0.0.rawValue, $0.1) }
      return candidate
    }
    var selection = CohortSelection(candidates, cohort: cohort)
    selection.notUnderstood = clinical.notUnderstood
    return selection
  }

  /// The cohort section of a protocol.
  ///
  /// - Throws: `CohortError` of kind `.noRules` where there is none.
  public static func rules(of settings: StudyProtocol) throws(CohortError) -> StudyProtocol.Cohort {
    guard let cohort = settings.cohort else {
      throw CohortError(
        .noRules,
        "the protocol has no section `cohort`, so that nobody can be selected; Documentation/cohort.md shows one")
    }
    return cohort
  }

  private static func exams(_ readings: [SeriesReading]) -> [String: [CohortExam]] {
    var order: [String] = []
    var groups: [String: [SeriesReading]] = [:]
    for reading in readings {
      if groups[reading.examUID] == nil { order.append(reading.examUID) }
      groups[reading.examUID, default: []].append(reading)
    }
    var exams: [String: [CohortExam]] = [:]
    for uid in order {
      guard let series = groups[uid], let code = series.first?.patientCode else { continue }
      let phases = Set(series.filter { $0.fate == .used }.compactMap(\.phase)).sorted()
      let day = series.compactMap { DateGrammar.read($0.date).value }.min()
      exams[code, default: []].append(CohortExam(uid: uid, day: day, phases: phases))
    }
    return exams
  }

  /// Keeps the selection in `cohort/selection.json` and lists those left out, so that later steps leave them out too.
  public static func store(_ selection: CohortSelection, in study: StudyFolder) throws(StudyError) {
    let settings = try study.readProtocol()
    try AtomicFile.writeJSON(selection, to: try study.cohortFile(selectionFile))
    try AtomicFile.write(
      CellNotUnderstood.csv(selection.notUnderstood ?? []), to: try study.cohortFile(CellNotUnderstood.file))
    let entries = selection.patients.compactMap { patient in
      patient.exclusion.map { exclusion in
        SetAside(
          stage: .cohort, source: "selection", patientCode: patient.code, excludes: patient.code != nil,
          subject: patient.lesions.first.map { "clinical table, line \($0.line)" } ?? "clinical table",
          reason: "left out by the rule \"\(exclusion.rule)\": \(exclusion.reason)")
      }
    }
    try study.write { database in
      try database.replaceSetAside(of: .cohort, from: "selection", with: entries)
      try SelectionBasis.store(settings, database)
    }
  }

  /// Reads what `store` kept.
  ///
  /// - Throws: `CohortError` of kind `.noSelection` where there is none; `StudyError` where images or rules are no longer
  ///   those that it was made of.
  public static func selection(of study: StudyFolder) throws -> CohortSelection {
    let url = try study.cohortFile(selectionFile)
    guard let data = try? Data(contentsOf: url) else {
      throw CohortError(.noSelection, "the study has no selection yet; make one with `renalgrade cohort select`")
    }
    let selection: CohortSelection
    do {
      selection = try JSONDecoder().decode(CohortSelection.self, from: data)
    } catch {
      throw CohortError(
        .noSelection, "\(url.path) cannot be read; make the selection again with `renalgrade cohort select`: \(error)")
    }
    let settings = try study.readProtocol()
    try study.read { try SelectionBasis.requireCurrent(settings, $0) }
    return selection
  }

  /// The codes of the patients with at least one contour.
  public static func annotatedPatients(of study: StudyFolder) throws(StudyError) -> Set<String> {
    try study.read { Set(try SlicePlace.all($0, namedBy: "contour").map(\.patientCode)) }
  }
}
