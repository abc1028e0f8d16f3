import DICOM
import Foundation
import Imaging
import TestSupport
import Testing

struct AttributesTests {
  @Test func singleFrame() throws {
    let frames = try DICOMFile.attributes(of: Golden.fixture("made/12-signed-jpeg2000.dcm"))
    let frame = try #require(frames.first)
    #expect(frames.count == 1)
    #expect(frame.patientID == "MADE")
    #expect(
      frame.studyInstanceUID == "2.25.2" && frame.seriesInstanceUID == "2.25.3" && frame.sopInstanceUID == "2.25.1")
    #expect(frame.columns == 40 && frame.rows == 32)
    #expect(frame.pixelSpacing == PixelSpacing(row: 0.5, column: 0.75))
    #expect(frame.sliceThickness == 2.5)
    #expect(!frame.patientIdentityRemoved)
    #expect(frame.seriesDescription == nil)
  }

  @Test(arguments: ["per-frame", "shared"])
  func enhanced(_ name: String) throws {
    let frames = try DICOMFile.attributes(of: Golden.fixture("made/enhanced-\(name).dcm"))
    #expect(frames.map(\.imagePosition) == [[0, 0, 0], [0, 2.5, 0], [0, 5, 0]])
    #expect(frames.allSatisfy { $0.columnDirection == [0, 0, -1] && $0.sliceThickness == 2.5 })
    #expect(frames.allSatisfy { $0.pixelSpacing == PixelSpacing(row: 0.5, column: 0.75) })
    #expect(SeriesGeometry(frames).defects == [])
  }

  @Test func textsInSeveralCharacterSets() throws {
    #expect(try DICOMFile.attributes(of: Golden.fixture("made/text-latin1.dcm")).first?.seriesDescription == "Größe")
    #expect(try DICOMFile.attributes(of: Golden.fixture("made/text-cyrillic.dcm")).first?.seriesDescription == "Почка")
  }

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func realSeries() throws {
    let folder = try #require(SharedData.root).appendingPathComponent("real-ct")
    let urls = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    let slices = try urls.flatMap { try DICOMFile.attributes(of: $0) }
    let geometry = SeriesGeometry(slices)
    #expect(geometry.defects == [])
    #expect(geometry.sliceSpacing.map { abs($0 - 2) < 1e-6 } == true)
    let heights = geometry.order.compactMap { slices[$0].imagePosition?.z }
    #expect(heights.count == 20 && heights == heights.sorted())
    #expect(slices.allSatisfy { $0.studyInstanceUID == "" && $0.pixelSpacing?.row == 0.9765625 })
  }
}
