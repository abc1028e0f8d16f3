import DICOM
import Foundation
import GRDB
import Study
import Testing

@testable import Cohort
@testable import Phases

/// Images that carry Modality CT but are none.
struct LabelMapTests {
  @Test func aLabelMapHasNoPhase() throws {
    let hospital = try HospitalStudy(patients: 1, slices: 6)
    let before = try StudyPhases.read(hospital.study, rules: .init())
    let victim = try #require(before.first { $0.fate == .used })
    let paths = try hospital.study.read { database in
      try String.fetchAll(database, sql: "SELECT path FROM slice WHERE seriesId = ?", arguments: [victim.seriesId])
    }
    for path in paths {
      let url = hospital.study.url.appendingPathComponent(path)
      let header = try #require(try DICOMFile.attributes(of: url).first)
      let position = try #require(header.imagePosition)
      let spacing = try #require(header.pixelSpacing)
      var slice = CTInstance(
        patientID: header.patientID, studyInstanceUID: header.studyInstanceUID,
        seriesInstanceUID: header.seriesInstanceUID, sopInstanceUID: header.sopInstanceUID, columns: header.columns,
        rows: header.rows, storedValues: (0..<header.columns * header.rows).map { $0 % 7 == 0 ? 255 : 0 },
        position: position, pixelSpacing: spacing, sliceThickness: header.sliceThickness ?? 1)
      slice.elements[.seriesDescription] = "portal venous"
      try slice.write(to: url)
    }
    let after = try StudyPhases.read(hospital.study, rules: .init())
    let reading = try #require(after.first { $0.uid == victim.uid })
    #expect(reading.fate.flaw == .noCT && reading.phase == nil)
    #expect(reading.fate.reason?.contains("only 2 different values, as a label map has") == true)
    #expect(after.count == before.count)
  }
}
