import DICOM
import Foundation
import GRDB
import Testing

@testable import Intake
@testable import Study

/// Slices that each lie under a series UID of their own.
struct SeriesPerSliceTests {
  private let test: ImportFolder

  init() throws { test = try ImportFolder() }

  private func write(
    _ heights: [Double], in folder: String = "a", _ change: (inout CTInstance, Int) -> Void = { _, _ in }
  ) throws {
    for (index, z) in heights.enumerated() {
      let name = "\(folder) \(z) \(index)"
      try test.write("\(folder)/\(index).dcm", patient: "P01", exam: "P01", series: name, sop: name, z: z) {
        $0.elements[.seriesNumber] = "\(index + 1)"
        change(&$0, index)
      }
    }
  }

  private func sizes() throws -> [Int] {
    try test.study.read { try SlicePlace.counts($0).values.sorted() }
  }

  @Test(arguments: [[0, 5, 10], [0, 5, 10, 15, 20], [20, 10, 0, 30], [0, 1.25, 2.5, 3.75]])
  func theyAreJoined(_ heights: [Double]) throws {
    try write(heights)
    try test.importDICOM("a")
    #expect(try sizes() == [heights.count])
    let remarks = try test.study.setAside()
    let joined = remarks.filter { $0.reason.hasPrefix("\(heights.count) slices, each with its own series UID") }
    #expect(joined.count == 1 && joined[0].reason.hasSuffix("joined into one series"), "\(remarks)")
    let ordinals = try test.study.read { try SliceRecord.order(Column("ordinal")).fetchAll($0).map(\.ordinal) }
    #expect(ordinals == Array(heights.indices))
    #expect(try test.importDICOM("a").slices == 0)
    #expect(try sizes() == [heights.count])
    let again = try test.study.setAside()
    #expect(again == remarks, "\(again)")
  }

  @Test func laterSlicesJoinThem() throws {
    try write([0, 5, 10])
    try write([15, 20], in: "b")
    try test.importDICOM("a")
    #expect(try test.importDICOM("b").slices == 2)
    #expect(try sizes() == [5] && test.excluded() == [])
  }

  @Test func twoPhasesAreTwoSeries() throws {
    try write([0, 5, 10, 0, 5, 10]) { $0.elements[.acquisitionNumber] = $1 < 3 ? "1" : "2" }
    try test.importDICOM("a")
    #expect(try sizes() == [3, 3])
  }

  @Test(arguments: [[0, 5, 11], [0, 0, 5], [0, 5, 20], [7, 7, 7]])
  func atUnevenStepsThatIsSaid(_ heights: [Double]) throws {
    try write(heights)
    try test.importDICOM("a")
    #expect(try sizes() == Array(repeating: 1, count: heights.count))
    #expect(try test.study.setAside().contains { $0.reason.hasSuffix("so they stay \(heights.count) series") })
    #expect(try test.excluded() == [])
  }

  @Test(arguments: [
    DICOMTag.frameOfReferenceUID, .seriesDescription, .convolutionKernel, .acquisitionNumber, .sliceThickness,
    .imageType,
    .imageOrientationPatient, .pixelSpacing,
  ])
  func whatDiffersIsNotJoined(_ tag: DICOMTag) throws {
    let values: [DICOMTag: [String]] = [
      .imageOrientationPatient: ["1\\0\\0\\0\\1\\0", "0\\1\\0\\1\\0\\0", "-1\\0\\0\\0\\1\\0"],
      .pixelSpacing: ["1\\1", "0.9\\0.9", "0.8\\0.8"],
    ]
    try write([0, 5, 10]) { $0.elements[tag] = values[tag]?[$1] ?? "\($1 + 1)" }
    try test.importDICOM("a")
    #expect(try sizes() == [1, 1, 1])
  }

  @Test func seriesOfSeveralSlicesStayAsTheyAre() throws {
    try test.writeSeries("a", patient: "P01", count: 4)
    try write([20, 25])
    try test.importDICOM("a")
    #expect(try sizes() == [1, 1, 4] && test.study.setAside() == [])
  }
}
