import DICOM
import Foundation
import Study
import Support

/// One patient of the virtual hospital while it is written.
struct HospitalPatient: Sendable {
  private(set) var rows: [[String]] = []
  private(set) var series: [HospitalTruth.Series] = []

  private var plan: HospitalPlan
  private let settings: HospitalSettings
  private let folder: URL
  private let patient: VirtualPatient
  private let exam: String

  /// Pixels per row and column: two by two of the phantom's.
  private static let side = PixelGrid.side / 2
  private static let pixel = Double(PixelGrid.spacing) * 2
  private static let spacing = 9.5

  init(_ plan: HospitalPlan, _ settings: HospitalSettings, _ folder: URL) {
    self.plan = plan
    self.settings = settings
    self.folder = folder
    var cohort = PhantomSettings()
    cohort.seed = settings.seed
    cohort.secondLesionShare = plan.hasTwoLesions ? 1 : 0
    patient = VirtualPatient(number: plan.number, isHigh: plan.isHigh, cohort)
    exam = DICOMUID.make(from: "RenalGrade hospital \(settings) patient \(plan.number)")
  }

  var truth: HospitalTruth.Patient {
    HospitalTruth.Patient(id: patient.id, exclusion: plan.exclusion, lesions: patient.lesions.count)
  }

  /// Writes the patient's series, and makes the clinical rows.
  mutating func write(_ scanner: Scanner) throws {
    rows = plan.rows(of: patient)
    var noise = DeterministicGenerator(seed: settings.seed, stream: 2_000_000 + UInt64(plan.number))
    let heights = (0..<settings.slices).map { (Double($0) - Double(settings.slices - 1) / 2) * Self.spacing }
    let canvases = heights.map { patient.slice(at: Float($0)) }
    var stacks: [(phase: ContrastPhase, slices: [[Int16]])] = []
    for phase in plan.phases {
      let slices = canvases.map { canvas in
        Self.halved(
          scanner.scan(canvas, phase: phase, sigma: patient.sigma[phase.lane], half: patient.habitus.half, &noise))
      }
      stacks.append((phase, slices))
      let kernel = plan.pick(["STANDARD", "B30f", "Br40d", "FC08", "B", "SYNTHETIC"])
      let (text, kind) = plan.describe(phase)
      try writeAxial(
        .phase, phase, slices, heights, [.seriesDescription: text, .convolutionKernel: kernel], text: kind)
    }
    // Other reconstructions are made of the last phase.
    guard let last = stacks.last else { return }
    for kind in plan.extras { try write(kind, of: last.phase, last.slices, heights) }
  }

  private mutating func write(
    _ kind: HospitalTruth.SeriesKind, of phase: ContrastPhase, _ slices: [[Int16]], _ heights: [Double]
  ) throws {
    let (text, textKind) = plan.describe(phase)
    switch kind {
    case .phase: break
    case .localizer:
      let elements: [DICOMTag: String] = [
        .imageType: #"ORIGINAL\PRIMARY\LOCALIZER"#, .seriesDescription: "SCOUT",
        .imageOrientationPatient: #"1\0\0\0\0\-1"#,
      ]
      try writeImages(kind, nil, [slices[0]], rows: Self.side, [0], elements, text: .nothing)
    case .doseSheet:
      let elements: [DICOMTag: String] = [
        .imageType: #"DERIVED\SECONDARY\SCREEN SAVE"#, .seriesDescription: "Dose Report", .imageOrientationPatient: "",
        .imagePositionPatient: "",
      ]
      try writeImages(kind, nil, [slices[0]], rows: Self.side, [0], elements, text: .nothing)
    case .reformat: try writeCoronal(phase, slices, heights, text, textKind)
    case .sharpKernel:
      let elements: [DICOMTag: String] = [
        .seriesDescription: text, .convolutionKernel: plan.pick(["LUNG", "B70f", "Bl57d", "FC51", "BONEPLUS"]),
      ]
      try writeAxial(kind, phase, slices, heights, elements, text: textKind)
    case .duplicate:
      try writeAxial(
        kind, phase, slices, heights, [.seriesDescription: text, .convolutionKernel: "STANDARD"], text: textKind)
    case .projection:
      let elements: [DICOMTag: String] = [.imageType: #"DERIVED\SECONDARY\AXIAL\MIP"#, .seriesDescription: text]
      try writeAxial(kind, phase, slices, heights, elements, text: textKind)
    case .wideSpacing:
      let chosen = Array(stride(from: 0, to: slices.count, by: 2))
      try writeAxial(
        kind, phase, chosen.map { slices[$0] }, chosen.map { heights[$0] }, [.seriesDescription: text], text: textKind)
    case .partial:
      try writeAxial(
        kind, phase, Array(slices.suffix(4)), Array(heights.suffix(4)), [.seriesDescription: text], text: textKind)
    }
  }

  private mutating func writeAxial(
    _ kind: HospitalTruth.SeriesKind, _ phase: ContrastPhase, _ slices: [[Int16]], _ heights: [Double],
    _ elements: [DICOMTag: String], text: HospitalPlan.Text
  ) throws {
    try writeImages(kind, phase, slices, rows: Self.side, heights, elements, text: text)
  }

  /// Five coronal slices, the axial ones stretched.
  private mutating func writeCoronal(
    _ phase: ContrastPhase, _ slices: [[Int16]], _ heights: [Double], _ text: String, _ kind: HospitalPlan.Text
  ) throws {
    let repeats = 5
    let top = heights.last ?? 0
    let images = (0..<5).map { number in
      let row = Self.side / 2 + 4 * number
      return slices.reversed().flatMap { slice in
        let line = Array(slice[row * Self.side..<(row + 1) * Self.side])
        return Array(repeating: line, count: repeats).flatMap { $0 }
      }
    }
    let elements: [DICOMTag: String] = [
      .imageType: #"DERIVED\SECONDARY\REFORMATTED"#, .seriesDescription: "COR " + text,
      .imageOrientationPatient: #"1\0\0\0\0\-1"#, .convolutionKernel: "STANDARD",
      .pixelSpacing: CTInstance.decimals([Self.spacing / Double(repeats), Self.pixel]),
    ]
    let depths = (0..<5).map { Double(4 * $0) * Self.pixel }
    try writeImages(
      .reformat, phase, images, rows: slices.count * repeats, depths, elements, text: kind, coronalTop: top)
  }

  /// Writes the images of one series; `places` run along z, or to the back where the slices are coronal.
  private mutating func writeImages(
    _ kind: HospitalTruth.SeriesKind, _ phase: ContrastPhase?, _ images: [[Int16]], rows: Int, _ places: [Double],
    _ elements: [DICOMTag: String], text: HospitalPlan.Text, coronalTop: Double? = nil
  ) throws {
    let number = series.count + 1
    let uid = DICOMUID.make(from: "\(exam) series \(number)")
    let target = folder.appendingPathComponent("dicom/\(patient.id)/\(number)")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    let corner = -Double(Self.side - 1) / 2 * Self.pixel
    let hasAgentTag = plan.generator.chance(0.75) == (phase.map { $0 != .preContrast } ?? false)
    for (index, (image, place)) in zip(images, places).enumerated() {
      let position =
        coronalTop.map { SIMD3(corner, place, Double(patient.table) + $0) }
        ?? SIMD3(corner, corner, Double(patient.table) + place)
      var instance = CTInstance(
        patientID: patient.id, studyInstanceUID: exam, seriesInstanceUID: uid,
        sopInstanceUID: DICOMUID.make(from: "\(uid) \(index)"), columns: Self.side, rows: rows,
        storedValues: image.map { $0 + 1024 }, rescaleIntercept: -1024, position: position,
        pixelSpacing: PixelSpacing(row: Self.pixel, column: Self.pixel), sliceThickness: 2.5)
      instance.elements.merge(header(phase, number: number, instance: index + 1, hasAgentTag: hasAgentTag)) { $1 }
      instance.elements.merge(elements) { $1 }
      try instance.write(to: target.appendingPathComponent("\(index + 1).dcm"))
    }
    series.append(
      HospitalTruth.Series(
        uid: uid, patient: patient.id, kind: kind, phase: phase, text: text.rawValue, timing: plan.timing.rawValue))
  }

  private func header(
    _ phase: ContrastPhase?, number: Int, instance: Int, hasAgentTag: Bool
  ) -> [DICOMTag: String] {
    let day = HospitalPlan.scanDate
    let (acquisition, bolus) = phase.map { plan.times($0) } ?? ("", "")
    return [
      .studyDate: day, .seriesDate: day, .acquisitionDate: day, .contentDate: day, .acquisitionTime: acquisition,
      .contrastBolusStartTime: bolus, .contrastBolusAgent: hasAgentTag ? "SYNTHETIC" : "",
      .manufacturer: "RenalGrade", .manufacturerModelName: "Virtual hospital", .studyDescription: "SYNTHETIC renal CT",
      .protocolName: "ABD W/WO RENAL MASS", .patientName: "Virtual^" + patient.id.dropFirst("VIRTUAL-".count),
      .patientSex: patient.sex, .patientAge: "0\(patient.age)Y", .imageComments: CohortFiles.notice,
      .syntheticData: "YES", .patientIdentityRemoved: "YES", .deidentificationMethod: CohortFiles.notice,
      .kvp: "120", .seriesNumber: "\(number)", .acquisitionNumber: "\(number)", .instanceNumber: "\(instance)",
    ]
  }

  /// The mean of every two by two pixels.
  private static func halved(_ values: [Int16]) -> [Int16] {
    let width = PixelGrid.side
    return (0..<side * side).map { index in
      let first = index / side * 2 * width + index % side * 2
      let sum =
        Int(values[first]) + Int(values[first + 1]) + Int(values[first + width]) + Int(values[first + width + 1])
      return Int16((sum + (sum < 0 ? -2 : 2)) / 4)
    }
  }
}
