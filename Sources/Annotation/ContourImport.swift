public import Foundation
import GRDB
public import Imaging
public import Study
public import Support

/// Ties the contours of a MD.ai export to the study's slices and lesions.
public enum ContourImport {
  /// What an import did.
  public struct Summary: Equatable, Sendable {
    /// Contours taken over.
    public var contours = 0
    /// Slices that carry one.
    public var slices = 0
    /// Entries listed as set aside or remarked on.
    public var setAside = 0
  }

  /// Takes over the contours of the export at `url`, in place of those that were imported of the same readers before.
  ///
  /// Other readers' contours stay. A reader who has outlined on the page cannot be imported: nothing replaces what was drawn there.
  /// A contour that cannot be right (off the image, crossing itself in more than a small loop, two points, a slice that the study lacks, no lesion
  /// to belong to) sets its patient aside; what is no contour of a lesion is listed; the rest goes on. The lesion of a
  /// contour is the patient's only one, or the one whose name is the label's or, where none is, ends it. A patient whose contours carry
  /// more labels than pathology lists lesions is set aside: one of them has no grade. A lesion of which no reader outlined
  /// every slice that is outlined is remarked on.
  /// - Throws: an error with file and place where the export cannot be read at all, or the study not be written.
  public static func run(_ url: URL, into study: StudyFolder) throws -> Summary {
    try study.requireImages(for: "contours are drawn on slices")
    let export = try MDAI.read(url, lesionLabels: study.readProtocol().annotation.lesionLabels)
    return try run(export.contours, skipped: export.skipped, source: url.lastPathComponent, into: study)
  }

  /// Removes a reader's imported contours, the outlines carried from them, and what was set aside of their files.
  ///
  /// - Returns: how many contours there were.
  /// - Throws: `StudyError` where the study has none of that reader, or the reader outlines on the page.
  public static func remove(_ reader: String, from study: StudyFolder) throws(StudyError) -> Int {
    try study.write { database in
      let imported = StoredContour.filter(
        Column("reader") == reader && Column("source") == StoredContour.Source.import.rawValue
          && Column("carriedId") == nil)
      let count = try imported.fetchCount(database)
      guard count > 0 else {
        let known = try String.fetchAll(
          database, sql: "SELECT DISTINCT reader FROM contour WHERE source = 'import' ORDER BY reader")
        throw StudyError(
          .file,
          "the study has no imported contours of a reader \"\(reader)\"; "
            + (known.isEmpty ? "it has none at all" : "it has those of \(known.joined(separator: ", "))"))
      }
      let readers = ImportedReaders(reader: reader)
      try readers.removeFormer(database)
      try readers.forget(database)
      return count
    }
  }

  /// Takes over `contours`, as `run(_:into:)` does with those of an export.
  ///
  /// `source` is what remarks call the place that they come from; `skipped` is what was found there besides. The vertices
  /// are in the terms of the protocol's `annotation.integerCoordinate`.
  public static func run(
    _ contours: [Contour], skipped: [MDAIExport.Skipped] = [], source: String, into study: StudyFolder
  ) throws -> Summary {
    try run(contours, skipped: skipped, source: source, study.readProtocol().annotation, into: study.tables)
  }

  /// Takes over `contours` into the tables, as the protocol's `settings` say.
  ///
  /// - Throws: `StudyError` where the tables cannot be written, or a reader has outlined on the page.
  @discardableResult public static func run(
    _ contours: [Contour], skipped: [MDAIExport.Skipped], source: String, _ settings: StudyProtocol.Annotation,
    into tables: StudyTables
  ) throws(StudyError) -> Summary {
    try tables.write { database in
      let index = try StudyIndex(database)
      let readers = ImportedReaders(contours)
      let carried = try readers.removeFormer(database)
      var summary = Summary()
      var entries = skipped.map { skipped in
        let patient = skipped.isDamaged ? index.patient(skipped.seriesInstanceUID, skipped.studyInstanceUID) : nil
        return SetAside(
          stage: .contours, source: readers.source, patientCode: patient?.code, excludes: patient != nil,
          subject: "\(source), annotation \(skipped.annotationID)", reason: skipped.reason)
      }
      var slices: Set<Int64> = []
      let ungraded = index.patientsWithUngradedLabels(contours)
      for (code, reason) in ungraded.sorted(by: { $0.key < $1.key }) {
        entries.append(
          SetAside(
            stage: .contours, source: readers.source, patientCode: code, excludes: true, subject: source, reason: reason
          ))
      }
      for contour in contours {
        if let code = index.place(of: contour)?.patient.code, ungraded[code] != nil { continue }
        switch index.match(contour, settings) {
        case .success(let match):
          try match.contour.insert(database)
          summary.contours += 1
          slices.insert(match.contour.sliceId)
          if let repair = match.repair {
            entries.append(
              SetAside(
                stage: .contours, source: contour.reader, patientCode: match.patientCode, excludes: false,
                subject: "\(source), annotation \(contour.annotationID)", reason: repair))
          }
        case .failure(let mismatch):
          entries.append(
            SetAside(
              stage: .contours, source: contour.reader, patientCode: mismatch.patientCode,
              excludes: mismatch.patientCode != nil,
              subject: "\(source), annotation \(contour.annotationID)\(mismatch.place)", reason: mismatch.reason))
        }
      }
      entries += try SharedLesion.all(database).map { $0.remark(source: source) }
      if carried > 0 {
        entries.append(
          SetAside(
            stage: .contours, patientCode: nil, excludes: false, subject: source,
            reason: "the outlines carried to other phases from the former contours (\(carried)) were removed; to carry "
              + "the new ones, run `renalgrade contours carry`"))
      }
      try readers.store(entries, ContourSettings(settings), database)
      summary.slices = slices.count
      summary.setAside = entries.count
      return summary
    }
  }
}

/// What contours are matched against: the study's slices and lesions by the identifiers that an export uses.
private struct StudyIndex {
  struct Mismatch: Error {
    let patientCode: String?
    /// What names the slice; a reason, which stands in reports, must not.
    var place = ""
    let reason: String
  }

  private let sliceByInstance: [String: [SliceRecord]]
  private let patientBySeries: [Int64: Patient]
  private let patientByUID: [String: Patient]
  private let lesionsByPatient: [Int64: [Lesion]]

  init(_ database: Database) throws {
    let patients = Dictionary(
      uniqueKeysWithValues: try Patient.fetchAll(database).compactMap { row in row.id.map { ($0, row) } })
    let exams = Dictionary(
      uniqueKeysWithValues: try Exam.fetchAll(database).compactMap { row in row.id.map { ($0, row) } })
    var patientBySeries: [Int64: Patient] = [:]
    var patientByUID: [String: Patient] = [:]
    for exam in exams.values { patientByUID[exam.studyInstanceUID] = patients[exam.patientId] }
    for series in try Series.fetchAll(database) {
      guard let id = series.id, let patient = exams[series.examId].flatMap({ patients[$0.patientId] }) else { continue }
      patientBySeries[id] = patient
      patientByUID[series.seriesInstanceUID] = patient
    }
    self.patientBySeries = patientBySeries
    self.patientByUID = patientByUID
    sliceByInstance = Dictionary(
      grouping: try SliceRecord.order(Column("frame")).fetchAll(database), by: \.sopInstanceUID)
    lesionsByPatient = Dictionary(grouping: try Lesion.fetchAll(database), by: \.patientId)
  }

  /// The patient of a series or, failing that, of an exam.
  func patient(_ seriesInstanceUID: String?, _ studyInstanceUID: String?) -> Patient? {
    seriesInstanceUID.flatMap { patientByUID[$0] } ?? studyInstanceUID.flatMap { patientByUID[$0] }
  }

  /// The slice that a contour lies on, as far as it says, and its patient.
  func place(of contour: Contour) -> (slice: SliceRecord, patient: Patient)? {
    let frames = sliceByInstance[contour.sopInstanceUID] ?? []
    let slice = contour.frame.map { frame in frames.first { $0.frame == frame } } ?? frames.first
    return slice.flatMap { slice in patientBySeries[slice.seriesId].map { (slice, $0) } }
  }

  /// The codes of the patients whose contours carry more labels than pathology lists lesions, and that as a reason.
  func patientsWithUngradedLabels(_ contours: [Contour]) -> [String: String] {
    let drawn = contours.compactMap { contour in
      place(of: contour).map { (patient: $0.patient, label: contour.labelName) }
    }
    return Dictionary(grouping: drawn, by: \.patient.code).compactMapValues { drawn in
      let lesions = drawn.first.map { self.lesions(of: $0.patient).count } ?? 0
      let labels = Dictionary(drawn.map { (Identifier($0.label), $0.label) }) { first, _ in first }.values.sorted()
      guard lesions > 0, labels.count > lesions else { return nil }
      return
        "its contours carry \(labels.count) labels (\(labels.joined(separator: ", "))), but pathology lists \(lesions) "
        + "lesion\(lesions == 1 ? "" : "s"): it is not clear which outlines belong to which grade. Add the missing lesions to the "
        + "pathology table, or name in annotation.lesionLabels only the labels that have a grade, then import the contours "
        + "again"
    }
  }

  private func lesions(of patient: Patient) -> [Lesion] { patient.id.flatMap { lesionsByPatient[$0] } ?? [] }

  /// The lesions whose name is the label or, where none is, its last words.
  private static func lesions(_ lesions: [Lesion], named label: String) -> [Lesion] {
    let equal = lesions.filter { Identifier($0.name) == Identifier(label) }
    guard equal.isEmpty else { return equal }
    let words = label.split(whereSeparator: \.isWhitespace)
    let ends = Set(words.indices.dropFirst().map { Identifier(words[$0...].joined(separator: " ")) })
    return lesions.filter { ends.contains(Identifier($0.name)) }
  }

  /// A contour with the patient whom it belongs to, and what was mended.
  struct Match {
    let contour: StoredContour
    let patientCode: String
    let repair: String?
  }

  func match(_ contour: Contour, _ settings: StudyProtocol.Annotation) -> Result<Match, Mismatch> {
    let stated = patient(contour.seriesInstanceUID, contour.studyInstanceUID)
    guard let (slice, patient) = place(of: contour), let sliceId = slice.id else {
      let frame = contour.frame.map { ", frame \($0)" } ?? ""
      return .failure(
        Mismatch(
          patientCode: stated?.code, place: ", SOP Instance UID \(contour.sopInstanceUID)\(frame)",
          reason: "its slice is not in the study; import its series, then the contours again"))
    }
    func refuse(_ reason: String) -> Result<Match, Mismatch> {
      .failure(Mismatch(patientCode: patient.code, reason: reason))
    }
    let frameCount = sliceByInstance[contour.sopInstanceUID]?.count ?? 0
    if contour.frame == nil && frameCount > 1 {
      return refuse("its slice is one of \(frameCount) frames, and the annotation does not say which (frameNumber)")
    }
    if let stated, stated.id != patient.id {
      return refuse("its slice belongs to this patient, but its series or exam belongs to \(stated.code)")
    }
    let (polygon, repair): (Polygon, String?)
    do throws(ContourError) {
      (polygon, repair) = try contour.polygon(columns: slice.columns, rows: slice.rows, settings.integerCoordinate)
    } catch {
      return refuse(error.description)
    }
    let lesions = self.lesions(of: patient)
    let named = Self.lesions(lesions, named: contour.labelName)
    guard let lesion = lesions.count == 1 ? lesions.first : (named.count == 1 ? named.first : nil),
      let lesionId = lesion.id
    else {
      return refuse(
        lesions.isEmpty
          ? "pathology gives this patient no usable lesion; import the pathology table, then the contours again"
          : "the patient has \(lesions.count) lesions and the label \"\(contour.labelName)\" names "
            + "\(named.isEmpty ? "none" : named.count == 2 ? "two" : "\(named.count)") of them; "
            + "name each label after one lesion")
    }
    let stored = StoredContour(
      sliceId: sliceId, lesionId: lesionId, reader: contour.reader, annotationID: contour.annotationID,
      vertices: polygon)
    return .success(Match(contour: stored, patientCode: patient.code, repair: repair))
  }
}

extension Contour {
  /// The polygon in the pixels of a slice of that size (an integer is a pixel's centre), checked, and what was mended.
  ///
  /// Small loops in which a freehand outline crosses itself are cut off (`Polygon.withoutSmallLoops`).
  /// - Returns: the polygon, and a sentence on the loops that were cut; nil where there were none.
  /// - Throws: `ContourError` where it cannot be a tumour's outline.
  public func polygon(
    columns: Int, rows: Int, _ integerCoordinate: StudyProtocol.Annotation.IntegerCoordinate
  ) throws(ContourError) -> (polygon: Polygon, repair: String?) {
    var contour = self
    if integerCoordinate == .pixelCorner { contour.vertices = vertices.map { $0 - 0.5 } }
    let polygon = contour.scaled(columns: columns, rows: rows)
    do throws(ContourError) {
      try polygon.validate(columns: columns, rows: rows)
      return (polygon, nil)
    } catch {
      guard case .selfIntersecting = error, let untangled = polygon.withoutSmallLoops() else { throw error }
      try untangled.outline.validate(columns: columns, rows: rows)
      let percent = Double(Int((untangled.areaShare * 10_000).rounded(.up))) / 100
      return (
        untangled.outline,
        "the contour crosses itself in \(untangled.loops == 1 ? "a small loop" : "\(untangled.loops) small loops") of "
          + "at most \(percent)% of its area, which \(untangled.loops == 1 ? "was" : "were") cut off"
      )
    }
  }
}
