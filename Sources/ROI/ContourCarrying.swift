import Annotation
import Foundation
import GRDB
import Imaging
public import Study
public import Support

/// Carries the outlines that a reader drew on one series of an exam to the series of its other phases.
///
/// Each lesion is carried by its place in the patient, corrected by the rigid shift of its surroundings (`RigidShift`). Drawn outlines
/// always win: nothing is carried to a phase in which the reader outlined the lesion. A poor shift is used only if a person confirms it.
public enum ContourCarrying {
  /// What carrying did.
  public struct Summary: Equatable, Sendable {
    /// Outlines of a lesion that were carried to a phase and are used.
    public var used = 0
    /// Those that need confirmation.
    public var poor = 0
    /// Those that could not be carried.
    public var failed = 0
  }

  /// Replaces the study's carried outlines; confirmations of outlines that came out the same are kept.
  ///
  /// - Parameters:
  ///   - study: the study, with slices, contours and the phase of each series.
  ///   - phases: the phases to carry to; empty carries to all.
  ///   - progress: called with the numbers of outlines done and of all.
  /// - Returns: what was done.
  /// - Throws: `StudyError` where contours or selection are out of date, no phase is known, or the study cannot be written.
  public static func run(
    _ study: StudyFolder, to phases: [Phase] = [], progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(StudyError) -> Summary {
    let settings = try study.readProtocol()
    try study.requireImages(for: "outlines are carried from slices to slices")
    let jobs = try study.read { database in
      try ContourSettings.requireUnchanged(settings.annotation, database)
      try SelectionBasis.requireCurrent(settings, database)
      return try planned(database, phases)
    }
    let folder = study.url
    let results = ParallelMap.run(jobs, chunk: 1) { job in
      job.run(in: folder)
    } progress: {
      progress?($0, jobs.count)
    }
    return try study.write { database in
      let confirmed = try CarriedOutline.fetchAll(database).filter(\.isConfirmed)
      try CarriedOutline.removeAll(database)
      var summary = Summary()
      for (var outline, contours) in results {
        outline.isConfirmed = confirmed.contains { former in
          var same = former
          same.id = nil
          same.isConfirmed = false
          return same == outline
        }
        try outline.insert(database)
        for contour in contours {
          var contour = contour
          contour.carriedId = outline.id
          try contour.insert(database)
        }
        if outline.score == nil {
          summary.failed += 1
        } else if outline.isUsed {
          summary.used += 1
        } else {
          summary.poor += 1
        }
      }
      try CarriedOutline.storeBasis(database)
      return summary
    }
  }

  /// Confirms outlines that were flagged as poor.
  ///
  /// - Parameters:
  ///   - names: each as `CarriedOutlines.Entry.name`, or the same without the phase for all phases of a lesion.
  ///   - study: the study.
  /// - Returns: how many outlines are confirmed by it.
  /// - Throws: `StudyError` where a name fits no outline, or none that could be carried.
  public static func confirm(_ names: [String], in study: StudyFolder) throws(StudyError) -> Int {
    try study.write { database in
      try CarriedOutline.requireCurrent(database)
      let entries = try CarriedOutlines.entries(database)
      var confirmed = 0
      for name in names {
        let meant = entries.filter { $0.name == name || $0.lesionName == name }
        guard !meant.isEmpty else {
          throw StudyError(
            .file,
            "no carried outline is named \(name); give PATIENT/LESION or PATIENT/LESION/PHASE as in the table that "
              + "`renalgrade contours carry` writes")
        }
        guard meant.contains(where: { $0.outline.score != nil }) else {
          throw StudyError(
            .file, "\(name) could not be carried (\(meant[0].outline.remark)), so it cannot be confirmed")
        }
        for entry in meant where entry.outline.isPoor && entry.outline.score != nil {
          var outline = entry.outline
          outline.isConfirmed = true
          try outline.update(database)
          confirmed += 1
        }
      }
      return confirmed
    }
  }

  /// Removes all carried outlines.
  ///
  /// - Returns: how many there were.
  /// - Throws: `StudyError` where the study cannot be written.
  public static func drop(from study: StudyFolder) throws(StudyError) -> Int {
    try study.write { try CarriedOutline.removeAll($0) }
  }

  /// A lesion's outline by one reader, and the series that it is to be carried to.
  private struct Job: Sendable {
    let lesionId: Int64
    let reader: String
    let contours: [ROIPlan.PlacedContour]
    let source: [SlicePlace]
    let target: [SlicePlace]

    func run(in folder: URL) -> (CarriedOutline, [StoredContour]) {
      func outline(_ shift: RigidShift?, isPoor: Bool, _ remark: String) -> CarriedOutline {
        CarriedOutline(
          lesionId: lesionId, reader: reader, sourceSeriesId: source.first?.seriesId ?? 0,
          targetSeriesId: target.first?.seriesId ?? 0, shift: shift?.millimetres, score: shift?.score, isPoor: isPoor,
          remark: remark)
      }
      do throws(SeriesSlices.Problem) {
        let drawn = try SeriesOutline(SeriesSlices(source, in: folder), contours)
        let other = try SeriesSlices(target, in: folder)
        guard let shift = try drawn.shift(to: other) else {
          return (outline(nil, isPoor: true, "the two series have too little in common there to be compared"), [])
        }
        let (carried, share) = drawn.carried(to: other, by: shift.millimetres)
        guard !carried.isEmpty else {
          return (outline(nil, isPoor: true, "the outline encloses the centre of no pixel of the other series"), [])
        }
        let (isPoor, remark) = drawn.judgement(shift, share: share, other)
        let stored = carried.flatMap { slice, polygons in
          polygons.enumerated().map { number, polygon in
            StoredContour(
              sliceId: slice.place.sliceId, lesionId: lesionId, reader: reader,
              annotationID: "carried \(slice.place.sliceId) \(number)", vertices: polygon)
          }
        }
        return (outline(shift, isPoor: isPoor, remark), stored)
      } catch {
        return (outline(nil, isPoor: true, error.reason), [])
      }
    }
  }

  /// Which outlines are to be carried, and where to.
  private static func planned(_ database: Database, _ phases: [Phase]) throws -> [Job] {
    var phaseOf: [Int64: Phase] = [:]
    for row in try Row.fetchAll(
      database, sql: "SELECT seriesId, phase FROM seriesPhase WHERE phase IS NOT NULL AND isUsed")
    {
      phaseOf[row[0]] = Phase(rawValue: row[1])
    }
    guard !phaseOf.isEmpty else {
      throw StudyError(
        .file,
        "the phase of no series is known, so there is nothing to carry outlines to; determine the phases with "
          + "`renalgrade cohort select`")
    }
    let excluded = try database.excludedPatientCodes(before: .rois)
    let drawn = try UnusedSeries.removed(
      from: ROIPlan.PlacedContour.fetchAll(database).filter {
        $0.carriedId == nil && !excluded.contains($0.place.patientCode)
      }, database
    ).kept
    let places = Dictionary(grouping: try SlicePlace.all(database), by: \.seriesId)
    let seriesOfExam = Dictionary(grouping: places.keys) { places[$0]?.first?.studyInstanceUID ?? "" }
    let everyPhase = try database.seriesPhases()
    var jobs: [Job] = []
    let groups = Dictionary(grouping: drawn) { [$0.place.studyInstanceUID, "\($0.lesionId)", $0.reader] }
    for (name, contours) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let bySeries = Dictionary(grouping: contours, by: \.place.seriesId)
      // The series with most outlined slices shows most of the lesion.
      guard
        let (source, outlined) = bySeries.min(by: {
          (-Set($0.value.map(\.place.sliceId)).count, $0.key) < (-Set($1.value.map(\.place.sliceId)).count, $1.key)
        }), let lesionId = outlined.first?.lesionId
      else { continue }
      let drawnPhases = Set(bySeries.keys.compactMap { everyPhase[$0] })
      for target in (seriesOfExam[name[0]] ?? []).sorted() where bySeries[target] == nil {
        guard let phase = phaseOf[target], !drawnPhases.contains(phase), phases.isEmpty || phases.contains(phase)
        else { continue }
        jobs.append(
          Job(
            lesionId: lesionId, reader: name[2], contours: outlined, source: places[source] ?? [],
            target: places[target] ?? []))
      }
    }
    return jobs
  }
}
