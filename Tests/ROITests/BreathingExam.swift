import Annotation
import DICOM
import Foundation
import GRDB
import Imaging
import Intake
import Study
import Support
import TestSupport

/// One patient whose tumour is outlined in the portal venous phase alone, and who breathed before each other phase.
///
/// The body is a formula, so that shifts and true outlines are known: a kidney with a tumour on its left side, and a muscle.
final class BreathingExam: Sendable {
  /// How a series is scanned.
  struct Scan: Sendable {
    var phase: Phase
    var shift = SIMD3<Double>.zero
    var pixel = 2.0
    var step = 3.0
    /// Coronal slices instead of axial ones.
    var isCoronal = false
    /// Waves that have nothing of a kidney.
    var isOther = false
    var frameOfReference: String?
    /// The half-width of the scanned region along the normal, in mm.
    var reach = 45.0

    var across: SIMD3<Double> { [1, 0, 0] }
    var down: SIMD3<Double> { isCoronal ? [0, 0, -1] : [0, 1, 0] }
    var normal: SIMD3<Double> { across.cross(down) }
    var side: Int { Int(112 / pixel) }
    var heights: [Double] { Array(stride(from: -reach, through: reach, by: step)) }

    func position(_ slice: Int, _ column: Double, _ row: Double) -> SIMD3<Double> {
      heights[slice] * normal + (column * pixel - 56) * across + (row * pixel - 56) * down
    }
  }

  static let centre = SIMD3<Double>(15, -8, 2)
  static let radii = SIMD3<Double>(14, 12, 12)
  static let code = "P1"

  let folder: TemporaryFolder
  let study: StudyFolder
  let scans: [Scan]

  /// Makes the study; the first scan is the one that is outlined, by each of `readers`.
  init(_ scans: [Scan], readers: [String] = ["U_1"], protocol change: (String) -> String = { $0 }) throws {
    folder = try TemporaryFolder()
    self.scans = scans
    let source = try String(contentsOf: protocolsFolder.appendingPathComponent("paper.yaml"), encoding: .utf8)
      .replacing("patientIDs: identifiers", with: "patientIDs: codes").replacing("boxSize: 128", with: "boxSize: 24")
    let file = folder.url.appendingPathComponent("protocol.yaml")
    let text = change(String(source.prefix(upTo: source.range(of: "\ncohort:")?.lowerBound ?? source.endIndex)))
    try AtomicFile.write(text + "\n", to: file)
    study = try StudyFolder.create(at: folder.url.appendingPathComponent("study"), protocolSource: file)
    let dicom = folder.url.appendingPathComponent("dicom")
    try FileManager.default.createDirectory(at: dicom, withIntermediateDirectories: true)
    var random = DeterministicGenerator(seed: 7, stream: 1)
    for (number, scan) in scans.enumerated() {
      for slice in scan.heights.indices {
        let values = (0..<scan.side * scan.side).map { index in
          let place = scan.position(slice, Double(index % scan.side), Double(index / scan.side))
          let value = scan.isOther ? Self.waves(place) : Self.body(place - scan.shift, scan.phase)
          return Int16((value + Double.random(in: -12...12, using: &random)).rounded())
        }
        var image = CTInstance(
          patientID: Self.code, studyInstanceUID: uid("exam"), seriesInstanceUID: uid("\(number)"),
          sopInstanceUID: uid("\(number) \(slice)"), columns: scan.side, rows: scan.side, storedValues: values,
          position: scan.position(slice, 0, 0), pixelSpacing: PixelSpacing(row: scan.pixel, column: scan.pixel),
          sliceThickness: scan.step)
        if scan.isCoronal { image.elements[.imageOrientationPatient] = #"1\0\0\0\0\-1"# }
        if let frame = scan.frameOfReference { image.elements[.frameOfReferenceUID] = uid(frame) }
        try image.write(to: dicom.appendingPathComponent("\(number) \(slice).dcm"))
      }
    }
    _ = try DICOMImport.run(dicom, into: study)
    let table = folder.url.appendingPathComponent("pathology.csv")
    try AtomicFile.write("patient,lesion,grade\n\(Self.code),1,3\n", to: table)
    _ = try PathologyImport.run(table, into: study)
    try outline(readers.map { ($0, 0) })
    try study.write { database in
      for (number, scan) in scans.enumerated() {
        try database.execute(
          sql: """
            INSERT INTO seriesPhase (seriesId, phase, confidence, isUsed, reasons)
            SELECT id, ?, 1, 1, '[]' FROM series WHERE seriesInstanceUID = ?
            """, arguments: [scan.phase.rawValue, uid("\(number)")])
      }
    }
  }

  func uid(_ name: String) -> String { DICOMUID.make(from: "breathing \(name)") }

  /// Imports the true outlines of some series, each by a reader; series are given by number.
  func outline(_ drawn: [(reader: String, scan: Int)]) throws {
    var contours: [Contour] = []
    for (reader, number) in drawn {
      let scan = scans[number]
      for slice in scan.heights.indices {
        let height = (scan.heights[slice] - Self.centre.z - scan.shift.z) / Self.radii.z
        let scale = (1 - height * height).squareRoot()
        guard scale > 0.1 else { continue }
        let vertices = (0..<40).map { corner in
          let angle = Double(corner) * .pi / 20
          let place = Self.centre + scan.shift + scale * Self.radii * SIMD3(cos(angle), sin(angle), 0)
          return SIMD2((place.x + 56) / scan.pixel, (place.y + 56) / scan.pixel)
        }
        contours.append(
          Contour(
            annotationID: "A_\(contours.count)", studyInstanceUID: uid("exam"), seriesInstanceUID: uid("\(number)"),
            sopInstanceUID: uid("\(number) \(slice)"), labelName: "Tumor", reader: reader, vertices: vertices,
            width: scan.side, height: scan.side))
      }
    }
    let export = folder.url.appendingPathComponent("mdai.json")
    try MDAI.write(contours, to: export)
    _ = try ContourImport.run(export, into: study)
  }

  /// Where the tumour truly is on a scan's slice.
  func truth(_ scan: Scan, slice: Int) -> [Bool] {
    (0..<scan.side * scan.side).map { index in
      let place = scan.position(slice, Double(index % scan.side), Double(index / scan.side)) - scan.shift
      return ((place - Self.centre) / Self.radii).length < 1
    }
  }

  private static func waves(_ place: SIMD3<Double>) -> Double {
    let cells = Int((place.x + 500) / 9) + Int((place.y + 500) / 11) + Int((place.z + 500) / 7)
    return cells % 2 == 0 ? 100 : -100
  }

  private static func body(_ place: SIMD3<Double>, _ phase: Phase) -> Double {
    func ellipsoid(_ centre: SIMD3<Double>, _ radii: SIMD3<Double>) -> Double {
      1 / (1 + exp(10 * (((place - centre) / radii).length - 1)))
    }
    let (kidney, tumour): (Double, Double) =
      switch phase {
      case .nonContrast: (30, 40)
      case .lateArterial: (150, 130)
      case .portalVenous: (180, 110)
      case .delayed: (140, 80)
      }
    let organ = ellipsoid([0, 0, 0], [28, 24, 50])
    let lesion = ellipsoid(centre, radii)
    let muscle = ellipsoid([10, 45, -10], [30, 15, 60])
    return -100 + organ * (kidney + 100) * (1 - lesion) + lesion * (tumour + 100) + muscle * 150 * (1 - organ)
  }
}
