import Annotation
import Crypto
import DICOM
import Foundation
import GRDB
public import Study

/// Makes the study's ROIs: for each lesion and slice with a contour, the crop that the network will see.
public enum ROIBuild {
  /// What a build did.
  public struct Summary: Equatable, Sendable {
    /// ROIs made.
    public var rois = 0
    /// Lesions that have one.
    public var lesions = 0
    /// Patients that have one.
    public var patients = 0
    /// Entries listed as set aside or remarked on.
    public var setAside = 0
  }

  /// Replaces the study's ROIs.
  ///
  /// A patient with a slice that cannot be read is set aside; the rest goes on.
  /// - Parameters:
  ///   - study: the study, with slices, lesions and contours.
  ///   - progress: called now and then with the numbers of ROIs done and planned.
  /// - Returns: what was done.
  /// - Throws: `StudyError` where the study cannot be written; the former ROIs are then still there.
  public static func run(
    _ study: StudyFolder, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(StudyError) -> Summary {
    let settings = try study.readProtocol().roi
    let (candidates, remarks) = try plan(study, settings)
    var file = try CropFile(study)
    let cutter = ROICutter(ROISettings(settings))
    var entries = remarks
    var rows: [ROIRecord] = []
    var patients = 0
    var done = 0
    for batch in batches(candidates) {
      let before = done
      let results = ParallelMap.run(batch) {
        cut($0, cutter)
      } progress: {
        progress?(before + $0, candidates.count)
      }
      done += batch.count
      let refused = zip(batch, results).compactMap { candidate, result in
        if case .failure = result { candidate.patientCode } else { nil }
      }
      patients += Set(batch.map(\.patientCode)).subtracting(refused).count
      for (candidate, result) in zip(batch, results) {
        switch result {
        case .failure(let refusal):
          entries.append(candidate.setAside(excludes: true, refusal.reason))
        case .success(let cut):
          entries += cut.crop.warnings.map { candidate.setAside(excludes: false, $0.description) }
          if refused.contains(candidate.patientCode) { continue }
          rows.append(
            ROIRecord(
              ordinal: rows.count, sliceId: candidate.sliceId, lesionId: candidate.lesionId, reader: candidate.reader,
              pixelHash: cut.pixelHash, contour: cut.crop.polygons))
          try file.append(cut.crop.values)
        }
      }
    }
    let fileName = try file.finish()
    let (finalRows, finalEntries, finalPatients) = (rows, entries, patients)
    let summary = try study.write { database in
      try ROIRecord.deleteAll(database)
      for row in finalRows { try row.insert(database) }
      try database.replaceSetAside(of: .rois, with: finalEntries)
      try Setting(key: ROISet.fileKey, value: fileName).save(database)
      try Setting(key: ROISet.settingsKey, value: ROISet.description(of: settings)).save(database)
      return Summary(
        rois: finalRows.count, lesions: Set(finalRows.map(\.lesionId)).count, patients: finalPatients,
        setAside: finalEntries.count)
    }
    CropFile.removeAll(study, except: fileName)
    return summary
  }

  /// Whole patients together, so that one that cannot be used leaves nothing in the file; few enough that memory stays
  /// small, many enough that all cores have work.
  private static func batches(_ candidates: [Candidate]) -> [[Candidate]] {
    var batches: [[Candidate]] = []
    for candidate in candidates {
      if let last = batches.last, last.count < 256 || last.last?.patientCode == candidate.patientCode {
        batches[batches.count - 1].append(candidate)
      } else {
        batches.append([candidate])
      }
    }
    return batches
  }

  /// One ROI to be made.
  private struct Candidate: Sendable {
    let sliceId: Int64
    let lesionId: Int64
    let reader: String
    let patientCode: String
    let url: URL
    let frame: Int
    let ordinal: Int
    let pixelSize: (row: Double, column: Double)?
    let polygons: [Polygon]

    func setAside(excludes: Bool, _ reason: String) -> SetAside {
      SetAside(
        stage: .rois, patientCode: patientCode, excludes: excludes, subject: "slice \(ordinal + 1) of its series",
        reason: reason)
    }
  }

  private struct Cut: Sendable {
    let crop: ROICrop
    let pixelHash: String
  }

  private struct Refusal: Error {
    let reason: String
  }

  private static func cut(_ candidate: Candidate, _ cutter: ROICutter) -> Result<Cut, Refusal> {
    do {
      let image = try DICOMFile.image(at: candidate.url, frame: candidate.frame)
      let crop = try cutter.cut(image, around: candidate.polygons, pixelSize: candidate.pixelSize)
      return .success(Cut(crop: crop, pixelHash: image.pixelHash))
    } catch {
      return .failure(Refusal(reason: "\(error)"))
    }
  }

  private struct ContourRow: Decodable, FetchableRecord {
    let sliceId: Int64
    let lesionId: Int64
    let reader: String
    let vertices: Polygon
    let path: String
    let frame: Int
    let ordinal: Int
    let rowSpacing: Double?
    let columnSpacing: Double?
    let seriesId: Int64
    let patientCode: String
  }

  private static func plan(
    _ study: StudyFolder, _ settings: StudyProtocol.ROI
  ) throws(StudyError) -> (candidates: [Candidate], remarks: [SetAside]) {
    let readers = try study.readProtocol().annotation.readers
    let rows = try study.read { database in
      let excluded = try database.excludedPatientCodes(before: .rois)
      return try ContourRow.fetchAll(
        database,
        sql: """
          SELECT contour.sliceId, contour.lesionId, contour.reader, contour.vertices, slice.path, slice.frame, slice.ordinal,
            slice.rowSpacing, slice.columnSpacing, slice.seriesId, patient.code AS patientCode
          FROM contour JOIN slice ON slice.id = contour.sliceId JOIN lesion ON lesion.id = contour.lesionId
            JOIN patient ON patient.id = lesion.patientId
          ORDER BY patient.code, lesion.name, slice.seriesId, slice.ordinal, contour.reader, contour.id
          """
      ).filter { !excluded.contains($0.patientCode) }
    }
    var candidates: [Candidate] = []
    var remarks: [SetAside] = []
    let lesions = Dictionary(grouping: rows, by: \.lesionId).sorted {
      ($0.value[0].patientCode, $0.key) < ($1.value[0].patientCode, $1.key)
    }
    for (_, lesion) in lesions {
      guard let first = lesion.first else { continue }
      let present = Set(lesion.map(\.reader))
      guard let reader = readers.isEmpty ? present.min() : readers.first(where: present.contains) else {
        remarks.append(
          SetAside(
            stage: .rois, patientCode: first.patientCode, excludes: false, subject: "a lesion",
            reason: "none of the protocol's readers has drawn it; annotation.readers lists \(readers.count)"))
        continue
      }
      let slices = Dictionary(grouping: lesion.filter { $0.reader == reader }, by: \.sliceId).values
        .compactMap { contours in contours.first.map { ($0, contours) } }
        .sorted { ($0.0.seriesId, $0.0.ordinal) < ($1.0.seriesId, $1.0.ordinal) }
      for (slice, contours) in evenlySpread(slices, settings.maximumSlicesPerLesion) {
        var pixelSize: (Double, Double)?
        if let row = slice.rowSpacing, let column = slice.columnSpacing { pixelSize = (row, column) }
        candidates.append(
          Candidate(
            sliceId: slice.sliceId, lesionId: slice.lesionId, reader: reader, patientCode: slice.patientCode,
            url: study.url.appendingPathComponent(slice.path), frame: slice.frame, ordinal: slice.ordinal,
            pixelSize: pixelSize, polygons: contours.map(\.vertices)))
      }
    }
    return (candidates, remarks)
  }

  /// At most `maximum` elements at even distances, the middle of each stretch.
  static func evenlySpread<T>(_ elements: [T], _ maximum: Int?) -> [T] {
    guard let maximum, elements.count > maximum else { return elements }
    return (0..<maximum).map { elements[(2 * $0 + 1) * elements.count / (2 * maximum)] }
  }
}

/// An ROI in the study's tables; its crop is number `ordinal` in the crops' file.
struct ROIRecord: Codable, FetchableRecord, PersistableRecord {
  var ordinal: Int
  var sliceId: Int64
  var lesionId: Int64
  var reader: String
  var pixelHash: String
  /// The contour's polygons in the crop's pixels.
  var contour: [Polygon]

  static let databaseTableName = "roi"
}
