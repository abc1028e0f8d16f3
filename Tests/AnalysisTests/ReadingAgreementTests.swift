import Evaluation
import Experiment
import Foundation
import Imaging
import ROI
import ReaderFixtures
import Study
import Support
import Testing

@testable import Analysis

@Suite struct ReadingAgreementTests {
  private let fixture: TwoReaderStudy
  private let learners = LearnerRegistry([.classical])

  init() throws { fixture = try TwoReaderStudy() }

  @Test func figuresAreThoseOfTheKnownRectangles() throws {
    let found = try ReadingAgreement(fixture.study)
    #expect(found.readings.map(\.name) == ["U_1", "U_2"] && found.pairs.count == 1 && found.failed.isEmpty)
    let pair = try #require(found.pairs.first)
    #expect(pair.patients == 11 && pair.lesions == 11 && !pair.isOneReader)
    #expect(found.single.map(\.patient) == [TwoReaderStudy.code(11)])
    #expect(found.single.first?.reason == "only U_1 outlined it")
    for (patient, lesion) in found.lesions.enumerated() {
      let width = Double(8 + patient % 5)
      let slices = Double(TwoReaderStudy.slices(patient, reader: 1).count)
      let common = (width - Double(1 + patient % 2)) * slices
      let total = width * (4 + slices)
      #expect(lesion.patient == TwoReaderStudy.code(patient))
      #expect(abs((lesion.dice ?? 0) - 2 * common / total) < 1e-12)
      #expect(abs((lesion.jaccard ?? 0) - common / (total - common)) < 1e-12)
      #expect(abs(lesion.volumes[1] - width * 10 * slices) < 1e-9)
    }
    let mean = found.lesions.compactMap(\.dice).reduce(0, +) / 11
    #expect(abs((pair.dice.value ?? 0) - mean) < 1e-12 && pair.dice.interval?.contains(mean) == true)
    let volume = try #require(pair.measures.first)
    #expect(volume.name == "Volume" && volume.lesions == 11)
    // U_2 leaves out a slice of patients 0, 3, 6 and 9.
    let widths: [Int] = [0, 3, 6, 9].map { 8 + $0 % 5 }
    let missing = Double(widths.reduce(0, +)) * 10 / 1000
    let bias = try #require(volume.bias.value)
    #expect(abs(bias + missing / 11) < 1e-12)
    #expect(found.pictured.map(\.place) == ["best", "median", "worst"])
    #expect(found.pictured.map(\.dice) == found.pictured.map(\.dice).sorted { $0 > $1 })
    // Both are in the majority of two alike: the intersection.
    #expect(found.consensus.count == 2)
    for reading in found.consensus {
      #expect(try #require(reading.diceWithMajority.value) > mean)
      #expect(reading.lesionsWithSTAPLE == 11 && reading.lesions == 11)
      let sensitivity = try #require(reading.sensitivity.value)
      #expect(sensitivity > 0.8 && sensitivity <= 1 && (reading.specificity.value ?? 0) > 0.95)
      #expect((reading.diceWithSTAPLE.value ?? 0) > 0.8)
    }
    let data = try JSONEncoder().encode(found)
    #expect(try JSONDecoder().decode(ReadingAgreement.self, from: data) == found)
  }

  /// A lesion of one slice is compared within it: MedPy's distances of the 2D masks.
  @Test func aLesionOfOneSliceIsComparedByItsOutline() throws {
    try fixture.study.write {
      try $0.execute(sql: "DELETE FROM contour WHERE sliceId NOT IN (SELECT id FROM slice WHERE ordinal = 3)")
    }
    let found = try ReadingAgreement(fixture.study)
    let lesion = try #require(found.lesions.first)
    let surfaces = try #require(lesion.surfaces)
    #expect(surfaces.isWithinSlice && lesion.patient == TwoReaderStudy.code(0))
    // Rectangles of 8 x 10 pixels, the second a column (0.8 mm) further.
    let distances = try #require(
      SurfaceDistances(
        Self.rectangle(0), Self.rectangle(1), size: SIMD3(20, 20, 1), spacing: SIMD3(0.8, 0.5, 2.5)))
    #expect(abs(surfaces.mean - distances.mean) < 1e-9)
    #expect(abs(surfaces.hausdorff95 - 0.8) < 1e-9 && abs(distances.hausdorff95(.pooled) - 0.8) < 1e-9)
    // Were every voxel surface, as in a 3D mask of one slice, all but the first column would be at distance 0.
    #expect(abs(surfaces.mean - 0.8 * 10 / 80) > 0.01)
  }

  private static func rectangle(_ shift: Int) -> [Bool] {
    (0..<400).map { (4 + shift..<12 + shift).contains($0 % 20) && (5..<15).contains($0 / 20) }
  }

  @Test func aStudyWithOneReadingSaysSo() throws {
    try fixture.study.write { try $0.execute(sql: "DELETE FROM contour WHERE reader = 'U_2'") }
    let error = #expect(throws: StudyError.self) { try ReadingAgreement(fixture.study) }
    #expect(error?.description.contains("no lesion of the study was outlined twice") == true)
  }

  @Test func theEffectOfOtherOutlinesIsStatedOnTheSamePatients() throws {
    let study = fixture.study
    let run = try CrossValidation(study, protocol: study.readProtocol(), learners: learners).run { _ in }
    let own = try PredictionTable.read(run.predictionsFile)
    struct Refused: Error, CustomStringConvertible { let description = "it cannot be used" }
    var changed = own
    changed.removeLast()
    changed[0].probability = 1 - changed[0].probability
    let moved = OutlineChoice.moved(right: 1, down: 0)
    let effect = try OutlineEffect(
      run, [(.reader("U_2"), .success(changed)), (moved, .success(own)), (.grown(-2), .failure(Refused()))])
    let (second, same, refused) = (effect.variants[0], effect.variants[1], effect.variants[2])
    #expect(second.patients == 11 && second.flipped == 1 && second.flips.value == 1.0 / 11)
    #expect(abs((second.largestChange ?? 0) - abs(1 - 2 * own[0].probability)) < 1e-12)
    #expect(same.patients == 12 && same.flipped == 0 && same.largestChange == 0 && same.millimetres == 1)
    #expect(same.difference.value == nil && same.difference.note != nil)
    #expect(refused.patients == 0 && refused.reason == "it cannot be used" && refused.auc.value == nil)
    // Outlines that could not be used are in no spread.
    #expect(effect.spreads.map(\.millimetres) == [1, 2] && effect.spreads.allSatisfy { $0.patients == 12 })
    #expect(effect.spreads[0].largestRange == 0 && effect.spreads[0].flips.value == 0)
    #expect(effect.spreads.map(\.missing) == [[], ["shrunk by 2 mm"]])
  }
}
