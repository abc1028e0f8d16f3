import Annotation
import DICOM
public import Foundation
import Imaging
import Intake
public import ROI
public import Study
import Support
public import TestSupport

/// A study of patients with one lesion each that two readers outlined by rectangles whose overlap is known.
///
/// Patient n has a lesion of 8 + n % 5 columns and 10 rows on slices 2 to 5 (from 0) of 8. Reader U_1 outlines it exactly; reader U_2 draws it
/// 1 + n % 2 columns further to the right, and leaves out slice 5 where n is divisible by 3. The last patient has no outline of U_2's.
/// Even patients are high grade, and denser.
public struct TwoReaderStudy {
  /// The readers' ids.
  public static let readers = ["U_1", "U_2"]
  /// The distances of columns, rows and slices in mm.
  public static let spacing = SIMD3(0.8, 0.5, 2.5)

  private let folder: TemporaryFolder
  /// The study, with ROIs.
  public let study: StudyFolder
  /// How many patients there are.
  public let count: Int

  /// The columns of a patient's lesion as a reader, 0 or 1, drew it.
  public static func columns(_ patient: Int, reader: Int) -> Range<Int> {
    let start = 16 + (reader == 0 ? 0 : 1 + patient % 2)
    return start..<start + 8 + patient % 5
  }
  /// The rows of every lesion.
  public static let rows = 14..<24
  /// The slices that a reader, 0 or 1, outlined.
  public static func slices(_ patient: Int, reader: Int) -> ClosedRange<Int> {
    2...(reader == 1 && patient % 3 == 0 ? 4 : 5)
  }
  /// The code of a patient, counted from 0.
  public static func code(_ patient: Int) -> String { String(format: "P%02d", patient) }

  /// Makes the study by the steps that the command line takes.
  ///
  /// - Parameters:
  ///   - count: how many patients.
  ///   - model: the protocol's section `model`, in place of a ridge on all features.
  /// - Throws: what keeps the study from being made.
  public init(
    count: Int = 12,
    model: String =
      "model: {learner: classical, settings: {classifier: ridge, tuning: false, innerFolds: 2, correlationLimit: 1}}"
  ) throws {
    self.count = count
    folder = try TemporaryFolder()
    let source = try String(contentsOf: protocolsFolder.appendingPathComponent("radiomics.yaml"), encoding: .utf8)
      .replacing("patientIDs: identifiers", with: "patientIDs: codes")
      .replacing("images: [original, log, wavelet]", with: "images: [original]")
      .replacing(", glcm, glrlm, glszm, gldm, ngtdm]", with: "]")
      .replacing("  logSigmas: [1, 2, 3, 4, 5]", with: "  logSigmas: null")
      .replacing("count: 5", with: "count: 3")
      .replacing(/(?s)model:\n.*?\n\n/, with: model + "\n\n")
    let file = folder.url.appendingPathComponent("protocol.yaml")
    try AtomicFile.write(source, to: file)
    study = try StudyFolder.create(at: folder.url.appendingPathComponent("study"), protocolSource: file)
    try writeImages()
    let rows = (0..<count).map { "\(Self.code($0)),1,\($0.isMultiple(of: 2) ? 3 : 2)" }
    let table = folder.url.appendingPathComponent("pathology.csv")
    try AtomicFile.write((["patient,lesion,grade"] + rows).joined(separator: "\n") + "\n", to: table)
    _ = try PathologyImport.run(table, into: study)
    let export = folder.url.appendingPathComponent("mdai.json")
    try MDAI.write((0..<count).flatMap(contours), to: export)
    _ = try ContourImport.run(export, into: study)
    _ = try ROIBuild.run(study)
  }

  private func uid(_ name: String) -> String { DICOMUID.make(from: name) }

  private func writeImages() throws {
    let dicom = folder.url.appendingPathComponent("dicom")
    try FileManager.default.createDirectory(at: dicom, withIntermediateDirectories: true)
    for patient in 0..<count {
      let code = Self.code(patient)
      for slice in 0..<8 {
        let values = (0..<48 * 48).map { place -> Int16 in
          let isTumour = Self.columns(patient, reader: 0).contains(place % 48) && Self.rows.contains(place / 48)
          let texture = (place * (7 + patient) + slice * 13) % 31
          return Int16(texture + (isTumour ? 60 + (patient.isMultiple(of: 2) ? 40 : 0) : 0))
        }
        try CTInstance(
          patientID: code, studyInstanceUID: uid(code), seriesInstanceUID: uid("\(code) series"),
          sopInstanceUID: uid("\(code) \(slice)"), columns: 48, rows: 48, storedValues: values,
          position: SIMD3(0, 0, Self.spacing.z * Double(slice)),
          pixelSpacing: PixelSpacing(row: Self.spacing.y, column: Self.spacing.x), sliceThickness: Self.spacing.z
        ).write(to: dicom.appendingPathComponent("\(code) \(slice).dcm"))
      }
    }
    _ = try DICOMImport.run(dicom, into: study)
  }

  private func contours(_ patient: Int) -> [Contour] {
    let code = Self.code(patient)
    return Self.readers.indices.filter { $0 == 0 || patient < count - 1 }.flatMap { reader in
      let columns = Self.columns(patient, reader: reader)
      let (left, right) = (Double(columns.lowerBound) - 0.5, Double(columns.upperBound) - 0.5)
      let (top, bottom) = (Double(Self.rows.lowerBound) - 0.5, Double(Self.rows.upperBound) - 0.5)
      return Self.slices(patient, reader: reader).map { slice in
        Contour(
          annotationID: "A_\(code)_\(reader)_\(slice)", studyInstanceUID: uid(code),
          seriesInstanceUID: uid("\(code) series"), sopInstanceUID: uid("\(code) \(slice)"), labelName: "Tumor",
          reader: Self.readers[reader],
          vertices: [SIMD2(left, top), SIMD2(right, top), SIMD2(right, bottom), SIMD2(left, bottom)], width: 48,
          height: 48)
      }
    }
  }
}
