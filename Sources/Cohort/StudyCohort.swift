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
    let basis = try Basis(study)
    let exams = exams(readings)
    let patients = Dictionary(grouping: basis.patients) { Identifier($0.sourceID) }
    // Those of the table in its order, then those of whom it knows nothing.
    let ids = clinical.patientIDs + basis.patients.map(\.sourceID).filter { clinical.spelling(of: $0) == nil }
    let candidates = ids.map { id in
      let alike = patients[Identifier(id)] ?? []
      var candidate = CohortCandidate(code: alike.first?.code, lesions: clinical.lesions[id] ?? [])
      candidate.exams = candidate.code.flatMap { exams[$0] } ?? []
      candidate.reasonLeftOut = clinical.reasonsLeftOut[id]
      let step: (UnusableStep, String)? =
        if candidate.lesions.isEmpty {
          (.noRecord, "no row in the clinical table")
        } else if let contradiction = clinical.contradictions[id] {
          (.contradictoryRecord, contradiction)
        } else if alike.count > 1 {
          (.contradictoryRecord, "the row's identifier matches \(alike.count) patients with scans")
        } else if candidate.reasonLeftOut != nil {
          nil
        } else if let code = candidate.code, let reason = basis.unusable[code] {
          (.unusableImages, reason)
        } else if candidate.exams.isEmpty, basis.hasImages {
          (.noImages, "no CT in the study")
        } else {
          nil
        }
      candidate.unusable = step.map { ($0.0.rawValue, $0.1) }
      return candidate
    }
    var selection = CohortSelection(candidates, cohort: cohort, hasImages: basis.hasImages)
    selection.notUnderstood = clinical.notUnderstood
    return selection
  }

  /// Which rows of the clinical table belong to no patient of the study, and which patients with images have no row; nil in a study
  /// without images.
  ///
  /// - Throws: as `select`.
  public static func comparison(_ table: DelimitedTable, in study: StudyFolder) throws -> IdentifierComparison? {
    let settings = try study.readProtocol()
    let clinical = try ClinicalTable(table, pathology: settings.pathology, cohort: try rules(of: settings))
    guard try study.hasImages() else { return nil }
    return clinical.comparison(with: try study.read { try Patient.withImages($0).map(\.sourceID) })
  }

  /// What the study holds of its patients.
  private struct Basis {
    let patients: [Patient]
    /// By code: why a patient's images cannot be used.
    let unusable: [String: String]
    let hasImages: Bool

    init(_ study: StudyFolder) throws {
      (patients, unusable) = try study.read { database in
        let excluded = try SetAside.filter(Column("stage") == SetAside.Stage.dicom.rawValue && Column("excludes"))
          .fetchAll(database)
        let reasons = excluded.compactMap { entry in entry.patientCode.map { ($0, entry.reason) } }
        return (
          try Patient.order(Column("id")).fetchAll(database), Dictionary(reasons) { first, _ in first }
        )
      }
      hasImages = try study.hasImages()
    }
  }

  /// The cohort section of a protocol.
  ///
  /// - Throws: `CohortError` of kind `.noRules` where there is none.
  public static func rules(of settings: StudyProtocol) throws(CohortError) -> StudyProtocol.Cohort {
    guard let cohort = settings.cohort else {
      throw CohortError(
        .noRules,
        "the protocol has no section `cohort`, so no patients can be selected; Documentation/cohort.md shows one")
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
          reason: "excluded by the rule \"\(exclusion.rule)\": \(exclusion.reason)")
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
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw CohortError(.noSelection, "the study has no selection yet; make one with `renalgrade cohort select`")
    }
    let selection: CohortSelection
    do {
      selection = try JSONDecoder().decode(CohortSelection.self, from: Data(contentsOf: url))
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
