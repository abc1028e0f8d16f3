import Annotation
import DICOM
import Foundation
import Imaging
import Intake
import Study
import TestSupport
import Testing

@testable import Experiment

/// The phases of an exam's series are determined as those of a study are, where the run asks for some.
@Suite struct ExamPhasesTests {
  private let folder: TemporaryFolder
  private var images: ExamImages {
    ExamImages(
      dicom: folder.url.appendingPathComponent("exam"), contours: folder.url.appendingPathComponent("exam.json"))
  }

  /// One lesion, outlined on three slices of a non-contrast and a portal venous series.
  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(at: images.dicom, withIntermediateDirectories: true)
    var contours: [Contour] = []
    for phase in ["non contrast", "portal venous"] {
      for slice in 0..<30 {
        let uid = DICOMUID.make(from: "\(phase) \(slice)")
        let series = DICOMUID.make(from: phase)
        let values = (0..<48 * 48).map { Int16(($0 * (slice + 3)) % 97 - 20 + (phase == "portal venous" ? 70 : 0)) }
        var image = CTInstance(
          patientID: "X1", studyInstanceUID: DICOMUID.make(from: "exam"), seriesInstanceUID: series,
          sopInstanceUID: uid, columns: 48, rows: 48, storedValues: values,
          position: SIMD3(0, 0, 2.5 * Double(slice)), pixelSpacing: PixelSpacing(row: 0.8, column: 0.8),
          sliceThickness: 2.5)
        image.elements[.seriesDescription] = phase
        try image.write(to: images.dicom.appendingPathComponent("\(phase)-\(slice).dcm"))
        guard (12..<15).contains(slice) else { continue }
        contours.append(
          Contour(
            annotationID: uid, studyInstanceUID: DICOMUID.make(from: "exam"), seriesInstanceUID: series,
            sopInstanceUID: uid, labelName: "Tumor", reader: "U_1",
            vertices: [[18, 18], [30, 18], [30, 28], [18, 28]], width: 48, height: 48))
      }
    }
    try MDAI.write(contours, to: images.contours)
  }

  private func settings(_ kind: StudyProtocol.ExampleKind, _ phases: [Phase]) throws -> StudyProtocol {
    var settings = try demoProtocol()
    settings.roi.boxSize = 32
    settings.roi.maximumSlicesPerLesion = nil
    settings.inputs.examples = kind
    settings.inputs.phases = phases
    return settings
  }

  private func examples(_ settings: StudyProtocol, needsPhases: Bool = true) throws -> ExampleSet {
    try ExamStudy.read(
      dicom: images.dicom, contours: images.contours, protocol: settings, everySlice: needsPhases
    ) { try ExamExamples($0, settings, needsPhases: needsPhases).examples(settings) }
  }

  @Test func slicesOfThePhasesThatCountAreUsed() throws {
    let venous = try examples(settings(.slice, [.portalVenous]))
    #expect(venous.examples.count == 3 && venous.examples.allSatisfy { $0.phases == [.portalVenous] })
    #expect(venous.notes.contains { $0.hasPrefix("Of 6 outlined slices, 3 are of the phases") })
    let both = try examples(settings(.bag, [.nonContrast, .portalVenous]))
    #expect(both.examples.map(\.phases) == [[.nonContrast, .portalVenous]] && both.examples[0].rois.count == 6)
    // Where no phase is asked for, none is determined.
    let any = try examples(settings(.slice, []), needsPhases: false)
    #expect(any.examples.count == 6 && any.examples.allSatisfy(\.phases.isEmpty))
  }

  @Test func aPhaseThatIsNotThereIsSaid() throws {
    let error = #expect(throws: (any Error).self) { try examples(settings(.slice, [.delayed])) }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains("no patient has outlines in the phases") && text.contains("(delayed)"), "\(text)")
    #expect(text.contains("determined from its headers and pixels"), "\(text)")
  }

  /// The features of each phase, and their differences.
  @Test func radiomicsAreOfThePhasesThatTheProtocolNames() throws {
    var settings = try settings(.lesionFeatures, [])
    settings.radiomics = try StudyProtocol(
      contentsOf: packageRoot.appendingPathComponent("Protocols/radiomics.yaml")
    ).radiomics
    settings.radiomics?.images = ["original"]
    settings.radiomics?.logSigmas = nil
    settings.radiomics?.families = ["firstorder"]
    settings.radiomics?.phases = [.nonContrast, .portalVenous]
    settings.radiomics?.enhancement = true
    let features = try #require(examples(settings).features)
    let column = try #require(
      features.names.firstIndex(of: "portalVenous_minus_nonContrast_original_firstorder_Mean"))
    #expect(abs(features.row(0)[column] - 70) < 1e-9)
    // A relative change is not defined where the earlier value is not above 0.
    #expect(zip(features.names, features.row(0)).allSatisfy { $0.contains("_relative_to_") || $1.isFinite })
    settings.radiomics?.phases = [.portalVenous, .delayed]
    let lacking = try #require(examples(settings).features)
    let absent = try #require(lacking.names.firstIndex(of: "delayed_original_firstorder_Mean"))
    #expect(lacking.row(0)[absent].isNaN && lacking.rowCount == 1)
  }
}
