import Annotation
import DICOM
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
  }

  /// Replaces the study's ROIs.
  ///
  /// A patient with a lesion that nobody drew, or with a slice that cannot be read, is set aside; the rest goes on.
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
    let plan = try study.read { try ROIPlan(settings, $0) }
    CropFile.removeUnfinished(study)
    var file = try CropFile(study)
    let cutter = ROICutter(ROISettings(settings.roi))
    var entries = plan.setAside
    var rows: [ROIRecord] = []
    var patients = 0
    var done = 0
    for batch in batches(plan.candidates) {
      let before = done
      let results = ParallelMap.run(batch, chunk: 8) {
        cut($0, of: study, cutter)
      } progress: {
        progress?(before + $0, plan.candidates.count)
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
          entries += cut.warnings.map { candidate.setAside(excludes: false, $0.description) }
          if refused.contains(candidate.patientCode) { continue }
          rows.append(
            ROIRecord(
              ordinal: rows.count, sliceId: candidate.sliceId, lesionId: candidate.lesionId, reader: candidate.reader,
              pixelHash: cut.pixelHash, contour: cut.contour))
          try file.append(cut.crop)
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
      try Setting(key: ROISet.planKey, value: plan.digest).save(database)
      return Summary(
        rois: finalRows.count, lesions: Set(finalRows.map(\.lesionId)).count, patients: finalPatients,
        setAside: finalEntries.count)
    }
    CropFile.removeAll(study, except: fileName)
    return summary
  }

  /// Whole patients together, so that one that cannot be used leaves nothing in the file; few enough that memory stays
  /// small, many enough that all cores have work.
  private static func batches(_ candidates: [ROIPlan.Candidate]) -> [[ROIPlan.Candidate]] {
    var batches: [[ROIPlan.Candidate]] = []
    for candidate in candidates {
      if let last = batches.last, last.count < 256 || last.last?.patientCode == candidate.patientCode {
        batches[batches.count - 1].append(candidate)
      } else {
        batches.append([candidate])
      }
    }
    return batches
  }

  private struct Cut: Sendable {
    let crop: CropBytes
    let warnings: [ROIWarning]
    let contour: String
    let pixelHash: String
  }

  private struct Refusal: Error {
    let reason: String
  }

  private static func cut(
    _ candidate: ROIPlan.Candidate, of study: StudyFolder, _ cutter: ROICutter
  ) -> Result<Cut, Refusal> {
    do {
      let image = try DICOMFile.image(at: study.url.appendingPathComponent(candidate.path), frame: candidate.frame)
      let crop = try cutter.cut(image, around: candidate.polygons(), pixelSize: candidate.pixelSize)
      return .success(
        Cut(
          crop: CropBytes(crop.values), warnings: crop.warnings, contour: JSONText.encode(crop.polygons),
          pixelHash: image.pixelHash))
    } catch let error as DICOMError {
      // The file's name is no part of a reason: reasons stand in reports.
      return .failure(Refusal(reason: error.problem))
    } catch {
      return .failure(Refusal(reason: "\(error)"))
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

  static let databaseTableName = "roi"
}
