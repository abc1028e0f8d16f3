import Study
import Support
import Testing

@testable import Experiment

@Suite struct FoldsTests {
  func patients(low: Int, high: Int) -> [String: GradeClass] {
    Dictionary(
      uniqueKeysWithValues: (0..<low).map { ("L\($0)", .low) } + (0..<high).map { ("H\($0)", .high) })
  }

  @Test func everyPatientIsHeldOutOnceAndEveryFoldHasItsShare() throws {
    var generator = DeterministicGenerator(seed: 3)
    for _ in 0..<200 {
      let count = Int.random(in: 2...10, using: &generator)
      let all = patients(
        low: Int.random(in: count...80, using: &generator), high: Int.random(in: count...40, using: &generator))
      let folds = try Folds(patients: all, count: count, seed: generator.next())
      #expect(folds.heldOut.count == count)
      #expect(folds.heldOut.flatMap { $0 }.sorted() == all.keys.sorted())
      for gradeClass in GradeClass.allCases {
        let sizes = folds.heldOut.map { fold in fold.count { all[$0] == gradeClass } }
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
      }
      let sizes = folds.heldOut.map(\.count)
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }
  }

  @Test func theSeedDecides() throws {
    let all = patients(low: 26, high: 14)
    #expect(try Folds(patients: all, count: 5, seed: 1) == Folds(patients: all, count: 5, seed: 1))
    #expect(try Folds(patients: all, count: 5, seed: 1) != Folds(patients: all, count: 5, seed: 2))
  }

  @Test func tooFewPatientsOfAClassIsAnErrorThatNamesIt() {
    let error = #expect(throws: StudyError.self) { try Folds(patients: patients(low: 9, high: 4), count: 5, seed: 1) }
    #expect(error?.kind == .folds)
    #expect(error?.description.contains("4 are high grade") == true)
  }

  @Test(arguments: ["patient", "exam", "SOP instance", "pixel hash"]) func anythingSharedThrows(part: String) throws {
    let training = Provenance(patient: "A", exam: "1", slice: "1.1", pixelHash: "aa")
    var heldOut = Provenance(patient: "B", exam: "2", slice: "2.1", pixelHash: "bb")
    try Provenance.requireDisjoint(training: [training], heldOut: [heldOut], fold: 0)
    switch part {
    case "patient": heldOut.patient = "A"
    case "exam": heldOut.exam = "1"
    case "SOP instance": heldOut.slice = "1.1"
    default: heldOut.pixelHash = "aa"
    }
    let error = #expect(throws: StudyError.self) {
      try Provenance.requireDisjoint(training: [training], heldOut: [heldOut], fold: 2)
    }
    #expect(error?.description.contains("fold 2 leaks") == true)
    #expect(error?.description.contains("shares a \(part) ") == true)
  }
}
