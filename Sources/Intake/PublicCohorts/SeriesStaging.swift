import Imaging
import Annotation
import DICOM
import Foundation
import Imaging
import Study
import Support

/// A volume's place in the study: UIDs that follow from cohort, patient and phase alone, so that a second import meets
/// the first.
struct SeriesIdentity: Sendable {
  let patientID: String
  let study: String
  let series: String
  let frameOfReference: String
  private let seed: String

  /// `space` names what shares the patient's coordinates: volumes registered to one another have the same.
  init(cohort: String, patientID: String, phase: String, space: String) {
    self.patientID = patientID
    seed = "\(cohort) \(patientID) \(phase)"
    study = DICOMUID.make(from: "\(cohort) \(patientID)")
    series = DICOMUID.make(from: seed)
    frameOfReference = DICOMUID.make(from: "\(cohort) \(patientID) space \(space)")
  }

  func instance(_ slice: Int) -> String { DICOMUID.make(from: "\(seed) \(slice)") }

  /// The outlines of a mask on one slice.
  func contours(_ mask: PixelMask, slice: Int) -> [Contour] {
    mask.outlines().enumerated().map { index, polygon in
      Contour(
        annotationID: "slice \(slice + 1), outline \(index + 1)", studyInstanceUID: study, seriesInstanceUID: series,
        sopInstanceUID: instance(slice), labelName: "Tumor", reader: "mask", vertices: polygon.vertices,
        width: mask.columns, height: mask.rows)
    }
  }
}

/// A folder in which one patient's volumes become DICOM slices, on their way into the study.
struct SeriesStaging: Sendable {
  let folder: URL
  /// The numbers of slices that the study holds already, by series.
  private let held: [String: Int]

  init(_ folder: URL, held: [String: Int]) {
    self.folder = folder
    self.held = held
  }

  /// The numbers of slices that the study holds, by SeriesInstanceUID.
  static func heldSlices(_ study: StudyFolder) throws(StudyError) -> [String: Int] {
    try study.read { try SlicePlace.counts($0) }
  }

  /// Whether the study has the whole series, so that an interrupted import can resume.
  func isHeld(_ identity: SeriesIdentity, slices: Int) -> Bool { held[identity.series] == slices }

  /// Writes a volume as axial CT slices with the additional attributes of `header`.
  ///
  /// - Throws: `DICOMError` or the system's error where the disk does not take it.
  func write(_ volume: Volume, _ identity: SeriesIdentity, header: [DICOMTag: String]) throws {
    let folder = folder.appendingPathComponent(identity.series)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let grid = volume.grid
    let (column, row) = (grid.columnStep / grid.columnStep.length, grid.rowStep / grid.rowStep.length)
    for slice in 0..<grid.slices {
      var image = CTInstance(
        patientID: identity.patientID, studyInstanceUID: identity.study, seriesInstanceUID: identity.series,
        sopInstanceUID: identity.instance(slice), columns: grid.columns, rows: grid.rows,
        storedValues: volume.slice(slice), position: grid.position(ofSlice: slice), pixelSpacing: grid.pixelSpacing,
        sliceThickness: grid.sliceStep.length)
      image.elements[.imageOrientationPatient] = CTInstance.decimals([
        column.x, column.y, column.z, row.x, row.y, row.z,
      ])
      image.elements[.frameOfReferenceUID] = identity.frameOfReference
      image.elements[.instanceNumber] = "\(slice + 1)"
      image.elements[.imageType] = #"DERIVED\PRIMARY\AXIAL"#
      image.elements[.patientIdentityRemoved] = "YES"
      image.elements.merge(header) { $1 }
      try image.write(to: folder.appendingPathComponent("\(slice + 1).dcm"))
    }
  }
}
