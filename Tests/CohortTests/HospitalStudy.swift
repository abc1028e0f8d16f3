import Foundation
import Intake
import Phantom
import Study
import Support
import TestSupport
import Testing

@testable import Cohort

/// A virtual hospital, imported into a study.
struct HospitalStudy {
  let folder: TemporaryFolder
  let truth: HospitalTruth
  let study: StudyFolder

  var clinicalTable: URL { folder.url.appendingPathComponent("hospital/clinical.csv") }

  /// The selection that the hospital's exclusions are planted for.
  static let cohort = """

    cohort:
      gradeSystem: Fuhrman
      columns:
        subtype: subtype
        stage: stage
        procedure: procedure
        laterality: laterality
        size: size_cm
        sizeUnit: cm
        scanDate: null
      series:
        preferredSpacing: 2.5
        maximumSpacing: 10
        minimumExtent: 50
        minimumCoverage: 0.5
      rules:
        - {name: clear cell, missing: exclude, column: subtype, equals: [ccRCC, clear cell, clear cell RCC]}
        - {name: stage 1, missing: exclude, stage: [1]}
        - {name: no local invasion or metastasis, missing: exclude, absent: [metastasis, local_invasion]}
        - {name: no surgery before the scan, missing: accept, scannedBefore: [surgery_date, prior_surgery_date]}
        - {name: grade known, missing: exclude, gradeKnown: true}
        - name: non-contrast and contrast series
          missing: exclude
          phases: [[nonContrast], [lateArterial, portalVenous, delayed]]

    """

  init(patients: Int, slices: Int = 7) throws {
    folder = try TemporaryFolder()
    var settings = HospitalSettings()
    settings.patients = patients
    settings.slices = slices
    let hospital = folder.url.appendingPathComponent("hospital")
    truth = try PhantomHospital(settings).write(to: hospital)
    let paper = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Protocols/paper.yaml")
    let text = try String(contentsOf: paper, encoding: .utf8)
      .replacingOccurrences(of: "patientIDs: identifiers", with: "patientIDs: codes")
    let source = folder.url.appendingPathComponent("protocol-source.yaml")
    try AtomicFile.write(text + Self.cohort, to: source)
    study = try StudyFolder.create(at: folder.url.appendingPathComponent("study"), protocolSource: source)
    _ = try DICOMImport.run(hospital.appendingPathComponent("dicom"), into: study)
    try FileManager.default.removeItem(at: hospital.appendingPathComponent("dicom"))
  }
}
