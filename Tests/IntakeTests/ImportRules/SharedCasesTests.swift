import DICOM
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Intake
@testable import Study

/// The small inputs that failed in other programs or in earlier versions, where they are at hand.
@Suite(.enabled(if: SharedCases.root != nil, "\(SharedData.missing)"))
struct SharedCasesTests {
  private func imported(_ name: String) throws -> ImportFolder {
    let test = try ImportFolder(patientIDs: "codes")
    let root = try #require(SharedCases.root)
    let folder = try #require(
      try FileManager.default.contentsOfDirectory(atPath: root.path).first { $0.hasPrefix("\(name)-") })
    _ = try DICOMImport.run(root.appendingPathComponent("\(folder)/dicom"), into: test.study)
    return test
  }

  @Test(arguments: [
    ("01", ["COMMA": [3], "POINT": [3]]), ("02", ["UTVR": [3], "PLAIN": [3]]), ("03", ["PADDED": [3], "PLAIN": [3]]),
    ("04", ["TWOPASS": [4, 4], "PLAIN": [3]]), ("05", ["STRAY": [5], "PLAIN": [3]]),
    ("06", ["SPLIT": [5], "PLAIN": [5]]),
    ("24", ["LOWER": [3], "WORDS": [3], "PLAIN": [3]]), ("30", ["TWICE": [3], "PLAIN": [3]]), ("h01", ["P1": [3]]),
  ])
  func everyPatientStaysWithTheSlicesThatCount(name: String, slices: [String: [Int]]) throws {
    let test = try imported(name)
    let places = try test.study.read { try SlicePlace.all($0) }
    let found = Dictionary(grouping: places, by: \.patientCode).mapValues { slices in
      Dictionary(grouping: slices, by: \.seriesInstanceUID).values.map(\.count).sorted()
    }
    #expect(found == slices)
    #expect(try test.excluded() == [])
    #expect(places.allSatisfy { $0.rowSpacing == 0.8 })
    for place in places {
      let values = try DICOMFile.image(at: test.study.url.appendingPathComponent(place.path), frame: place.frame).values
      // The cases' noise wraps round below 0; the padding is 62,512 HU where it is not air.
      #expect(!values.contains(62_512), "no padding is bright")
    }
  }

  @Test(arguments: [
    ("01", "COMMA", "decimal commas"), ("04", "TWOPASS", "2 passes of the scanner"), ("05", "STRAY", "set aside"),
    ("06", "SPLIT", "joined into one"), ("30", "TWICE", "different encodings"), ("h01", "P1", "is not plausible"),
  ])
  func whatWasDoneIsSaid(name: String, patient: String, words: String) throws {
    let remarks = try imported(name).study.setAside()
    #expect(!remarks.isEmpty && remarks.allSatisfy { $0.patientCode == patient && $0.reason.contains(words) })
  }
}

enum SharedCases {
  /// The folder of the cases beside the real data; nil where it is not there.
  static let root = SharedData.root.map { $0.deletingLastPathComponent().appendingPathComponent("cases") }
    .flatMap { FileManager.default.fileExists(atPath: $0.path) ? $0 : nil }
}
