import Annotation
import DICOM
import Foundation
import GRDB
import Imaging
import Study
import Support

/// The ROIs that a study's slices, lesions, contours and protocol ask for, and the patients that they leave out.
///
/// It depends on the tables and the protocol alone, so `ROISet` can check whether ROIs are up to date.
struct ROIPlan: Sendable {
  /// Which reader of a lesion is taken.
  enum Reading: Sendable {
    /// The protocol's first who outlined it, or the first by id.
    case first
    /// The one after that; a lesion without one is left out, and its patient is not.
    case second
  }

  /// One ROI to be made.
  struct Candidate: Sendable {
    let place: SlicePlace
    let lesionId: Int64
    let reader: String
    /// The outlines in the slice's pixels, each in JSON.
    let outlines: [String]
    /// The key of the outline on another series that they were carried from; nil where the reader drew them.
    let carriedId: Int64?
    /// The slices around it in its series, in order and itself among them; empty where its crop is of it alone.
    var series: [SlicePlace] = []

    var pixelSize: (row: Double, column: Double)? {
      guard let row = place.rowSpacing, let column = place.columnSpacing else { return nil }
      return (row, column)
    }

    func setAside(excludes: Bool, _ reason: String) -> SetAside {
      // The study's own path names nobody; another may.
      let file = place.path.hasPrefix("/") ? "" : " (\(place.path))"
      return SetAside(
        stage: .rois, patientCode: place.patientCode, excludes: excludes,
        subject: "slice \(place.ordinal + 1) of its series\(file)", reason: reason)
    }

    /// Reads the slice and cuts the crop, the box `shift` columns and rows off its place.
    ///
    /// `folder` is the study's; nil where the path is absolute. Where another `place` is given, the same box is cut out of that slice.
    func cut(
      in folder: URL?, _ cutter: ROICutter, shift: SIMD2<Int> = .zero, of place: SlicePlace? = nil
    ) throws(Refusal) -> (image: CTImage, crop: ROICrop) {
      do {
        let place = place ?? self.place
        let image = try DICOMFile.image(at: StudyFolder.file(place.path, in: folder), frame: place.frame)
        var values = StoredValueSample()
        values.add(image)
        if let reason = values.reasonAgainstCT { throw Refusal(reason: "\(reason); remove its outline") }
        let polygons = try outlines.map(JSONText.polygon)
        return (image, try cutter.cut(image, around: polygons, pixelSize: pixelSize, shift: shift))
      } catch let refusal as Refusal {
        throw refusal
      } catch let error as DICOMError {
        // The file's name is no part of a reason: reasons stand in reports.
        throw Refusal(reason: error.problem)
      } catch {
        throw Refusal(reason: "\(error)")
      }
    }
  }

  /// Why a crop cannot be cut.
  struct Refusal: Error {
    let reason: String
  }

  /// What is to be cut, whole patients together.
  let candidates: [Candidate]
  /// The patients with a lesion that cannot be used.
  let setAside: [SetAside]
  /// How the crops are made.
  let settings: StudyProtocol.ROI
  /// How many slices on each side of a slice are cut with it.
  let neighbours: Int
  /// The codes of the excluded patients.
  let excluded: Set<String>

  /// Plans by what the tables hold.
  ///
  /// A patient is used with all lesions or excluded: a patient whose high-grade lesion is not outlined must not become
  /// "low". Carried outlines of the chosen reader are used beside the drawn ones, and decide nothing about either.
  init(_ settings: StudyProtocol, _ database: Database, reading: Reading = .first) throws {
    try ContourSettings.requireUnchanged(settings.annotation, database)
    try SelectionBasis.requireCurrent(settings, database)
    try CarriedOutline.requireCurrent(database)
    let excluded = try database.excludedPatientCodes(before: .rois)
    let (kept, unused) = try UnusedSeries.removed(from: PlacedContour.fetchAll(database), database)
    let contours = Dictionary(grouping: kept, by: \.lesionId)
    let onUnused = Dictionary(grouping: unused, by: \.contour.lesionId)
    var candidates: [Candidate] = []
    var setAside: [SetAside] = []
    for lesion in try LesionRow.fetchAll(database) where !excluded.contains(lesion.patientCode) {
      let placed = lesion.id.flatMap { contours[$0] } ?? []
      let drawn = placed.filter { $0.carriedId == nil }
      let unused = lesion.id.flatMap { onUnused[$0] } ?? []
      setAside += UnusedSeries.remarks(on: unused, patientCode: lesion.patientCode, isAll: drawn.isEmpty)
      if drawn.isEmpty && !unused.isEmpty { continue }
      let readers = Self.readers(of: drawn, settings.annotation)
      if let reader = reading == .first ? readers.first : readers.dropFirst().first {
        let maximum = settings.roi.maximumSlicesPerLesion
        candidates += Self.candidates(drawn.filter { $0.reader == reader }, maximum)
        let carried = placed.filter { $0.carriedId != nil && $0.reader == reader }
        for (_, contours) in Dictionary(grouping: carried, by: \.place.seriesId).sorted(by: { $0.key < $1.key }) {
          candidates += Self.candidates(contours, maximum)
        }
      } else if reading == .first {
        setAside.append(lesion.setAside(isDrawn: !drawn.isEmpty))
      }
    }
    let incomplete = Set(setAside.filter(\.excludes).compactMap(\.patientCode))
    candidates.removeAll { incomplete.contains($0.place.patientCode) }
    setAside += try UnfinishedReadings.remarks(on: candidates, database)
    neighbours = settings.inputs.neighbours ?? 0
    self.candidates = neighbours > 0 ? try NeighbouringSlices.found(for: candidates, database) : candidates
    self.setAside = setAside
    self.settings = settings.roi
    self.excluded = excluded.union(incomplete)
  }

  /// The readers of a lesion whose outlines may be used, in the order in which they are taken.
  private static func readers(of drawn: [PlacedContour], _ settings: StudyProtocol.Annotation) -> [String] {
    let present = Set(drawn.map(\.reader))
    return settings.readers.isEmpty ? present.sorted() : settings.readers.filter(present.contains)
  }

  /// One reader's contours of one lesion, by slice.
  private static func candidates(_ contours: [PlacedContour], _ maximum: Int?) -> [Candidate] {
    let slices = Dictionary(grouping: contours, by: \.place.sliceId).values
      .compactMap { contours in contours.first.map { ($0, contours) } }
      .sorted { ($0.0.place.seriesId, $0.0.place.ordinal) < ($1.0.place.seriesId, $1.0.place.ordinal) }
    return evenlySpread(slices, maximum).map { first, contours in
      Candidate(
        place: first.place, lesionId: first.lesionId, reader: first.reader, outlines: contours.map(\.vertices),
        carriedId: first.carriedId)
    }
  }

  /// At most `maximum` elements at even distances, the middle of each stretch.
  static func evenlySpread<T>(_ elements: [T], _ maximum: Int?) -> [T] {
    guard let maximum, elements.count > maximum else { return elements }
    return (0..<maximum).map { elements[(2 * $0 + 1) * elements.count / (2 * maximum)] }
  }

  /// A lesion with its patient, or a patient without any.
  private struct LesionRow: Decodable, FetchableRecord {
    let patientCode: String
    let id: Int64?
    let name: String?

    static func fetchAll(_ database: Database) throws -> [LesionRow] {
      try fetchAll(
        database,
        sql: """
          SELECT patient.code AS patientCode, lesion.id, lesion.name
          FROM patient LEFT JOIN lesion ON lesion.patientId = patient.id
          ORDER BY patient.code, lesion.id
          """)
    }

    func setAside(isDrawn: Bool) -> SetAside {
      let reason =
        if name == nil {
          "the study has no lesion of this patient, so the grade is unknown and the patient is excluded; import the "
            + "pathology table that lists the patient, then the contours again"
        } else if isDrawn {
          "none of the protocol's readers has outlined this lesion, and a patient is used with all lesions or "
            + "excluded; add a reader who outlined it to annotation.readers, then run `renalgrade rois build`"
        } else {
          "the study has no contour of this lesion, and a patient is used with all lesions or excluded; outline it, "
            + "or name its label in annotation.lesionLabels, then import the contours again"
        }
      return SetAside(
        stage: .rois, patientCode: patientCode, excludes: true, subject: name.map { "lesion \($0)" } ?? "its lesions",
        reason: reason)
    }
  }

  /// A contour that is used, and the slice that it lies on.
  struct PlacedContour {
    let lesionId: Int64
    let reader: String
    let vertices: String
    let place: SlicePlace
    let carriedId: Int64?

    static func fetchAll(_ database: Database) throws -> [PlacedContour] {
      let places = Dictionary(
        uniqueKeysWithValues: try SlicePlace.all(database, namedBy: "contour").map { ($0.sliceId, $0) })
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT contour.lesionId, contour.reader, contour.vertices, contour.sliceId, contour.carriedId
          FROM contour LEFT JOIN carriedOutline ON carriedOutline.id = contour.carriedId
          WHERE contour.occasion = 1 AND (contour.carriedId IS NULL OR \(CarriedOutline.isUsedCondition))
          ORDER BY contour.id
          """)
      return rows.compactMap { row in
        places[row[3]].map {
          PlacedContour(lesionId: row[0], reader: row[1], vertices: row[2], place: $0, carriedId: row[4])
        }
      }
    }
  }
}
