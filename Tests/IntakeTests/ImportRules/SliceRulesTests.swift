import DICOM
import Foundation
import GRDB
import Imaging
import TestSupport
import Testing

@testable import Intake
@testable import Study

/// What costs a slice, and not its series.
struct SliceRulesTests {
  private let test: ImportFolder

  init() throws { test = try ImportFolder() }

  /// A series of `count` slices of which those in `changed` are spoilt.
  private func importSeries(
    _ count: Int, spoiling changed: Set<Int>, _ change: @escaping (inout CTInstance) -> Void
  ) throws {
    for index in 0..<count {
      try test.write(
        "a/\(index).dcm", patient: "P01", exam: "P01", series: "P01", sop: "P01 \(index)", z: 2.5 * Double(index),
        value: Int16(index)
      ) { if changed.contains(index) { change(&$0) } }
    }
    try test.importDICOM("a")
  }

  @Test(arguments: [#"0\0\1e30"#, #"0\0\-1e300"#, #"20000\0\5"#, #"0\0"#, #"0\0\nan"#, #"1,024\2,048\3,072"#])
  func aPositionThatCannotBeRightCostsItsSlice(_ position: String) throws {
    try importSeries(5, spoiling: [2]) { $0.elements[.imagePositionPatient] = position }
    #expect(try test.slices(of: "P01") == 4 && test.excluded() == [])
    let remark = try #require(try test.study.setAside().first { $0.subject == "2.dcm" })
    #expect(
      remark.reason.hasPrefix("1 slice set aside: [(0020,0032) ImagePositionPatient] is not plausible; expected 3"))
    #expect(remark.patientCode == "case-0001")
  }

  @Test func anOrientationThatCannotBeRightCostsItsSlices() throws {
    try importSeries(6, spoiling: [1, 4]) { $0.elements[.imageOrientationPatient] = #"1\0\0\1\0\0"# }
    #expect(try test.slices(of: "P01") == 4)
    #expect(try test.study.setAside().contains { $0.subject == "1.dcm and 1 more file" })
  }

  @Test func wherePositionsAreAllWrongTheNumbersSort() throws {
    try importSeries(3, spoiling: [0, 1, 2]) {
      $0.elements[.imagePositionPatient] = #"0\0\1e30"#
      $0.elements[.instanceNumber] = "\(10 - Int($0.storedValues[0]))"
    }
    #expect(try test.slices(of: "P01") == 3)
    let order = try test.study.read { try SliceRecord.order(Column("ordinal")).fetchAll($0).map(\.sopInstanceUID) }
    #expect(order == [2, 1, 0].map { test.uid("P01 \($0)") })
    let reasons = try test.study.setAside().map(\.reason)
    #expect(reasons.contains { $0.contains("unknown in 3 of 3 slices") })
    #expect(reasons.contains { $0.contains("without position or orientation") })
  }

  @Test(arguments: ["coronal", "sagittal", "oblique", "zoomed", "small"])
  func aStrayIsSetAsideAndTheRestKept(_ kind: String) throws {
    try importSeries(6, spoiling: [3]) { slice in
      switch kind {
      case "coronal": slice.elements[.imageOrientationPatient] = #"1\0\0\0\0\-1"#
      case "sagittal": slice.elements[.imageOrientationPatient] = #"0\1\0\0\0\-1"#
      case "oblique": slice.elements[.imageOrientationPatient] = #"1\0\0\0\0.866025\0.5"#
      case "zoomed": slice.elements[.pixelSpacing] = #"0.5\0.5"#
      default:
        let other = slice
        slice = CTInstance(
          patientID: "P01", studyInstanceUID: test.uid("P01"), seriesInstanceUID: test.uid("P01"),
          sopInstanceUID: other.elements[.sopInstanceUID] ?? "", columns: 4, rows: 4,
          storedValues: .init(repeating: 1, count: 16),
          position: SIMD3(0, 0, 7.5), pixelSpacing: PixelSpacing(row: 1, column: 1), sliceThickness: 2.5)
      }
    }
    #expect(try test.slices(of: "P01") == 5 && test.excluded() == [])
    let remark = try #require(try test.study.setAside().first { $0.subject == "3.dcm" })
    let word = ["zoomed": "pixel spacing", "small": "size"][kind] ?? "orientation"
    #expect(remark.reason == "1 slice set aside: of another \(word) than the other 5 slices of the series")
  }

  @Test(arguments: [(6, 2), (10, 2), (8, 4), (5, 1)]) func manyStraysAreAMixture(count: Int, strays: Int) throws {
    try importSeries(count, spoiling: Set(0..<strays)) { $0.elements[.imageOrientationPatient] = #"1\0\0\0\0\-1"# }
    #expect(try test.slices(of: "P01") == 0 && test.excluded() == ["case-0001"])
  }

  @Test func decimalCommasAreReadAndSaid() throws {
    try importSeries(3, spoiling: [0, 1, 2]) {
      $0.elements[.pixelSpacing] = #"0,800\0,800"#
      $0.elements[.sliceThickness] = "2,5"
    }
    let slice = try #require(try test.study.read { try SliceRecord.fetchOne($0) })
    #expect(slice.rowSpacing == 0.8)
    #expect(
      try test.study.setAside().map(\.reason) == [
        "decimal commas in [(0018,0050) SliceThickness], [(0028,0030) PixelSpacing] are read as decimal points; found "
          + #"0,800\0,800"#
      ])
  }

  @Test func lossyCompressionIsSaid() throws {
    try importSeries(4, spoiling: [1, 2]) { $0.elements[.lossyImageCompression] = "01" }
    #expect(try test.slices(of: "P01") == 4)
    #expect(try test.study.setAside().map(\.reason).contains { $0.contains("2 of 4 slices lost information") })
  }

  @Test(arguments: ["implicit", "big-endian", "deflated", "jpeg2000", "rle", "htj2k"])
  func oneImageInTwoEncodingsIsTakenOnce(encoding: String) throws {
    let made = protocolsFolder.deletingLastPathComponent().appendingPathComponent("Tests/DICOMTests/Fixtures/made")
    for folder in ["a", "b"] {
      try FileManager.default.createDirectory(at: test.url(folder), withIntermediateDirectories: true)
    }
    try FileManager.default.copyItem(
      at: made.appendingPathComponent("12-unsigned-explicit.dcm"), to: test.url("a/1.dcm"))
    for place in ["a/2.dcm", "b/1.dcm"] {
      try FileManager.default.copyItem(
        at: made.appendingPathComponent("12-unsigned-\(encoding).dcm"), to: test.url(place))
    }
    #expect(try test.importDICOM("a").slices == 1)
    #expect(try test.importDICOM("b").slices == 0)
    #expect(try test.excluded() == [])
    let reasons = try test.study.setAside().map(\.reason)
    #expect(reasons.contains("two files of one image in different encodings, with equal pixels; imported once"))
    #expect(
      reasons.contains("the study already has this image in another encoding with equal pixels, and keeps its copy"))
  }

  @Test func otherPixelsInAnotherEncodingCostThePatient() throws {
    let made = protocolsFolder.deletingLastPathComponent().appendingPathComponent("Tests/DICOMTests/Fixtures/made")
    try FileManager.default.createDirectory(at: test.url("a"), withIntermediateDirectories: true)
    for (number, name) in ["12-signed-explicit", "12-signed-htj2k-lossy"].enumerated() {
      try FileManager.default.copyItem(at: made.appendingPathComponent("\(name).dcm"), to: test.url("a/\(number).dcm"))
    }
    #expect(try test.importDICOM("a").slices == 0)
    #expect(try test.excluded() == ["case-0001"])
  }
}
