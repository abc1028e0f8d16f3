import Foundation
import GRDB
import Intake
import Phantom
import Study
import Support
import Testing

@testable import Cohort
@testable import Phases

@Suite struct HospitalTests {
  /// `RENALGRADE_HOSPITAL` patients, 120 for the full count; 16 take seconds.
  static let patients = ProcessInfo.processInfo.environment["RENALGRADE_HOSPITAL"].flatMap(Int.init) ?? 16

  /// One hospital serves all that is asked of it: it takes most of the time.
  @Test func phasesAndExclusionsAreAsPlanted() throws {
    let hospital = try HospitalStudy(patients: Self.patients)
    let rules = try #require(try hospital.study.readProtocol().cohort)
    let readings = try StudyPhases.read(hospital.study, rules: rules.series)
    try checkSeries(readings, hospital.truth)

    let selection = try StudyCohort.select(
      DelimitedTable(contentsOf: hospital.clinicalTable), readings: readings, in: hospital.study)
    let found = Dictionary(uniqueKeysWithValues: selection.patients.map { ($0.code ?? "", $0.exclusion?.rule) })
    for patient in hospital.truth.patients {
      #expect(found[patient.id] == .some(patient.exclusion?.rawValue), "\(patient)")
    }
    #expect(selection.patients.count == Self.patients)
    let kept = hospital.truth.patients.filter { $0.exclusion == nil }
    #expect(selection.steps.last?.patients == kept.count)
    #expect(selection.steps.last?.lesions == kept.reduce(0) { $0 + $1.lesions })

    try checkStudy(hospital.study, readings, selection)
  }

  /// What is kept is what was found, and later steps leave out who is left out.
  private func checkStudy(_ study: StudyFolder, _ readings: [SeriesReading], _ selection: CohortSelection) throws {
    try StudyPhases.store(readings, in: study)
    try StudyCohort.store(selection, in: study)
    #expect(try StudyCohort.selection(of: study) == selection)
    let rows = try study.read { try SeriesPhase.fetchAll($0) }
    #expect(rows.count == readings.count)
    #expect(rows.count { $0.isUsed } == readings.count { $0.fate == .used })
    let excluded = try study.read { try $0.excludedPatientCodes(before: .rois) }
    #expect(excluded == Set(selection.patients.filter { $0.exclusion != nil }.compactMap(\.code)))
    for level in CohortTable.Level.allCases {
      let table = CohortTable.describing(
        selection.selected, gradeSystem: selection.gradeSystem, level: level, title: "Table 3")
      #expect(table.contradictions.isEmpty)
    }
    // Overrides read what was written, and stand.
    let overrides = try PhaseOverrides(contentsOf: try study.cohortFile("phases.csv"))
    for reading in readings where reading.phase != nil {
      #expect(overrides.phase(ofSeries: reading.uid, description: nil) == reading.phase)
    }
    // Of a patient who comes later the selection says nothing.
    try DICOMImport.addPatients(["LATER"], to: study)
    let error = #expect(throws: StudyError.self) { try StudyCohort.selection(of: study) }
    #expect(error?.description.contains("run `renalgrade cohort select`") == true)
  }

  private func checkSeries(_ readings: [SeriesReading], _ truth: HospitalTruth) throws {
    let planted = Dictionary(uniqueKeysWithValues: truth.series.map { ($0.uid, $0) })
    var wrong: [String] = []
    for reading in readings {
      let truth = try #require(planted[reading.uid])
      guard truth.kind == .phase else {
        #expect(reading.fate.flaw == Self.flaws[truth.kind], "\(truth.kind): \(reading.fate)")
        continue
      }
      let phase = try #require(truth.phase.flatMap(ContrastPhase.allCases.firstIndex))
      guard reading.phase?.order != phase else { continue }
      let evidence = reading.decision?.evidence.map(\.sentence).joined(separator: "; ") ?? "\(reading.fate)"
      wrong.append(
        "\(reading.patientCode) \(truth.phase?.rawValue ?? "") (\(truth.text), \(truth.timing)) as "
          + "\(reading.phase?.name ?? "nothing"): \(evidence)")
    }
    let count = truth.series.count { $0.kind == .phase }
    print("phases: \(count - wrong.count) of \(count) right")
    #expect(
      Double(wrong.count) <= 0.02 * Double(count), "\(wrong.count) of \(count):\n\(wrong.joined(separator: "\n"))")
    #expect(Set(readings.map(\.uid)) == Set(truth.series.filter { $0.kind != .localizer }.map(\.uid)))
  }

  private static let flaws: [HospitalTruth.SeriesKind: SeriesFlaw] = [

    .reformat: .reformat, .sharpKernel: .sharpKernel, .duplicate: .duplicate,
    .projection: .projection, .doseSheet: .screenSave, .wideSpacing: .wideSpacing, .partial: .partialCoverage,
  ]
}

extension SeriesFate {
  /// Why the series is set aside; nil where it is not.
  var flaw: SeriesFlaw? {
    if case .setAside(let flaw, _) = self { flaw } else { nil }
  }
}
