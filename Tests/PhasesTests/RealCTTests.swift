import DICOM
import Foundation
import TestSupport
import Testing

@testable import Phases

/// One real abdominal CT, 97 s after the injection, without kidneys.
@Suite struct RealCTTests {
  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func theAortaIsFoundAndThePhaseTold() throws {
    let folder = try #require(SharedData.root).appendingPathComponent("real-ct")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    let slices = try files.compactMap { file -> CoarseSlice? in
      let attributes = try #require(try DICOMFile.attributes(of: file).first)
      return CoarseSlice(try DICOMFile.image(at: file), attributes)
    }
    #expect(slices.count == 20)
    let aorta = try #require(Landmarks(slices)?.aorta)
    // The aorta's label in TotalSegmentator's map of these slices: its middle at column 263.2 and row 297.8, 153 HU.
    let place = SIMD2(-249.51 + 263.2 * 0.9765625, -437.51 + 297.8 * 0.9765625)
    let offset = aorta.centre - place
    #expect((offset * offset).sum().squareRoot() < 5, "\(aorta) instead of \(place)")
    let pixels = PhasePixels(slices)
    #expect(abs((pixels.aorta ?? 0) - 153) < 10, "\(pixels)")

    var findings = SeriesFindings()
    let header = try #require(try files.first.map(DICOMFile.attributes(of:))?.first)
    findings.acquisitionTime = header.acquisitionTime
    findings.contrastStartTime = header.contrastStartTime
    findings.contrastAgent = header.contrastAgent
    findings.pixels = pixels
    let decision = try #require(ExamPhases.decide([findings]) { _, _ in nil }.first)
    #expect(decision.phase == .portalVenous && decision.confidence > 0.9, "\(decision)")
  }
}
