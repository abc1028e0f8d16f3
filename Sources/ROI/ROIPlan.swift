import Annotation
import Crypto
import Foundation
import GRDB
import Imaging
import Study

/// The ROIs that a study's slices, lesions, contours and protocol ask for, and the patients that they leave out.
///
/// It follows from the tables and the protocol alone: so `ROISet` can tell whether ROIs are still those of their study.
struct ROIPlan: Sendable {
  /// One ROI to be made.
  struct Candidate: Sendable {
    let sliceId: Int64
    let lesionId: Int64
    let reader: String
    let patientCode: String
    /// The slice's file, relative to the study folder.
    let path: String
    let frame: Int
    let ordinal: Int
    let rowSpacing: Double?
    let columnSpacing: Double?
    /// The outlines in the slice's pixels, each in JSON.
    let outlines: [String]

    func polygons() throws -> [Polygon] { try outlines.map(JSONText.polygon) }

    var pixelSize: (row: Double, column: Double)? {
      guard let rowSpacing, let columnSpacing else { return nil }
      return (rowSpacing, columnSpacing)
    }

    func setAside(excludes: Bool, _ reason: String) -> SetAside {
      SetAside(
        stage: .rois, patientCode: patientCode, excludes: excludes,
        subject: "slice \(ordinal + 1) of its series (\(path))", reason: reason)
    }
  }

  /// What is to be cut, whole patients together.
  let candidates: [Candidate]
  /// The patients of whom a lesion cannot be seen.
  let setAside: [SetAside]
  /// SHA-256 of everything that the ROIs depend on.
  let digest: String

  /// Plans by what the tables hold.
  ///
  /// A patient counts with all of its lesions or not at all: one whose high-grade lesion is undrawn must not become "low".
  init(_ settings: StudyProtocol, _ database: Database) throws {
    try ContourImport.requireUnchanged(settings.annotation, database)
    try SelectionBasis.requireCurrent(settings, database)
    let excluded = try database.excludedPatientCodes(before: .rois)
    let contours = Dictionary(grouping: try ContourRow.fetchAll(database), by: \.lesionId)
    var candidates: [Candidate] = []
    var setAside: [SetAside] = []
    for lesion in try LesionRow.fetchAll(database) where !excluded.contains(lesion.patientCode) {
      let drawn = lesion.id.flatMap { contours[$0] } ?? []
      let present = Set(drawn.map(\.reader))
      let readers = settings.annotation.readers
      if let reader = readers.isEmpty ? present.min() : readers.first(where: present.contains) {
        candidates += Self.candidates(drawn.filter { $0.reader == reader }, settings.roi.maximumSlicesPerLesion)
      } else {
        setAside.append(lesion.setAside(isDrawn: !drawn.isEmpty))
      }
    }
    let incomplete = Set(setAside.compactMap(\.patientCode))
    candidates.removeAll { incomplete.contains($0.patientCode) }
    self.candidates = candidates
    self.setAside = setAside
    digest = Self.digest(settings.roi, excluded.union(incomplete), candidates)
  }

  /// One reader's contours of one lesion, by slice.
  private static func candidates(_ contours: [ContourRow], _ maximum: Int?) -> [Candidate] {
    let slices = Dictionary(grouping: contours, by: \.sliceId).values
      .compactMap { contours in contours.first.map { ($0, contours) } }
      .sorted { ($0.0.seriesId, $0.0.ordinal) < ($1.0.seriesId, $1.0.ordinal) }
    return evenlySpread(slices, maximum).map { slice, contours in
      Candidate(
        sliceId: slice.sliceId, lesionId: slice.lesionId, reader: slice.reader, patientCode: slice.patientCode,
        path: slice.path, frame: slice.frame, ordinal: slice.ordinal, rowSpacing: slice.rowSpacing,
        columnSpacing: slice.columnSpacing, outlines: contours.map(\.vertices))
    }
  }

  /// At most `maximum` elements at even distances, the middle of each stretch.
  static func evenlySpread<T>(_ elements: [T], _ maximum: Int?) -> [T] {
    guard let maximum, elements.count > maximum else { return elements }
    return (0..<maximum).map { elements[(2 * $0 + 1) * elements.count / (2 * maximum)] }
  }

  private static func digest(
    _ settings: StudyProtocol.ROI, _ excluded: Set<String>, _ candidates: [Candidate]
  ) -> String {
    var hash = SHA256()
    func add(_ values: Any...) { hash.update(data: Data("\(values)\n".utf8)) }
    // The network's own size is no matter of the crops.
    var settings = settings
    settings.outputSize = 0
    add(settings, excluded.sorted())
    for one in candidates {
      add(one.sliceId, one.lesionId, one.reader, one.path, one.frame, one.pixelSize as Any, one.outlines.count)
      hash.update(data: Data(one.outlines.joined(separator: "\n").utf8))
    }
    return hash.finalize().hexadecimal
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
          "the study has no lesion of this patient, so nothing states its grade and it is left out; import the pathology "
            + "table that lists it, then the contours again"
        } else if isDrawn {
          "none of the protocol's readers has drawn this lesion, and a patient counts with all of its lesions or not at "
            + "all; add a reader who drew it to annotation.readers, then run `renalgrade rois build`"
        } else {
          "the study has no contour of this lesion, and a patient counts with all of its lesions or not at all; draw it, "
            + "or name its label in annotation.lesionLabels, then import the contours again"
        }
      return SetAside(
        stage: .rois, patientCode: patientCode, excludes: true, subject: name.map { "lesion \($0)" } ?? "its lesions",
        reason: reason)
    }
  }

  private struct ContourRow: Decodable, FetchableRecord {
    let sliceId: Int64
    let lesionId: Int64
    let reader: String
    let vertices: String
    let path: String
    let frame: Int
    let ordinal: Int
    let rowSpacing: Double?
    let columnSpacing: Double?
    let seriesId: Int64
    let patientCode: String

    static func fetchAll(_ database: Database) throws -> [ContourRow] {
      try fetchAll(
        database,
        sql: """
          SELECT contour.sliceId, contour.lesionId, contour.reader, contour.vertices, slice.path, slice.frame, slice.ordinal,
            slice.rowSpacing, slice.columnSpacing, slice.seriesId, patient.code AS patientCode
          FROM contour JOIN slice ON slice.id = contour.sliceId JOIN lesion ON lesion.id = contour.lesionId
            JOIN patient ON patient.id = lesion.patientId
          ORDER BY contour.id
          """)
    }
  }
}
