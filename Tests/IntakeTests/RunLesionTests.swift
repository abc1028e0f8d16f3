import Experiment
import DICOM
import Foundation
import GRDB
import Testing
import Support

@testable import Intake
@testable import Study

/// What a run keeps of its lesions, of a study that was filled by imports.
struct RunLesionTests {
  @Test(arguments: ["identifiers", "codes"]) func aRunKeepsTheColumnsThatItMay(patientIDs: String) throws {
    let test = try ImportFolder(patientIDs: patientIDs)
    for patient in ["P01", "P02"] {
      try test.writeSeries("a", patient: patient) {
        $0.elements[.manufacturer] = "Maker"
        $0.elements[.manufacturerModelName] = "Model 7"
      }
    }
    try test.importDICOM("a")
    try _ = test.importPathology(
      "patient,lesion,grade,sizeMM,remark\nP01,1,2,31,seen by Dr Who\nP01,2,3,44,\nP02,1,4,20,Jane\n")
    try test.study.write { database in
      let lesions = try Row.fetchAll(
        database,
        sql: "SELECT lesion.id, patient.sourceID, lesion.name FROM lesion JOIN patient ON patient.id = patientId")
      for row in lesions where row["sourceID"] == "P01" {
        let slices = try Int64.fetchAll(
          database,
          sql: """
            SELECT slice.id FROM slice JOIN series ON series.id = seriesId JOIN exam ON exam.id = examId
              JOIN patient ON patient.id = patientId WHERE sourceID = 'P01' ORDER BY slice.id
            """)
        for slice in slices.prefix(2) {
          try database.execute(
            sql:
              "INSERT INTO roi (ordinal, sliceId, lesionId, reader, pixelHash, contour) VALUES (NULL, ?, ?, 'R', '', '[]')",
            arguments: [slice, row["id"] as Int64])
        }
      }
      try database.execute(
        sql: "INSERT INTO seriesPhase SELECT id, 'portalVenous', 1, 1, '[]' FROM series")
    }
    var settings = try test.study.readProtocol()
    settings.subgroups = [.init(column: "sizeMM"), .init(column: "phase")]
    let ids = try test.study.read { try Int64.fetchAll($0, sql: "SELECT id FROM lesion ORDER BY id") }
    let lesions = try RunLesion.all(in: test.study, settings, extents: [ids[0]: 31.26])
    // P02 has no ROI.
    #expect(lesions.map(\.lesion) == ["1", "2"] && Set(lesions.map(\.patient)).count == 1)
    #expect(lesions.map(\.grade.rawValue) == [2, 3])
    #expect(lesions.map { $0.attributes["sizeMM"] } == ["31", "44"])
    #expect(lesions.allSatisfy { $0.attributes["phase"] == "portalVenous" })
    // What comes from the images names nobody, and is kept in any case.
    #expect(lesions.map { $0.attributes["contour_mm"] } == ["31.3", nil])
    #expect(lesions.allSatisfy { $0.attributes["scanner"] == "Maker Model 7" })
    #expect((lesions[0].attributes["remark"] == nil) == (patientIDs == "identifiers"))
    let file = test.url("lesions.json")
    try AtomicFile.writeJSON(lesions, to: file)
    #expect(try JSONDecoder().decode([RunLesion].self, from: Data(contentsOf: file)) == lesions)
  }
}
