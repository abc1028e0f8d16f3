import Annotation
import Foundation
import Imaging
import Support
import Testing

@testable import Intake
@testable import Study

/// What is exported is imported again: vectors within 1e-6 of a pixel, masks bit for bit.
struct ContourRoundTripTests {
  /// Whether two closed outlines have the same corners, from whichever they start and whichever way they go.
  private func isSame(_ one: Polygon, _ other: Polygon, within limit: Double) -> Bool {
    let count = one.vertices.count
    guard count == other.vertices.count else { return false }
    return [other.vertices, other.vertices.reversed()].contains { vertices in
      (0..<count).contains { start in
        (0..<count).allSatisfy { index in
          let difference = one.vertices[index] - vertices[(index + start) % count]
          return max(abs(difference.x), abs(difference.y)) <= limit
        }
      }
    }
  }

  private func expectSameOutlines(_ one: [String: [Polygon]], _ other: [String: [Polygon]]) {
    #expect(Set(one.keys) == Set(other.keys))
    for (place, outlines) in one {
      let found = other[place] ?? []
      #expect(found.count == outlines.count, "\(place)")
      for outline in outlines { #expect(found.contains { isSame(outline, $0, within: 1e-6) }, "\(place)") }
    }
  }

  @Test(arguments: ContourStudy.Lie.allCases)
  func `structure sets keep corners and holes`(_ lie: ContourStudy.Lie) throws {
    let study = try ContourStudy(lie)
    let (folder, summary) = try study.export(.rtstruct)
    #expect(summary.files.count == 2 && summary.refused.isEmpty)
    _ = try ContourFile.run(folder, .init(reader: "copy"), into: study.test.study)
    expectSameOutlines(try study.outlines(of: "anna"), try study.outlines(of: "copy"))
    #expect(try study.masks(of: "copy") == study.masks(of: "anna"))
  }

  @Test(arguments: [true, false])
  func `MD.ai's JSON keeps corners`(_ corner: Bool) throws {
    let study = try ContourStudy(corner: corner)
    let before = try study.outlines(of: "anna")
    let (folder, _) = try study.export(.mdai)
    let summary = try ContourFile.run(folder.appendingPathComponent("contours.json"), into: study.test.study)
    #expect(summary.contours == ContourStudy.outlines.count && summary.setAside == 0)
    expectSameOutlines(before, try study.outlines(of: "anna"))
  }

  @Test(arguments: ContourStudy.Lie.allCases, [ContourExport.Format.nrrd, .nifti, .seg])
  func `masks come back bit for bit`(_ lie: ContourStudy.Lie, _ format: ContourExport.Format) throws {
    let study = try ContourStudy(lie, corner: lie == .axial)
    let (folder, summary) = try study.export(format)
    #expect(summary.files.count == 2 && summary.refused.isEmpty, "\(summary.refused)")
    // NIfTI has no names.
    let labels = format == .nifti ? [1: "left", 2: "right"] : [:]
    _ = try ContourFile.run(folder, .init(reader: "copy", labels: labels), into: study.test.study)
    #expect(try study.masks(of: "copy") == study.masks(of: "anna"))
  }

  @Test func `masks of KiTS's kind have one lesion`() throws {
    let study = try ContourStudy()
    let (folder, summary) = try study.export(.masks)
    #expect(summary.files == ["anna/P01/segmentation.nii.gz", "anna/P02/segmentation.nii.gz"])
    try FileManager.default.removeItem(at: folder.appendingPathComponent("anna/P01"))
    _ = try ContourFile.run(folder, .init(reader: "copy", labels: [2: "left"]), into: study.test.study)
    let expected = try study.masks(of: "anna").filter { $0.key.hasPrefix("P02") }
    #expect(try study.masks(of: "copy") == expected)
  }

  @Test func `random outlines come back`() throws {
    var draws = SplitMix64(seed: 20_261_129)
    for _ in 0..<40 {
      // A star with a smaller one of the same directions within it: a hole that never touches.
      let corners = Int.random(in: 5...40, using: &draws)
      let centre = SIMD2(Double.random(in: 6...14, using: &draws), Double.random(in: 6...10, using: &draws))
      let radii = (0..<corners).map { _ in Double.random(in: 2...5.5, using: &draws) }
      let share = Double.random(in: 0.2...0.8, using: &draws)
      let star = radii.enumerated().map { index, radius in
        let angle = 2 * Double.pi * Double(index) / Double(corners)
        return centre + radius * SIMD2(cos(angle), sin(angle))
      }
      let region = PolygonRegion([
        Polygon(vertices: star), Polygon(vertices: star.map { centre + share * ($0 - centre) }),
      ])
      let joined = region.keyholed()
      #expect(joined.count == 1)
      #expect(joined[0].firstCrossing == nil)
      #expect(abs(joined[0].area - region.area) < 1e-9)
      let parted = joined[0].withoutKeyholes()
      #expect(parted.count == 2)
      for outline in region.outlines { #expect(parted.contains { isSame(outline, $0, within: 0) }) }
      #expect(
        joined[0].mask(columns: 24, rows: 18) == region.mask(columns: 24, rows: 18))
    }
  }

  @Test func `what makes no grid is refused with the reason, and DICOM still takes it`() throws {
    let study = try ContourStudy(heights: [0, 2.5, 5, 8.5, 11])
    for format in [ContourExport.Format.nrrd, .nifti, .masks] {
      let (_, summary) = try study.export(format)
      #expect(summary.files.isEmpty && summary.refused.count == 2)
      #expect(summary.refused.allSatisfy { $0.contains("not evenly spaced") })
    }
    for format in [ContourExport.Format.seg, .rtstruct] {
      let (folder, _) = try study.export(format)
      _ = try ContourFile.run(folder, .init(reader: "copy"), into: study.test.study)
      #expect(try study.masks(of: "copy") == study.masks(of: "anna"))
    }
  }

  @Test func `the same outlines are the same files, without identity`() throws {
    let study = try ContourStudy()
    for format in ContourExport.Format.allCases {
      let (folder, summary) = try study.export(format)
      let first = try summary.files.map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      _ = try study.export(format)
      #expect(try summary.files.map { try Data(contentsOf: folder.appendingPathComponent($0)) } == first)
    }
    #expect(throws: StudyError.self) { try study.export(.seg, readers: ["nobody"]) }
  }

  @Test func `files of two readers are not mixed`() throws {
    let study = try ContourStudy()
    let (folder, _) = try study.export(.nrrd)
    try FileManager.default.copyItem(
      at: folder.appendingPathComponent("anna"), to: folder.appendingPathComponent("ben"))
    let summary = try ContourFile.run(folder, .init(reader: "copy"), into: study.test.study)
    #expect(summary.setAside == 2)
    #expect(try study.test.study.setAside().allSatisfy { $0.reason.contains("outlines the same lesion") })
    #expect(try study.masks(of: "copy") == study.masks(of: "anna"))
  }
}
