import Analysis
import Cohort
import Foundation
import Experiment
import Study

/// The Methods of a paper, generated from a run's protocol, manifest and cohort.
///
/// Each sentence follows from a value that the run has recorded; what no file contains is left to the authors in
/// square brackets.
struct MethodsText {
  let content: RunContent
  let settings: StudyProtocol
  let manifest: Run.Manifest
  let cohort: CohortDescription?
  let nested: Run.NestedChoice?
  /// Lesions and images that were set aside.
  let setAsideCount: Int
  /// Patients, of these high-grade ones, lesions and slices that were predicted, whatever came out.
  let counts: (patients: Int, high: Int, lesions: Int, slices: Int)
  /// Patients whose probability is not a finite number.
  let patientsWithoutProbability: Int

  init(_ content: RunContent) {
    self.content = content
    settings = content.settings
    manifest = content.manifest
    cohort = content.cohort
    nested = content.nested
    setAsideCount = content.setAside?.count { $0.excludes } ?? 0
    let patients = content.cases.patient
    counts = (
      patients.labels.count, patients.labels.count { $0 }, content.cases.lesion.labels.count,
      content.cases.slice.labels.count
    )
    patientsWithoutProbability = patients.scores.count { !$0.isFinite }
  }

  var document: Document {
    Document(
      title: "Methods: \(settings.title)",
      parts: [
        .init("Study population", sentences: population), .init("Reference standard", sentences: reference),
        .init("Imaging", sentences: imaging), .init("Annotation", sentences: annotation),
        .init("Regions of interest", sentences: regions), .init("Network", sentences: network),
        .init("Training", sentences: training), .init("Cross-validation", sentences: validation),
        .init("Statistical analysis", sentences: statistics), .init("Software", sentences: software),
      ])
  }

  // MARK: Patients

  private var population: [String] {
    var sentences: [String] = []
    if manifest.synthetic { sentences.append("The images are synthetic: every patient is virtual.") }
    if let flow = cohort?.flow {
      let start =
        "\(Format.count(flow.patientsAtStart, "patient")) with \(Format.count(flow.lesionsAtStart, "lesion"))"
      let rules = flow.steps.map(\.name)
      sentences.append(
        rules.isEmpty
          ? "\(start) were considered, and no selection rule was applied."
          : "Of \(start), those were selected who met all of these criteria, applied in this order: "
            + rules.joined(separator: "; ") + ".")
      sentences.append(
        "\(Format.count(flow.patientsInStudy, "patient")) with \(Format.count(flow.lesionsInStudy, "lesion")) remained."
      )
    } else {
      sentences.append(
        "All patients with a graded lesion that had at least one contour were included"
          + (setAsideCount == 0
            ? "."
            : ", except for \(Format.count(setAsideCount, "case")) that had to be set aside, each with its reason in the report.")
      )
    }
    sentences.append(
      "The analysis comprised \(Format.count(counts.patients, "patient")) (\(counts.patients - counts.high) with low-grade and "
        + "\(counts.high) with high-grade tumours)"
        + (content.levels.contains(.lesion) ? " with \(Format.count(counts.lesions, "lesion"))" : "")
        + (content.levels.contains(.slice) ? " on \(Format.count(counts.slices, "annotated slice"))." : "."))
    if patientsWithoutProbability > 0 {
      sentences.append(
        "For \(Format.count(patientsWithoutProbability, "patient")) the \(content.model) gave no finite probability; no estimate "
          + "includes \(patientsWithoutProbability == 1 ? "this patient" : "these patients").")
    }
    sentences.append(Document.blank("hospital, dates, ethics approval and consent"))
    return sentences
  }

  private var reference: [String] {
    let system = cohort.map { "\($0.gradeSystem.rawValue) grade" } ?? "Nuclear grade (Fuhrman or WHO/ISUP)"
    return [
      "\(Format.heading(system)) at histopathology was the reference standard, grouped as low (1 or 2) and high (3 or 4); high "
        + "grade was the positive class.",
      "A patient was of high grade if any lesion was.",
      Document.blank("who graded, on biopsy or resection, blinded to what, and the interval between CT and pathology"),
    ]
  }

  // MARK: Images

  private var imaging: [String] {
    var sentences = [
      "CT was read from DICOM; stored values were converted to Hounsfield units (HU) by each slice's rescale slope and "
        + "intercept, and slices were ordered by their position along the slice normal."
    ]
    if let series = settings.cohort?.series {
      func text(_ value: Double) -> String { Self.number(value) }
      sentences.append(
        "Series with slices more than \(text(series.maximumSpacing)) mm apart, or covering less than "
          + "\(text(series.minimumExtent)) mm, were set aside; among series of one phase, that with a spacing nearest to "
          + "\(text(series.preferredSpacing)) mm was preferred.")
    }
    sentences.append(
      Document.blank("scanners, tube voltage, slice thickness, contrast agent, dose and timing of the phases"))
    return sentences
  }

  private var annotation: [String] {
    let annotation = settings.annotation
    let labels = annotation.lesionLabels.map { "\"\($0)\"" }
    let readers = annotation.readers
    return [
      "Tumours were outlined by closed polygons on axial slices; "
        + (labels.isEmpty
          ? "every polygon was taken as a tumour."
          : "polygons labelled \(Self.list(labels, "or")) were taken as tumours."),
      readers.isEmpty
        ? "Where several readers had outlined a lesion, the contours of one of them, the first by identifier, were used."
        : "Where several readers had outlined a lesion, one reader's contours were used, in this order of preference: "
          + "\(readers.joined(separator: ", ")).",
      "An integer coordinate was taken as the "
        + (annotation.integerCoordinate == .pixelCentre ? "centre of a pixel." : "top left corner of a pixel."),
      Document.blank("the readers' number and experience, what they knew, and how well they agreed"),
    ]
  }

  private var regions: [String] {
    guard content.hasSlices else { return ["No region of interest was cropped: the model used no images."] }
    let roi = settings.roi
    let low = roi.windowCentre - roi.windowWidth / 2
    func text(_ value: Double) -> String { Self.number(value) }
    return [
      roi.resampleTo.map { "Slices were resampled to \(text($0)) mm per pixel." } ?? "Slices were not resampled.",
      roi.maximumSlicesPerLesion.map {
        "At most \(Format.count($0, "slice")) of each lesion, evenly spread over its extent, were used."
      } ?? "All annotated slices were used.",
      "On each, a box of \(roi.boxSize) × \(roi.boxSize) pixels was cut around the area centroid of the contour; values outside "
        + "the image were set to \(text(roi.outsideHU)) HU.",
      "HU were clipped to the range from \(text(low)) to \(text(low + roi.windowWidth)) (window centre "
        + "\(text(roi.windowCentre)), width \(text(roi.windowWidth))) and scaled to 0 to 1.",
      roi.boxSize == roi.outputSize
        ? "The box entered the network at its original size."
        : "The box was resized to \(roi.outputSize) × \(roi.outputSize) pixels by bilinear interpolation.",
      "It was repeated in three channels and normalised by the channel means and standard deviations that belong to the network.",
    ]
  }

  /// A number without needless decimals.
  static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : "\(value)"
  }

  /// "a, b and c".
  static func list(_ items: [String], _ conjunction: String = "and") -> String {
    guard let last = items.last, items.count > 1 else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
  }
}
