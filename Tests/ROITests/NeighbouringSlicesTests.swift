import DICOM
import Foundation
import GRDB
import Imaging
import Study
import Support
import Testing

@testable import ROI

/// The slices before and after an outlined one, in its box.
struct NeighbouringSlicesTests {
  private let exam: OutlinedExam

  init() throws {
    exam = try OutlinedExam()
    exam.settings.inputs.neighbours = 1
    // Outlined are the slices 0, 2 and 3, and 4 and 5.
    exam.contours[0].sopInstanceUID = exam.uid("slice 0")
  }

  /// The crop of each slice by its number, had it the outline itself.
  private func crop(_ number: Int) throws -> [Float] {
    // Slice 6 is removed in one of the tests.
    let slice = number > 6 && exam.slices.count < 10 ? number - 1 : number
    let outline = Polygon(vertices: exam.contours[1].vertices)
    return try ROICutter(ROISettings(exam.settings.roi)).cut(
      DICOMFile.image(at: exam.file(slice)), around: [outline], pixelSize: nil
    ).values
  }

  private func expected(_ stacks: [[Int]]) throws -> [[Float]] { try stacks.map { try $0.flatMap(crop) } }

  private func stacks(_ rois: ROISet) -> [[Float]] { rois.entries.indices.map { rois.withStack($0) { Array($0) } } }

  private func remarks() throws -> [String] { try exam.study.setAside().filter { $0.stage == .rois }.map(\.reason) }

  @Test func `neighbours are cut in the box of the outlined slice`() throws {
    try exam.write()
    #expect(try exam.excludingReasons().isEmpty)
    let rois = try ROISet(exam.study)
    #expect(rois.neighbours == 1)
    // At the end of the series the slice itself takes the place of the one before it, which is no remark.
    #expect(try stacks(rois) == expected([[0, 0, 1], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6]]))
    #expect(try remarks().isEmpty)
    for (index, number) in [0, 2, 3, 4, 5].enumerated() {
      #expect(try rois.withCrop(index) { Array($0) } == crop(number))
    }
    let bytes = rois.withCrops([3, 1]) { $0.map { Array($0.bindMemory(to: Float.self)) } }
    #expect(try bytes == [crop(4), crop(2)])
    let wide = rois.withCrops([3, 1], beside: 1) { $0.map { Array($0.bindMemory(to: Float.self)) } }
    #expect(try wide == expected([[3, 4, 5], [1, 2, 3]]))
    // An exam outside of the study has the same.
    #expect(try stacks(exam.rois().rois) == stacks(rois))
    // Without tumours none of the slices has one; shifted boxes are shifted in all.
    let blank = try rois.withoutTumours(in: exam.study)
    let centre = 12 * 24 + 12
    for stack in stacks(blank) { #expect([0, 1, 2].allSatisfy { stack[$0 * 576 + centre] == 0.5 }) }
    let unmoved = try rois.shifted(upTo: 0, seed: 1, in: exam.study)
    #expect(stacks(unmoved) == stacks(rois) && unmoved.fileName == rois.fileName)
    #expect(try stacks(rois.shifted(upTo: 3, seed: 1, in: exam.study)) != stacks(rois))
  }

  @Test func `a gap, another size and a damaged neighbour leave the slice itself, with a remark`() throws {
    exam.slices.remove(at: 6)
    try exam.write()
    #expect(try exam.excludingReasons().isEmpty)
    #expect(try stacks(ROISet(exam.study)) == expected([[0, 0, 1], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 5]]))
    let gap = try #require(try remarks().first)
    #expect(gap.contains("a slice after it is missing in the series (5.0 mm to the next one, 2.5 mm elsewhere)"))
    #expect(try remarks().count == 1)

    let places = try exam.study.read { try SlicePlace.all($0) }
    let damaged = try #require(places.first { $0.sopInstanceUID == exam.uid("slice 1") })
    try Data("nothing".utf8).write(to: StudyFolder.file(damaged.path, in: exam.study.url))
    _ = try ROIBuild.run(exam.study)
    #expect(try stacks(ROISet(exam.study)) == expected([[0, 0, 0], [2, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 5]]))
    #expect(try remarks().count { $0.contains("cannot be used: ") } == 2)
    #expect(try remarks().contains { $0.contains("the slice after it cannot be used") })

    // A slice of another size cannot become part of a series by an import.
    let uid = exam.uid("slice 1")
    try exam.study.write { database in
      try database.execute(sql: "UPDATE slice SET columns = 64 WHERE sopInstanceUID = ?", arguments: [uid])
    }
    _ = try ROIBuild.run(exam.study)
    #expect(try remarks().contains { $0.contains("the slice before it has 64 x 48 pixels, not 48 x 48; the") })
  }

  @Test func `a neighbour at an unknown distance is said`() throws {
    try exam.write()
    #expect(try exam.excludingReasons().isEmpty)
    let known = try stacks(ROISet(exam.study))
    for place in try exam.study.read({ try SlicePlace.all($0) }) {
      var slice = try #require(exam.slices.first { $0.elements[.sopInstanceUID] == place.sopInstanceUID })
      slice.elements[.imagePositionPatient] = ""
      try slice.write(to: StudyFolder.file(place.path, in: exam.study.url))
    }
    _ = try ROIBuild.run(exam.study)
    let rois = try ROISet(exam.study)
    #expect(stacks(rois) == known && rois.entries.allSatisfy { $0.height == nil })
    // Slice 0 has no slice before it.
    #expect(try remarks().count { $0.contains("it lies is not known") } == 9)
  }

  @Test func `neighbours are part of the ROIs' identity, and nothing else changes without them`() throws {
    exam.settings.inputs.neighbours = nil
    try exam.write()
    #expect(try exam.excludingReasons().isEmpty)
    let alone = try ROISet(exam.study)
    #expect(alone.neighbours == 0 && stacks(alone).allSatisfy { $0.count == 576 })
    let text = try String(contentsOf: exam.study.protocolFile, encoding: .utf8)
    func write(_ line: String) throws {
      try Data(text.replacing("\n  phases: []", with: "\n  phases: []\(line)").utf8).write(to: exam.study.protocolFile)
    }
    try write("\n  neighbours: 1")
    #expect(throws: StudyError.self) { try ROISet(exam.study) }
    _ = try ROIBuild.run(exam.study)
    let stacked = try ROISet(exam.study)
    #expect(stacked.fileName != alone.fileName)
    #expect(
      stacked.entries.indices.map { stacked.withCrop($0) { Array($0) } }
        == alone.entries.indices.map { alone.withCrop($0) { Array($0) } })
    try write("")
    #expect(throws: StudyError.self) { try ROISet(exam.study) }
    _ = try ROIBuild.run(exam.study)
    #expect(try ROISet(exam.study).fileName == alone.fileName)
    for wrong in ["0", "2", "-1"] {
      try write("\n  neighbours: \(wrong)")
      let error = #expect(throws: StudyError.self) { try exam.study.readProtocol() }
      #expect(error?.description.contains("inputs.neighbours must be omitted, or 1 where") == true)
    }
    #expect(try StudyProtocol(yaml: exam.settings.yaml, name: "paper.yaml").inputs.neighbours == nil)
    exam.settings.inputs.neighbours = 1
    #expect(try StudyProtocol(yaml: exam.settings.yaml, name: "paper.yaml").inputs.neighbours == 1)
  }
}
