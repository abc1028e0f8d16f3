import Imaging
import Annotation
import DICOM
import Foundation
import GRDB
import Imaging
import Intake
import Study
import Support
import TestSupport
import Testing

@testable import ROI

/// An exam of ten slices with two outlined lesions, and the study that it alone makes.
final class OutlinedExam {
  static let patientID = "MUSTERMANN-1"
  let folder: TemporaryFolder
  let study: StudyFolder
  var settings: StudyProtocol
  var slices: [CTInstance] = []
  var contours: [Contour] = []

  init() throws {
    folder = try TemporaryFolder()
    let paper = protocolsFolder.appendingPathComponent("paper.yaml")
    study = try StudyFolder.create(at: folder.url.appendingPathComponent("study"), protocolSource: paper)
    settings = try StudyProtocol(contentsOf: paper)
    settings.roi.boxSize = 24
    slices = (0..<10).map { slice("slice \($0)", z: 2.5 * Double($0), Int16($0)) }
    contours = (1...5).map { index in
      Contour(
        annotationID: "A_\(index)", studyInstanceUID: uid("exam"), seriesInstanceUID: uid("series"),
        sopInstanceUID: uid("slice \(index)"), labelName: index < 4 ? "Tumor 1" : "Tumor 2", reader: "U_1",
        vertices: [[18, 18], [30, 18], [30, 28], [18, 28]], width: 48, height: 48)
    }
  }

  func uid(_ name: String) -> String { DICOMUID.make(from: name) }
  var dicom: URL { folder.url.appendingPathComponent("Mustermann, Erika") }
  /// The file of slice `index`; the names run against the slices' positions.
  func file(_ index: Int) -> URL { dicom.appendingPathComponent("Mustermann-\(9 - index).dcm") }
  private var export: URL { folder.url.appendingPathComponent("Mustermann.json") }

  /// What no sentence may hold.
  var secrets: [String] { ["ustermann", Self.patientID, "STRANGER", ".dcm", folder.url.path, "2.25."] }

  func slice(
    _ sop: String, patient: String = patientID, exam: String = "exam", series: String = "series", z: Double,
    _ value: Int16
  ) -> CTInstance {
    let values: [Int16] = (0..<48 * 48).map { place in
      Int16(truncatingIfNeeded: place * (Int(value) + 3) % 200 - 50)
    }
    return CTInstance(
      patientID: patient, studyInstanceUID: uid(exam), seriesInstanceUID: uid(series), sopInstanceUID: uid(sop),
      columns: 48, rows: 48, storedValues: values, position: SIMD3(0, 0, z),
      pixelSpacing: PixelSpacing(row: 1, column: 1), sliceThickness: 2.5)
  }

  func write() throws {
    try FileManager.default.createDirectory(at: dicom, withIntermediateDirectories: true)
    for (index, slice) in slices.enumerated() { try slice.write(to: file(index)) }
    try writeContours()
  }

  func writeContours() throws { try MDAI.write(contours, to: export) }

  /// The exam on its own, without the study.
  func rois() throws -> ExamROIs {
    try ExamStudy.read(dicom: dicom, contours: export, protocol: settings) { exam in
      ExamROIs(rois: try ROISet(exam), exam: exam, remarks: try exam.remarks())
    }
  }

  struct ExamROIs {
    let rois: ROISet
    let exam: ExamStudy
    let remarks: [String]
    var entries: [ROISet.Entry] { rois.entries }
  }

  /// Makes the study by the steps that the command line takes, and gives why it leaves the patient out, each reason once.
  func excludingReasons() throws -> Set<String> {
    let readers = settings.annotation.readers.joined(separator: ", ")
    let text = try String(contentsOf: protocolsFolder.appendingPathComponent("paper.yaml"), encoding: .utf8)
      .replacing("readers: []", with: "readers: [\(readers)]")
      .replacing("boxSize: 128", with: "boxSize: 24")
      .replacing(
        /\n  phases: \[\]/,
        with: "\n  phases: []" + (settings.inputs.neighbours.map { "\n  neighbours: \($0)" } ?? "")
      )
      .replacing(/resampleTo: \w+/, with: "resampleTo: \(settings.roi.resampleTo.map { "\($0)" } ?? "null")")
      .replacing(
        /maximumSlicesPerLesion: \w+/,
        with: "maximumSlicesPerLesion: \(settings.roi.maximumSlicesPerLesion.map { "\($0)" } ?? "null")")
    try Data(text.utf8).write(to: study.protocolFile)
    let written = try study.readProtocol()
    try #require(written.annotation == settings.annotation && written.roi == settings.roi)
    _ = try DICOMImport.run(dicom, into: study)
    let table = folder.url.appendingPathComponent("pathology.csv")
    try AtomicFile.write("patient,lesion,grade\n\(Self.patientID),1,2\n\(Self.patientID),2,3\n", to: table)
    _ = try PathologyImport.run(table, into: study)
    _ = try ContourImport.run(export, into: study)
    _ = try ROIBuild.run(study)
    let code = try study.read { try Patient.filter(Column("sourceID") == Self.patientID).fetchOne($0)?.code }
    return Set(try study.setAside().filter { $0.excludes && $0.patientCode == code }.map(\.reason))
  }

  /// Takes the vertices away from an annotation of the export.
  func damageAnnotation(_ id: String) throws {
    var root = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: export)) as? [String: Any])
    var datasets = try #require(root["datasets"] as? [[String: Any]])
    var annotations = try #require(datasets[0]["annotations"] as? [[String: Any]])
    let place = try #require(annotations.firstIndex { $0["id"] as? String == id })
    annotations[place]["data"] = NSNull()
    datasets[0]["annotations"] = annotations
    root["datasets"] = datasets
    try JSONSerialization.data(withJSONObject: root).write(to: export)
  }
}

/// What can be wrong with an exam.
enum ExamFault: String, CaseIterable, CustomTestStringConvertible {
  case selfIntersectingContour = "a contour that crosses itself"
  case contourOffTheImage = "a contour off the image"
  case damagedAnnotation = "an annotation of the lesion without vertices"
  case contourOfAnotherSeries = "a contour that states another patient's series"
  case missingSlice = "an outlined slice that is not there"
  case unreadableFile = "an outlined slice that was cut off"
  case duplicateOfOtherPixels = "two files of one slice with other pixels"
  case mixedSeries = "slices of two sizes in one series"
  case mixedSeriesBeside = "slices of two sizes in a series that nobody outlined"
  case examOfTwoPatients = "one exam under two PatientIDs"
  case readerNotListed = "a reader whom the protocol does not name"
  case noPixelSpacing = "no pixel spacing where slices are to be resampled"

  var testDescription: String { rawValue }

  /// Words of the reason.
  var reason: String {
    switch self {
    case .selfIntersectingContour: "cross"
    case .contourOffTheImage: "extends beyond the image"
    case .damagedAnnotation: "line "
    case .contourOfAnotherSeries: "but its series or exam belongs to"
    case .missingSlice, .unreadableFile: "its slice is not in the study"
    case .duplicateOfOtherPixels: "two files with one SOP Instance UID, but different contents"
    case .mixedSeries, .mixedSeriesBeside: "two series under one UID"
    case .examOfTwoPatients: "belongs to 2 PatientIDs"
    case .readerNotListed: "none of the protocol's readers"
    case .noPixelSpacing: "no usable (0028,0030) PixelSpacing"
    }
  }

  /// Changes what is to be written.
  func spoil(_ exam: OutlinedExam) throws {
    switch self {
    case .selfIntersectingContour: exam.contours[2].vertices = [[18, 18], [30, 28], [30, 18], [18, 28]]
    case .contourOffTheImage: exam.contours[2].vertices[1] = [90, 18]
    case .contourOfAnotherSeries:
      exam.contours[2].seriesInstanceUID = exam.uid("other series")
      exam.slices.append(
        exam.slice("stranger", patient: "STRANGER", exam: "other exam", series: "other series", z: 0, 1))
    case .duplicateOfOtherPixels: exam.slices.append(exam.slice("slice 3", z: 7.5, 99))
    case .mixedSeries, .mixedSeriesBeside:
      let isBeside = self == .mixedSeriesBeside
      for index in 0..<3 {
        var slice = exam.slice(
          "mixed \(index)", series: isBeside ? "beside" : "series", z: 100 + 2.5 * Double(index), 1)
        if index == 1 || !isBeside { slice.elements[.imageOrientationPatient] = #"1\0\0\0\0\-1"# }
        exam.slices.append(slice)
      }
    case .examOfTwoPatients:
      exam.slices.append(exam.slice("stranger", patient: "STRANGER", series: "other series", z: 0, 1))
    case .readerNotListed: exam.settings.annotation.readers = ["U_7"]
    case .noPixelSpacing:
      exam.settings.roi.resampleTo = 0.9765625
      for index in exam.slices.indices { exam.slices[index].elements[.pixelSpacing] = "" }
    case .damagedAnnotation, .missingSlice, .unreadableFile: break
    }
  }

  /// Changes what was written.
  func damageFiles(of exam: OutlinedExam) throws {
    switch self {
    case .missingSlice: try FileManager.default.removeItem(at: exam.file(2))
    case .unreadableFile:
      let bytes = try Data(contentsOf: exam.file(2))
      try bytes.prefix(bytes.count - 50).write(to: exam.file(2))
    case .damagedAnnotation: try exam.damageAnnotation("A_3")
    default: break
    }
  }
}
