import Foundation
@testable import Study
import Testing

@testable import Experiment

/// One person on both sides of a split is told in the run's report.
struct SuspectedPersonTests {
  private func note(_ codes: [String], _ patients: [String], folds: [[String]]) throws -> String? {
    let examples = ExampleSet(kind: .patientFeatures, patients.map { Example(patient: $0, gradeClass: .low) })
    let split = Split(
      examples, by: try JSONDecoder().decode(Folds.self, from: JSONEncoder().encode(["heldOut": folds])))
    return SuspectedPerson(codes: codes, evidence: .frameOfReference).note(on: split, examples)
  }

  @Test func onBothSidesItIsSaid() throws {
    let found = try note(["A", "B"], ["A", "B", "C"], folds: [["A", "C"], ["B"]])
    #expect(found?.hasPrefix("Patients A, B may be one person (their images share a frame of reference)") == true)
  }

  @Test func onOneSideThereIsNothingToSay() throws {
    #expect(try note(["A", "B"], ["A", "B", "C"], folds: [["A", "B"], ["C"]]) == nil)
    #expect(try note(["A", "D"], ["A", "B", "C"], folds: [["A", "B"], ["C"]]) == nil)
  }
}
