import Experiment
import Foundation
import Imaging
@testable import ROI
import Study
import Support
import TestSupport
import Testing

@testable import LesionFeatures

/// Features of outlines that were carried from another phase.
struct CarriedFeaturesTests {
  private func table(_ made: TwoPhaseStudy, _ change: (inout StudyProtocol.Radiomics) -> Void = { _ in }) throws
    -> LesionFeatureTable
  {
    let settings = try made.study.readProtocol()
    var radiomics = try #require(settings.radiomics)
    change(&radiomics)
    return LesionFeatureTable(
      try OutlinedLesion.all(in: made.study, settings), radiomics, by: LesionFeatureTableTests.Means(), store: nil)
  }

  private func erosion(carried: Double, drawn: Double) -> StudyProtocol.Radiomics.Erosion {
    var erosion = StudyProtocol.Radiomics.Erosion.usual
    (erosion.carried, erosion.drawn) = (carried, drawn)
    return erosion
  }

  /// The mean HU of some voxels of patient P2.
  private func mean(_ phase: Phase, _ columns: ClosedRange<Int>, _ rows: ClosedRange<Int>, _ slices: [Int]) -> Double {
    let values = slices.flatMap { slice in
      rows.flatMap { row in
        columns.map { Double(TwoPhaseStudy.hounsfield(phase, slice: slice + 20, place: row * 48 + $0)) }
      }
    }
    return values.reduce(0, +) / Double(values.count)
  }

  @Test func `a carried outline gives values as a drawn one, and changes from its eroded part`() throws {
    let made = try TwoPhaseStudy(
      radiomics: LesionFeatureTableTests.section(["erosion": "{carried: 1, drawn: 0}"]))
    let before = try table(made)
    #expect(try ContourCarrying.run(made.study) == ContourCarrying.Summary(used: 1, poor: 0, failed: 0))
    let entry = try #require(try CarriedOutlines.entries(of: made.study).first)
    #expect(entry.name == "P2/1/nonContrast" && entry.slices == 3)
    let after = try table(made)
    // Patient P1 is drawn in both phases.
    for index in 0..<2 { #expect(after.rows[index].values.description == before.rows[index].values.description) }
    let named = Dictionary(uniqueKeysWithValues: zip(after.columns.map(\.key), after.rows[2].values))
    let whole = mean(.nonContrast, 18...29, 18...27, [1, 2, 3])
    #expect(abs(try #require(named["nonContrast_original_firstorder_Mean"]) - whole) < 1e-9)
    #expect(named["nonContrast_original_shape_Voxels"] == 360)
    // 1 mm: a column of 0.8 mm and two rows of 0.5 mm on each side; neighbouring slices are farther away.
    let inner = mean(.nonContrast, 19...28, 20...25, [1, 2, 3])
    let drawn = mean(.portalVenous, 18...29, 18...27, [1, 2, 3])
    let change = try #require(named["portalVenous_minus_nonContrast_original_firstorder_Mean"])
    // The drawn outline of the other phase loses the same border.
    let drawnInner = mean(.portalVenous, 19...28, 20...25, [1, 2, 3])
    #expect(abs(change - (drawnInner - inner)) < 1e-9 && abs(drawn - drawnInner) > 1e-3)
    #expect(after.rows[2].carriedPhases == [.nonContrast] && after.rows[0].carriedPhases.isEmpty)
    #expect(after.rows[2].volume == before.rows[2].volume)
    #expect(after.remarks.contains { $0.patient == "P2" && $0.reason.contains("carried from the portal venous") })
    // Without erosion the change is that of the whole outlines.
    let plain = try table(made) { $0.erosion = erosion(carried: 0, drawn: 0) }
    #expect(abs(plain.rows[2].values[6] - (drawn - whole)) < 1e-9)
    // Outlines that were drawn in both phases are eroded where that is asked for; of a carried one the larger distance counts.
    let both = try table(made) { $0.erosion = erosion(carried: 0, drawn: 1) }
    #expect(abs(both.rows[2].values[6] - (drawnInner - inner)) < 1e-9)
    let all = try table(made) { $0.erosion = erosion(carried: 0, drawn: 9) }
    #expect(all.rows.allSatisfy { $0.values[6].isNaN } && after.rows[0].values[6] == 70)
    // The usual 2.5 mm leave nothing of this small lesion.
    let usual = try table(made) { $0.erosion = nil }
    #expect(usual.rows[2].values[6].isNaN && !usual.rows[2].values[0].isNaN)
    #expect(usual.remarks.contains { $0.patient == "P2" && $0.reason.contains("nothing is left") })
  }

  @Test func `carried outlines are used where phases are named, and nowhere else`() throws {
    let made = try TwoPhaseStudy(radiomics: LesionFeatureTableTests.section())
    let unnamed = try table(made) { ($0.phases, $0.enhancement) = ([], false) }.rows.map(\.values.description)
    var settings = try made.study.readProtocol()
    settings.inputs.examples = .slice
    settings.inputs.phases = []
    _ = try ROIBuild.run(made.study)
    let drawn = try ExampleSet(made.study, settings).examples.map(\.slice)
    _ = try ContourCarrying.run(made.study)
    _ = try ROIBuild.run(made.study)
    #expect(try table(made) { ($0.phases, $0.enhancement) = ([], false) }.rows.map(\.values.description) == unnamed)
    let all = try ExampleSet(made.study, settings)
    #expect(all.examples.map(\.slice) == drawn && all.notes.isEmpty)
    settings.inputs.phases = [.nonContrast]
    let named = try ExampleSet(made.study, settings)
    #expect(Set(named.examples.map(\.patient)) == ["P1", "P2"])
    let note = try #require(named.notes.first { $0.contains("carried from another phase") })
    #expect(note.contains("the outlines of 1 of 3 lesions") && note.contains("score 1.00"), "\(note)")
    settings.inputs.examples = .lesionFeatures
    let features = try ExampleSet(made.study, settings)
    #expect(features.notes.contains { $0.contains("In the non-contrast phase, the outlines of 1 of 3 lesions") })
  }

  @Test func `erosion removes what lies within its distance of another voxel`() throws {
    var random = DeterministicGenerator(seed: 5, stream: 1)
    for round in 0..<12 {
      let (width, height, depth) = (9, 8, round % 3 == 0 ? 1 : 5)
      let step = SIMD3<Double>(0.7, 0.9, 1.5)
      let mask = (0..<width * height * depth).map { _ in Int.random(in: 0..<100, using: &random) < 97 }
      let volume = LesionVolume(
        grid: AxialGrid(
          columns: width, rows: height, slices: depth, origin: .zero, columnStep: SIMD3(0.7, 0, 0),
          rowStep: SIMD3(0, 0.9, 0), sliceStep: SIMD3(0, 0, 1.5)),
        values: mask.map { $0 ? 1 : 0 }, mask: mask)
      func isInside(_ place: SIMD3<Int>) -> Bool {
        let size = SIMD3(width, height, depth)
        guard (0..<3).allSatisfy({ place[$0] >= 0 && place[$0] < size[$0] }) else { return false }
        return mask[(place.z * height + place.y) * width + place.x]
      }
      let distance = Double.random(in: 0...1.8, using: &random)
      let expected = mask.indices.map { index -> Bool in
        let place = SIMD3(index % width, index / width % height, index / (width * height))
        for z in depth > 1 ? -3...3 : 0...0 {
          for y in -3...3 {
            for x in -3...3 where (SIMD3(Double(x), Double(y), Double(z)) * step).length <= distance {
              if !isInside(place &+ SIMD3(x, y, z)) { return false }
            }
          }
        }
        return true
      }
      let eroded = volume.eroded(by: distance)
      #expect((eroded?.mask ?? mask.map { _ in false }) == expected, "round \(round)")
      #expect((eroded == nil) == !expected.contains(true))
    }
  }
}
