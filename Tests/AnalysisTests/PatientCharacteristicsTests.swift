import Experiment
import Foundation
import RunFixtures
import Study
import Testing

@testable import Analysis

@Suite struct PatientCharacteristicsTests {
  private static func lesion(_ patient: String, _ grade: Int, _ attributes: [String: String]) throws -> RunLesion {
    RunLesion(
      patient: patient, lesion: "\(attributes.count)", grade: try #require(Grade(rawValue: grade)),
      attributes: attributes)
  }

  private static func described() throws -> PatientCharacteristics {
    let lesions = [
      try lesion("a", 1, ["age": "40", "sex": "F", "remark": "r1"]), try lesion("a", 2, ["age": "40", "sex": "f"]),
      try lesion("b", 2, ["age": "50", "sex": "M"]), try lesion("c", 3, ["age": "60", "sex": "unknown"]),
      try lesion("d", 4, ["age": "70", "sex": "M"]), try lesion("e", 4, ["age": "80"]),
      try lesion("nobody", 4, ["age": "99"]),
    ]
    let labels: [String: GradeClass] = ["a": .low, "b": .low, "c": .high, "d": .high, "e": .high]
    return PatientCharacteristics(lesions, labels: labels, folds: [["a", "c"], ["b", "d", "e"]])
  }

  @Test func eachPatientCountsOnceInItsClassAndItsFold() throws {
    let found = try Self.described()
    #expect(found.groups.map(\.name) == ["all", "low grade", "high grade", "fold 1", "fold 2"])
    #expect(found.groups.map(\.patients.count) == [5, 2, 3, 2, 3])
    #expect(found.groups[0].patients.count == found.groups[1...2].map(\.patients.count).reduce(0, +))
    let grade = try #require(found.variables.first { $0.name == "highest grade" })
    #expect(grade.rows.map(\.name) == ["2", "3", "4"])
    #expect(grade.rows[0].cells == ["2 (40%)", "2 (100%)", "0 (0%)", "1 (50%)", "1 (33%)"])
    let lesions = try #require(found.variables.first { $0.name == "lesions" })
    #expect(lesions.rows.map { $0.cells[0] } == ["4 (80%)", "1 (20%)"])
  }

  @Test func numbersHaveMediansAndWordsHaveCounts() throws {
    let found = try Self.described()
    let age = try #require(found.variables.first { $0.name == "age" })
    // numpy.percentile([40, 50, 60, 70, 80], [50, 25, 75]) and of the classes.
    #expect(age.rows.map(\.name) == ["median (quartiles)"])
    #expect(age.rows[0].cells.prefix(3) == ["60.0 (50.0 to 70.0)", "45.0 (42.5 to 47.5)", "70.0 (65.0 to 75.0)"])
    let sex = try #require(found.variables.first { $0.name == "sex" })
    #expect(sex.rows.map(\.name) == ["F", "M", "not known"])
    #expect(sex.rows.map { $0.cells[0] } == ["1 (20%)", "2 (40%)", "2"])
  }

  @Test func aColumnOfFreeTextIsNamedAndNotShown() throws {
    let lesions = try (0..<20).map { try Self.lesion("p\($0)", 2, ["remark": "text number \($0)", "site": "right"]) }
    let labels = Dictionary(uniqueKeysWithValues: lesions.map { ($0.patient, GradeClass.low) })
    let found = PatientCharacteristics(lesions, labels: labels, folds: [Array(labels.keys)])
    #expect(found.leftOut == ["remark"])
    #expect(found.variables.map(\.name) == ["highest grade", "lesions", "site"])
    #expect(found.variables[0].rows[0].cells[2] == "0")
  }

  @Test func aRunDescribesItsPatientsWithoutASelection() throws {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 20)
    let lesions = fixture.lesions(predictions)
    let content = try RunContent(fixture.run(predictions, epochs: 0, lesions: lesions))
    let found = try #require(content.characteristics)
    #expect(found.groups.count == 3 + 5 && found.groups[0].patients.count == 20)
    #expect(Set(found.variables.map(\.name)).isSuperset(of: ["age", "sex", "sizeMM"]))
    #expect(try RunContent(fixture.run(predictions, epochs: 0)).characteristics == nil)
  }
}
