import Annotation
import DICOM
import Foundation
import GRDB
import Imaging
import Intake
import Study
import Support
import TestSupport

/// Two patients with two lesions each, outlined on a non-contrast and a portal venous series.
///
/// Patient P1: lesion 1 on slices 1 to 3 and 5 (a gap), lesion 2 on slices 6 and 7. Patient P2: lesion 1 on slices 1 to 3 of the portal
/// venous series alone.
final class TwoPhaseStudy {
  static let box: [SIMD2<Double>] = [[17.5, 17.5], [29.5, 17.5], [29.5, 27.5], [17.5, 27.5]]
  static let small: [SIMD2<Double>] = [[31.5, 31.5], [36.5, 31.5], [36.5, 36.5], [31.5, 36.5]]

  let folder: TemporaryFolder
  let study: StudyFolder

  init(radiomics: String) throws {
    folder = try TemporaryFolder()
    let source = try String(contentsOf: protocolsFolder.appendingPathComponent("radiomics.yaml"), encoding: .utf8)
      .replacing("patientIDs: identifiers", with: "patientIDs: codes")
    guard let start = source.range(of: "radiomics:\n"), let end = source.range(of: "folds:\n") else {
      throw StudyError(.file, "the protocol has no section radiomics")
    }
    let file = folder.url.appendingPathComponent("protocol.yaml")
    try AtomicFile.write(
      String(source[..<start.lowerBound]) + radiomics + "\n" + String(source[end.lowerBound...]), to: file)
    study = try StudyFolder.create(at: folder.url.appendingPathComponent("study"), protocolSource: file)
    try fill()
  }

  static func uid(_ name: String) -> String { DICOMUID.make(from: name) }

  /// HU of a pixel: its own texture, and brighter in the portal venous phase.
  static func hounsfield(_ phase: Phase, slice: Int, place: Int) -> Int16 {
    Int16(truncatingIfNeeded: (place * (slice + 3)) % 97 - 20 + (phase == .portalVenous ? 70 : 0))
  }

  private func fill() throws {
    let dicom = folder.url.appendingPathComponent("dicom")
    try FileManager.default.createDirectory(at: dicom, withIntermediateDirectories: true)
    var contours: [Contour] = []
    for patient in ["P1", "P2"] {
      for phase in [Phase.nonContrast, .portalVenous] {
        let series = "\(patient) \(phase.rawValue)"
        for slice in 0..<10 {
          let values = (0..<48 * 48).map {
            Self.hounsfield(phase, slice: patient == "P1" ? slice : slice + 20, place: $0)
          }
          try CTInstance(
            patientID: patient, studyInstanceUID: Self.uid(patient), seriesInstanceUID: Self.uid(series),
            sopInstanceUID: Self.uid("\(series) \(slice)"), columns: 48, rows: 48, storedValues: values,
            position: SIMD3(0, 0, 2.5 * Double(slice)), pixelSpacing: PixelSpacing(row: 0.5, column: 0.8),
            sliceThickness: 2.5
          ).write(to: dicom.appendingPathComponent("\(series) \(slice).dcm"))
        }
        func outline(_ slice: Int, _ label: String, _ vertices: [SIMD2<Double>]) {
          contours.append(
            Contour(
              annotationID: "A_\(contours.count)", studyInstanceUID: Self.uid(patient),
              seriesInstanceUID: Self.uid(series), sopInstanceUID: Self.uid("\(series) \(slice)"), labelName: label,
              reader: "U_1", vertices: vertices, width: 48, height: 48))
        }
        guard patient == "P1" || phase == .portalVenous else { continue }
        for slice in patient == "P1" ? [1, 2, 3, 5] : [1, 2, 3] { outline(slice, "Tumor 1", Self.box) }
        if patient == "P1" { for slice in [6, 7] { outline(slice, "Tumor 2", Self.small) } }
      }
    }
    _ = try DICOMImport.run(dicom, into: study)
    let table = folder.url.appendingPathComponent("pathology.csv")
    try AtomicFile.write("patient,lesion,grade\nP1,1,3\nP1,2,2\nP2,1,2\n", to: table)
    _ = try PathologyImport.run(table, into: study)
    let export = folder.url.appendingPathComponent("mdai.json")
    try MDAI.write(contours, to: export)
    _ = try ContourImport.run(export, into: study)
    try study.write { database in
      for patient in ["P1", "P2"] {
        for phase in [Phase.nonContrast, .portalVenous] {
          try database.execute(
            sql: """
              INSERT INTO seriesPhase (seriesId, phase, confidence, isUsed, reasons)
              SELECT id, ?, 1, 1, '[]' FROM series WHERE seriesInstanceUID = ?
              """, arguments: [phase.rawValue, Self.uid("\(patient) \(phase.rawValue)")])
        }
      }
    }
  }
}
