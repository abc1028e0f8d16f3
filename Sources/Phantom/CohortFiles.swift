import Annotation
import DICOM
import Foundation
import Imaging
import Study
import Support

/// What one patient adds to the cohort's files besides its images.
struct PatientFiles: Sendable {
  var imageCount = 0
  var contours: [Contour] = []
  /// Rows of the pathology table.
  var rows: [[String]] = []
}

/// The folder that a cohort is written to.
struct CohortFiles: Sendable {
  let folder: URL
  let settings: PhantomSettings

  static let notice = "synthetic virtual patient, not a person"
  private static let columns = [
    "patient", "lesion", "grade", "subtype", "stage", "size_mm", "laterality", "procedure", "sex", "age", "source",
  ]

  /// Makes the folder and says what it holds, before anything else is in it.
  func prepare() throws(PhantomError) {
    let manager = FileManager.default
    if let content = try? manager.contentsOfDirectory(atPath: folder.path), !content.isEmpty {
      throw PhantomError(
        description: "\(folder.path) is not empty; choose another folder, so that two cohorts are not mixed")
    }
    try attempt("README.txt") {
      try manager.createDirectory(at: folder, withIntermediateDirectories: true)
      try AtomicFile.write(readme, to: folder.appendingPathComponent("README.txt"))
    }
  }

  /// Writes a patient's series.
  func write(_ patient: VirtualPatient, _ scanner: Scanner) throws(PhantomError) -> PatientFiles {
    var reader = VirtualReader(seed: settings.seed, patient: patient.number, grid: patient.grid)
    var second = settings.secondReaderWobble.map {
      VirtualReader(second: $0, seed: settings.seed, patient: patient.number, grid: patient.grid)
    }
    var noise = DeterministicGenerator(seed: settings.seed, patient: patient.number, purpose: .noise)
    var files = PatientFiles()
    let annotated = patient.lesions.map { reader.slices(of: $0.tumour, limit: settings.maximumAnnotatedSlices) }
    let identity = ImageIdentity(patient, settings)
    let slices = slices(of: patient, annotated: annotated.compactMap { $0 })
    for phase in settings.phases {
      try attempt(patient.id) {
        try FileManager.default.createDirectory(at: seriesFolder(patient, phase), withIntermediateDirectories: true)
      }
    }
    for (index, number) in slices.enumerated() {
      let z = Float(number) * PixelGrid.sliceSpacing
      let canvas = patient.slice(at: z)
      for phase in settings.phases {
        let values = scanner.scan(
          canvas, phase: phase, sigma: patient.sigma[phase.lane], half: patient.habitus.half, &noise)
        let image = identity.image(values, phase: phase, number: index + 1, z: z)
        let digits = String(index + 1)
        let name = String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ".dcm"
        try attempt(name) { try image.write(to: seriesFolder(patient, phase).appendingPathComponent(name)) }
        files.imageCount += 1
      }
      for (lesion, range) in zip(patient.lesions, annotated) where range?.contains(number) == true {
        let phase = patient.annotatedPhase
        func add(_ prefix: String, _ reader: String, _ vertices: [SIMD2<Double>]) {
          files.contours.append(
            Contour(
              annotationID: "\(prefix)_\(patient.id)_\(lesion.name)_\(index + 1)", studyInstanceUID: identity.study,
              seriesInstanceUID: identity.series(phase), sopInstanceUID: identity.instance(phase, index + 1),
              labelName: patient.lesions.count == 1 ? "Tumor" : "Tumor \(lesion.name)", reader: reader,
              vertices: vertices, width: PixelGrid.side, height: PixelGrid.side))
        }
        add("A", VirtualReader.name, reader.outline(lesion.tumour, at: z))
        if let vertices = second?.outline(lesion.tumour, at: z) { add("B", VirtualReader.secondName, vertices) }
      }
    }
    files.rows = patient.lesions.map { row(patient, $0) }
    return files
  }

  /// Writes what all patients share.
  func finish(_ patients: [PatientFiles]) throws(PhantomError) {
    let lines = ([Self.columns] + patients.flatMap(\.rows)).map { $0.map(\.csvCell).joined(separator: ",") }
    try attempt("pathology.csv") {
      try AtomicFile.write(
        lines.joined(separator: "\n") + "\n", to: folder.appendingPathComponent("pathology.csv"))
    }
    try attempt("mdai.json") {
      try MDAI.write(
        patients.flatMap(\.contours), to: folder.appendingPathComponent("mdai.json"),
        project: "Synthetic virtual patients, not persons")
    }
  }

  private func seriesFolder(_ patient: VirtualPatient, _ phase: ContrastPhase) -> URL {
    folder.appendingPathComponent("dicom/\(patient.id)/\(phase.rawValue)")
  }

  /// The numbers of the slices that are written; slice n lies n x 2.5 mm above the kidneys' middle.
  private func slices(of patient: VirtualPatient, annotated: [ClosedRange<Int>]) -> ClosedRange<Int> {
    switch settings.coverage {
    case .annotated(let margin):
      let low = annotated.map(\.lowerBound).min() ?? 0
      let high = annotated.map(\.upperBound).max() ?? 0
      return low - margin...high + margin
    case .kidneys:
      let bounds = patient.kidneys.map(\.bounds) + patient.lesions.map(\.tumour.bounds)
      let low = (bounds.map(\.low.z).min() ?? 0) / PixelGrid.sliceSpacing
      let high = (bounds.map(\.high.z).max() ?? 0) / PixelGrid.sliceSpacing
      return Int(low.rounded(.down)) - 2...Int(high.rounded(.up)) + 2
    }
  }

  private func row(_ patient: VirtualPatient, _ lesion: VirtualPatient.Lesion) -> [String] {
    let size = Double((lesion.tumour.traits.diameter * 10).rounded()) / 10
    return [
      patient.id, lesion.name, "\(lesion.grade.rawValue)", "clear_cell_rcc", size <= 40 ? "pT1a" : "pT1b", "\(size)",
      lesion.tumour.side.rawValue, lesion.procedure, patient.sex, "\(patient.age)", Self.notice,
    ]
  }

  private var readme: String {
    """
    SYNTHETIC DATA: virtual patients, not persons.

    Every image, contour and grade in this folder is computed. It serves to test software and statistics and proves nothing
    about medicine.

    \(settings.lowGradePatients) patients with low-grade and \(settings.highGradePatients) with high-grade clear cell renal \
    cell carcinoma; grade signal \(settings.signal), in \(settings.signalIn.rawValue), seed \(settings.seed).

    dicom/<patient>/<phase>/<number>.dcm  CT slices, 512 x 512 pixels of 0.9765625 mm, every 2.5 mm
    mdai.json                             the tumours' contours in the layout of a MD.ai export
    pathology.csv                         the tumours' grades

    """
  }

  /// Gives every failure the name of what was being written.
  private func attempt(_ name: String, _ body: () throws -> Void) throws(PhantomError) {
    do {
      try body()
    } catch {
      throw PhantomError(
        description: "cannot write \(name) of the virtual patients below \(folder.path): \(error). Is the disk full?")
    }
  }
}

/// The headers of one patient's images.
struct ImageIdentity: Sendable {
  private let patient: VirtualPatient
  private let seed: String
  let study: String

  init(_ patient: VirtualPatient, _ settings: PhantomSettings) {
    self.patient = patient
    // Another cohort's images are others, even where the seed is the same.
    seed = "RenalGrade phantom \(settings) patient \(patient.number)"
    study = DICOMUID.make(from: seed)
  }

  func series(_ phase: ContrastPhase) -> String { DICOMUID.make(from: "\(seed) \(phase.rawValue)") }

  func instance(_ phase: ContrastPhase, _ number: Int) -> String {
    DICOMUID.make(from: "\(seed) \(phase.rawValue) \(number)")
  }

  /// A slice in HU as a DICOM image; `number` counts from 1, `z` is in mm above the kidneys' middle.
  func image(_ values: [Int16], phase: ContrastPhase, number: Int, z: Float) -> CTInstance {
    let spacing = Double(PixelGrid.spacing)
    let corner = -Double(PixelGrid.side - 1) / 2 * spacing
    var image = CTInstance(
      patientID: patient.id, studyInstanceUID: study, seriesInstanceUID: series(phase),
      sopInstanceUID: instance(phase, number), columns: PixelGrid.side, rows: PixelGrid.side,
      storedValues: values.map { $0 + 1024 }, rescaleSlope: 1, rescaleIntercept: -1024,
      position: SIMD3(corner, corner, Double(patient.table + z)),
      pixelSpacing: PixelSpacing(row: spacing, column: spacing),
      sliceThickness: Double(PixelGrid.sliceSpacing))
    image.elements.merge(header(phase, number)) { $1 }
    return image
  }

  private func header(_ phase: ContrastPhase, _ number: Int) -> [DICOMTag: String] {
    // The injection starts at ten o'clock on a day that stands for none.
    let day = "20000101"
    let time = phase == .preContrast ? "095700" : "10\(twoDigits(phase.delay / 60))\(twoDigits(phase.delay % 60))"
    let order = ContrastPhase.allCases.firstIndex(of: phase) ?? 0
    var header: [DICOMTag: String] = [
      .studyDate: day, .seriesDate: day, .acquisitionDate: day, .contentDate: day, .studyTime: "095500",
      .seriesTime: time,
      .acquisitionTime: time, .contentTime: time, .manufacturer: "RenalGrade",
      .manufacturerModelName: "Virtual patient phantom",
      .studyDescription: "SYNTHETIC renal CT", .seriesDescription: description(phase),
      .patientName: "Virtual^" + patient.id.dropFirst("VIRTUAL-".count), .patientSex: patient.sex,
      .patientAge: "0\(patient.age)Y", .patientComments: CohortFiles.notice, .imageComments: CohortFiles.notice,
      .syntheticData: "YES",
      .patientIdentityRemoved: "YES", .deidentificationMethod: CohortFiles.notice, .bodyPartExamined: "ABDOMEN",
      .kvp: "120",
      .spacingBetweenSlices: "2.5", .reconstructionDiameter: "500", .convolutionKernel: "SYNTHETIC",
      .seriesNumber: "\(order + 1)", .acquisitionNumber: "\(order + 1)", .instanceNumber: "\(number)",
      .burnedInAnnotation: "NO", .windowCenter: "40", .windowWidth: "400",
    ]
    if phase != .preContrast {
      header[.contrastBolusAgent] = "SYNTHETIC"
      header[.contrastBolusRoute] = "IV"
      header[.contrastBolusStartTime] = "100000"
    }
    return header
  }

  private func description(_ phase: ContrastPhase) -> String {
    switch phase {
    case .preContrast: "SYNTHETIC pre-contrast 0 s"
    case .lateArterial: "SYNTHETIC late arterial 40 s"
    case .portalVenous: "SYNTHETIC portal venous 80 s"
    case .delayed: "SYNTHETIC delayed 240 s"
    }
  }

  private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
