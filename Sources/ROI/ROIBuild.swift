import Annotation
import Foundation
import GRDB
public import Study
public import Support

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
    /// Exams whose outlines come from a case that its reader has not finished.
    public var unfinished = 0
  }

  /// Replaces the study's ROIs.
  ///
  /// A patient with a lesion that no reader outlined, or with a slice that cannot be read, is excluded; all others are
  /// used.
  /// - Parameters:
  ///   - study: the study, with slices, lesions and contours.
  ///   - progress: called now and then with the numbers of ROIs done and planned.
  /// - Returns: what was done.
  /// - Throws: `StudyError` where the protocol's labels have changed since the contours were imported, or the study
  ///   cannot be written; the former ROIs are then still there.
  public static func run(
    _ study: StudyFolder, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(StudyError) -> Summary {
    let settings = try study.readProtocol()
    try study.requireImages(for: "ROIs are cut out of slices")
    let plan = try study.read { try ROIPlan(settings, $0) }
    CropFile.removeUnfinished(study)
    var file = try CropFile(study)
    let made = try cut(
      plan, settings.roi, in: study.url, progress: progress, prepare: { CropBytes($0) },
      keep: { crop throws(StudyError) in try file.append(crop) })
    let fileName = try file.finish()
    try study.write { database in
      try made.store(database)
      try Setting(key: ROISet.fileKey, value: fileName).save(database)
      try Setting(key: ROISet.planKey, value: plan.digest).save(database)
    }
    CropFile.removeAll(study, except: fileName)
    return Summary(
      rois: made.rows.count, lesions: Set(made.rows.map(\.lesionId)).count, patients: made.patients,
      setAside: made.setAside.count, unfinished: made.setAside.count { $0.reason == UnfinishedReadings.reason })
  }

  /// The ROIs that were made, without their crops, and the excluded patients.
  struct Made: Sendable {
    /// In the order of the crops.
    var rows: [ROIRecord] = []
    var setAside: [SetAside]
    /// Patients that have an ROI.
    var patients = 0

    /// Replaces the ROIs in the tables.
    func store(_ database: Database) throws {
      try ROIRecord.deleteAll(database)
      for row in rows { try row.insert(database) }
      try database.replaceSetAside(of: .rois, with: setAside)
    }
  }

  /// Cuts the planned crops, all of a patient's or none.
  ///
  /// - Parameters:
  ///   - plan: what is to be cut.
  ///   - settings: how it is cropped.
  ///   - folder: the study's folder; nil where slices have absolute paths.
  ///   - progress: called now and then with the numbers of ROIs done and planned.
  ///   - prepare: is given each crop, and where the plan has neighbours those of the slice before and after it around it, on all cores.
  ///   - keep: is given what `prepare` made, in order.
  /// - Returns: what the kept crops are of.
  /// - Throws: what `keep` throws.
  static func cut<Crop: Sendable>(
    _ plan: ROIPlan, _ settings: StudyProtocol.ROI, in folder: URL?, progress: (@Sendable (Int, Int) -> Void)? = nil,
    prepare: @Sendable ([Float]) -> Crop, keep: (Crop) throws(StudyError) -> Void
  ) throws(StudyError) -> Made {
    let cutter = ROICutter(ROISettings(settings))
    var made = Made(setAside: plan.setAside)
    var done = 0
    for batch in batches(plan.candidates) {
      let before = done
      let results = ParallelMap.run(batch, chunk: min(8, 1 + batch.count / 16)) {
        cut($0, in: folder, cutter, prepare)
      } progress: {
        progress?(before + $0, plan.candidates.count)
      }
      done += batch.count
      // A carried outline is a help beside the drawn ones: its slice costs no patient.
      let refused = zip(batch, results).compactMap { candidate, result in
        if case .failure = result, candidate.carriedId == nil { candidate.place.patientCode } else { nil }
      }
      made.patients += Set(batch.map(\.place.patientCode)).subtracting(refused).count
      for (candidate, result) in zip(batch, results) {
        switch result {
        case .failure(let refusal):
          made.setAside.append(
            candidate.carriedId == nil
              ? candidate.setAside(excludes: true, refusal.reason)
              : candidate.setAside(excludes: false, "no ROI is made of the outline carried to it: \(refusal.reason)"))
        case .success(let cut):
          made.setAside += cut.remarks.map { candidate.setAside(excludes: false, $0) }
          if refused.contains(candidate.place.patientCode) { continue }
          made.rows.append(
            ROIRecord(
              ordinal: made.rows.count, sliceId: candidate.place.sliceId, lesionId: candidate.lesionId,
              reader: candidate.reader, pixelHash: cut.pixelHash, contour: cut.contour, height: cut.height))
          try keep(cut.crop)
        }
      }
    }
    return made
  }

  /// Whole patients together, so that one that cannot be used leaves nothing in the file; few enough that memory stays
  /// small, many enough that all cores have work.
  private static func batches(_ candidates: [ROIPlan.Candidate]) -> [[ROIPlan.Candidate]] {
    var batches: [[ROIPlan.Candidate]] = []
    for candidate in candidates {
      if let last = batches.last, last.count < 256 || last.last?.place.patientCode == candidate.place.patientCode {
        batches[batches.count - 1].append(candidate)
      } else {
        batches.append([candidate])
      }
    }
    return batches
  }

  private struct Cut<Crop: Sendable>: Sendable {
    let crop: Crop
    let remarks: [String]
    let contour: String
    let pixelHash: String
    let height: Double?
  }

  private static func cut<Crop>(
    _ candidate: ROIPlan.Candidate, in folder: URL?, _ cutter: ROICutter, _ prepare: ([Float]) -> Crop
  ) -> Result<Cut<Crop>, ROIPlan.Refusal> {
    do throws(ROIPlan.Refusal) {
      let (image, crop) = try candidate.cut(in: folder, cutter)
      let (values, remarks) = try NeighbouringSlices(candidate).stack(around: crop, in: folder, cutter)
      return .success(
        Cut(
          crop: prepare(values), remarks: crop.warnings.map(\.description) + remarks,
          contour: JSONText.encode(crop.polygons),
          pixelHash: image.pixelHash, height: image.height))
    } catch {
      return .failure(error)
    }
  }
}

/// An ROI in the study's tables; its crop is number `ordinal` in the crops' file.
struct ROIRecord: Codable, FetchableRecord, PersistableRecord {
  var ordinal: Int
  var sliceId: Int64
  var lesionId: Int64
  var reader: String
  var pixelHash: String
  /// The contour's polygons in the crop's pixels, in JSON.
  var contour: String
  /// `CTImage.height` of the slice, in mm; nil where its file does not state it, or the ROIs were made by an earlier version.
  var height: Double?

  static let databaseTableName = "roi"
}
