import DICOM
import Foundation
import TestSupport
import Testing

@Suite struct ArticleTests {
  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func aSeriesAndItsFirstSlice() throws {
    let folder = try #require(SharedData.root).appendingPathComponent("real-ct")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    let slices = try files.flatMap { file in try DICOMFile.attributes(of: file) }
    let geometry = SeriesGeometry(slices)
    let image = try DICOMFile.image(at: files[geometry.order[0]])
    let houndsfieldUnits = image.values
    #expect(houndsfieldUnits.count == image.rows * image.columns)
  }
}
