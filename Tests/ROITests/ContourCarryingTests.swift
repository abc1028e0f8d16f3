import Annotation
import Foundation
import GRDB
import Imaging
import Study
import Support
import TestSupport
import Testing

@testable import ROI

/// Outlines that are carried from one phase of an exam to the others.
struct ContourCarryingTests {
  /// Outlined portal venous, and three other phases at other breaths, on other pixels and slices.
  private static let breaths: [BreathingExam.Scan] = [
    .init(phase: .portalVenous), .init(phase: .nonContrast, shift: [1.2, -2.1, 9.4], pixel: 1.75, step: 2.5),
    .init(phase: .lateArterial, shift: [-3.3, 1.6, -7.2], step: 4),
    .init(phase: .delayed, shift: [0.4, 2.7, -11.6]),
  ]

  private func carried(_ exam: BreathingExam, _ scan: Int) throws -> CarriedOutlines.Entry {
    try #require(try CarriedOutlines.entries(of: exam.study).first { $0.targetSeries == exam.uid("\(scan)") })
  }

  /// The carried mask of each slice of a scan, by the slice's number.
  private func masks(_ exam: BreathingExam, _ scan: Int) throws -> [Int: [Bool]] {
    let side = exam.scans[scan].side
    let rows = try exam.study.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT slice.ordinal, contour.vertices FROM contour JOIN slice ON slice.id = contour.sliceId
            JOIN series ON series.id = slice.seriesId WHERE series.seriesInstanceUID = ?
          """, arguments: [exam.uid("\(scan)")]
      ).map { ($0[0] as Int, $0[1] as String) }
    }
    var masks: [Int: [Bool]] = [:]
    for (slice, polygon) in rows {
      let part = try JSONText.polygon(polygon).mask(columns: side, rows: side).values
      masks[slice] = zip(masks[slice] ?? part, part).map { $0 || $1 }
    }
    return masks
  }

  /// The overlap of the carried mask with the true one.
  private func dice(_ exam: BreathingExam, _ scan: Int) throws -> Double {
    let masks = try masks(exam, scan)
    var (both, sum) = (0, 0)
    for slice in exam.scans[scan].heights.indices {
      let truth = exam.truth(exam.scans[scan], slice: slice)
      let carried = masks[slice] ?? truth.map { _ in false }
      both += zip(truth, carried).count { $0 && $1 }
      sum += truth.count { $0 } + carried.count { $0 }
    }
    return 2 * Double(both) / Double(sum)
  }

  @Test func `every breath is found within a millimetre, and the outlines overlap the true ones`() throws {
    let exam = try BreathingExam(Self.breaths)
    let summary = try ContourCarrying.run(exam.study)
    #expect(summary == ContourCarrying.Summary(used: 3, poor: 0, failed: 0))
    for scan in 1...3 {
      let entry = try carried(exam, scan)
      let found = SIMD3(
        try #require(entry.outline.left), try #require(entry.outline.posterior), try #require(entry.outline.superior))
      #expect((found - exam.scans[scan].shift).length < 1, "\(entry.outline)")
      #expect(entry.outline.remark.isEmpty && entry.verdict == "used" && entry.outline.reader == "U_1")
      #expect(entry.sourcePhase == .portalVenous && entry.targetPhase == exam.scans[scan].phase)
      let overlap = try dice(exam, scan)
      #expect(overlap > 0.88, "\(exam.scans[scan].phase): \(overlap)")
    }
    // Again, and to some phases only: the former ones are replaced.
    #expect(try ContourCarrying.run(exam.study, to: [.delayed]).used == 1)
    #expect(try CarriedOutlines.entries(of: exam.study).map(\.targetPhase) == [.delayed])
    let file = exam.folder.url.appendingPathComponent("carried.csv")
    try CarriedOutlines.write(exam.study, to: file)
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 2 && lines[1].hasPrefix("P1,1,U_1,portalVenous,delayed,"))
    #expect(try ContourCarrying.drop(from: exam.study) == 1)
    #expect(try exam.study.read { try StoredContour.filter(Column("carriedId") != nil).fetchCount($0) } == 0)
  }

  @Test func `coronal slices are carried to as well`() throws {
    let exam = try BreathingExam([
      .init(phase: .portalVenous), .init(phase: .nonContrast, shift: [2, -1.5, 6], isCoronal: true),
    ])
    #expect(try ContourCarrying.run(exam.study).used == 1)
    let overlap = try dice(exam, 1)
    #expect(overlap > 0.88, "\(overlap)")
  }

  @Test func `on its own series an outline comes back as the same mask`() throws {
    let exam = try BreathingExam([.init(phase: .portalVenous)])
    let contours = try exam.study.read { try ROIPlan.PlacedContour.fetchAll($0) }
    let places = try exam.study.read { try SlicePlace.all($0) }
    let series = try SeriesSlices(places, in: exam.study.url)
    var random = DeterministicGenerator(seed: 3, stream: 1)
    for round in 0..<8 {
      // Corners between pixels, and on their centres.
      let moved = try contours.map { contour in
        let shift = SIMD2(Double.random(in: -3...3, using: &random), Double.random(in: -3...3, using: &random))
        let polygon = Polygon(
          vertices: try JSONText.polygon(contour.vertices).vertices.map {
            round < 4 ? $0 + shift : ($0 + shift).rounded(.toNearestOrEven)
          })
        return ROIPlan.PlacedContour(
          lesionId: contour.lesionId, reader: contour.reader,
          vertices: String(JSONText.encode([polygon]).dropFirst().dropLast()),
          place: contour.place, carriedId: nil)
      }
      let outline = try SeriesOutline(series, moved)
      let (carried, share) = outline.carried(to: series, by: .zero)
      #expect(share == 1)
      let side = exam.scans[0].side
      func mask(_ polygons: [Polygon]) -> [Bool] {
        polygons.map { $0.mask(columns: side, rows: side).values }
          .reduce([Bool](repeating: false, count: side * side)) { zip($0, $1).map { $0 || $1 } }
      }
      let before = Dictionary(
        uniqueKeysWithValues: outline.outlines.map { ($0.slice.place.sliceId, mask($0.polygons)) })
      let after = Dictionary(uniqueKeysWithValues: carried.map { ($0.slice.place.sliceId, mask($0.polygons)) })
      #expect(before.filter { $0.value.contains(true) } == after)
    }
  }

  @Test func `a poor shift is used only when a person confirms it, and the confirmation is kept`() throws {
    let exam = try BreathingExam([
      .init(phase: .portalVenous), .init(phase: .nonContrast, shift: [0, 2, 5]), .init(phase: .delayed, isOther: true),
      .init(phase: .lateArterial, shift: [0, 0, 300]),
    ])
    let summary = try ContourCarrying.run(exam.study)
    #expect(summary.used == 1 && summary.poor + summary.failed == 2)
    let poor = try carried(exam, 2)
    #expect(poor.verdict == "poor" && poor.outline.remark.contains("the images differ"), "\(poor.outline)")
    let settings = try exam.study.readProtocol()
    func phases() throws -> Set<Phase?> {
      Set(try OutlinedLesion.all(in: exam.study, settings).map(\.phase))
    }
    #expect(try phases() == [.portalVenous, .nonContrast])
    for (name, words) in [("P1/2", "no carried outline"), ("P9/1/delayed", "no carried outline")] {
      let error = #expect(throws: StudyError.self) { try ContourCarrying.confirm([name], in: exam.study) }
      #expect(error?.description.contains(words) == true)
    }
    #expect(try ContourCarrying.confirm(["P1/1/delayed"], in: exam.study) == 1)
    #expect(try phases().contains(.delayed))
    let confirmed = try carried(exam, 2)
    #expect(confirmed.verdict == "confirmed" && confirmed.sentence.contains("confirmed by a person"))
    // What comes out the same stays confirmed.
    _ = try ContourCarrying.run(exam.study)
    #expect(try carried(exam, 2).verdict == "confirmed")
    // Where the tumour left the images there is nothing to confirm, or it is poor.
    #expect(try carried(exam, 3).verdict != "used")
  }

  @Test func `what a reader drew wins, and nothing becomes a second reader`() throws {
    let exam = try BreathingExam([
      .init(phase: .portalVenous), .init(phase: .nonContrast, shift: [1, -2, 4]),
      .init(phase: .lateArterial, shift: [-3, 1.5, -5]),
    ])
    try exam.outline([("U_1", 0), ("U_1", 1), ("U_2", 0)])
    #expect(try ContourCarrying.run(exam.study).used == 3)
    let entries = try CarriedOutlines.entries(of: exam.study)
    // The first reader drew the non-contrast series, the second did not.
    #expect(
      Set(entries.map { "\($0.outline.reader) \($0.targetPhase?.rawValue ?? "")" }) == [
        "U_1 lateArterial", "U_2 lateArterial", "U_2 nonContrast",
      ])
    let settings = try exam.study.readProtocol()
    let plan = try exam.study.read { try ROIPlan(settings, $0) }
    #expect(Set(plan.candidates.map(\.reader)) == ["U_1"])
    let drawn = Set(plan.candidates.filter { $0.carriedId == nil }.map(\.place.seriesInstanceUID))
    #expect(drawn == [exam.uid("0"), exam.uid("1")])
  }

  @Test func `drawn ROIs stay as they are, and carried ones say so`() throws {
    let exam = try BreathingExam(Array(Self.breaths.prefix(2))) {
      $0.replacing("maximumSlicesPerLesion: null", with: "maximumSlicesPerLesion: 3")
    }
    _ = try ROIBuild.run(exam.study)
    let before = try ROISet(exam.study)
    let extent = try LesionExtent.all(in: exam.study)
    _ = try ContourCarrying.run(exam.study)
    #expect(throws: StudyError.self) { try ROISet(exam.study) }
    _ = try ROIBuild.run(exam.study)
    let after = try ROISet(exam.study)
    #expect(before.entries.count == 3 && after.entries.count == 6)
    let drawn = after.entries.indices.filter { !after.entries[$0].isCarried }
    #expect(drawn.map { after.entries[$0].slice } == before.entries.map(\.slice))
    for (old, new) in zip(before.entries.indices, drawn) {
      #expect(before.withCrop(old) { Array($0) } == after.withCrop(new) { Array($0) })
    }
    #expect(Set(after.entries.filter(\.isCarried).map(\.phase)) == [.nonContrast])
    #expect(try LesionExtent.all(in: exam.study) == extent)
    // A carried outline's slice that was damaged costs that outline alone.
    let path = try exam.study.read { database in
      try SlicePlace.all(database).first { $0.name == after.entries.last?.slice }?.path
    }
    let file = exam.study.url.appendingPathComponent(try #require(path))
    try Data(Data(contentsOf: file).prefix(900)).write(to: file)
    let summary = try ROIBuild.run(exam.study)
    #expect(summary.rois == 5 && summary.patients == 1)
    #expect(try exam.study.setAside().contains { $0.reason.contains("no ROI is made of the outline carried to it") })
    #expect(try !exam.study.setAside().contains(where: \.excludes))
  }

  @Test func `carried outlines are out of date when phases change, and go when contours are imported again`() throws {
    let exam = try BreathingExam([.init(phase: .portalVenous), .init(phase: .nonContrast, pixel: 2.5, step: 5)])
    _ = try ContourCarrying.run(exam.study)
    let settings = try exam.study.readProtocol()
    _ = try exam.study.read { try ROIPlan(settings, $0) }
    try exam.study.write { try $0.execute(sql: "UPDATE seriesPhase SET phase = 'delayed' WHERE phase = 'nonContrast'") }
    let error = #expect(throws: StudyError.self) { try exam.study.read { try ROIPlan(settings, $0) } }
    #expect(error?.description.contains("out of date") == true)
    #expect(throws: StudyError.self) { try ContourCarrying.confirm(["P1/1"], in: exam.study) }
    #expect(try ContourCarrying.run(exam.study).used == 1)
    _ = try exam.study.read { try ROIPlan(settings, $0) }
    try exam.outline([("U_1", 0)])
    #expect(try CarriedOutlines.entries(of: exam.study).isEmpty)
    #expect(try exam.study.setAside().contains { $0.reason.contains("renalgrade contours carry") })
    let plan = try exam.study.read { try ROIPlan(settings, $0) }
    #expect(!plan.candidates.isEmpty && plan.candidates.allSatisfy { $0.carriedId == nil })
    try exam.study.write { try $0.execute(sql: "DELETE FROM seriesPhase") }
    let unknown = #expect(throws: StudyError.self) { try ContourCarrying.run(exam.study) }
    #expect(unknown?.description.contains("cohort select") == true)
  }

  @Test func `another frame of reference is noted, and a series that ends within the lesion is flagged`() throws {
    let exam = try BreathingExam([
      .init(phase: .portalVenous), .init(phase: .nonContrast, shift: [0, 1, 3], frameOfReference: "another"),
      .init(phase: .delayed, reach: 6),
    ])
    _ = try ContourCarrying.run(exam.study)
    let other = try carried(exam, 1)
    #expect(other.verdict == "used" && other.outline.remark.contains("the same frame of reference"))
    let short = try carried(exam, 2)
    #expect(short.verdict != "used" && !short.outline.remark.isEmpty, "\(short.outline)")
  }

  @Test func `a series that cannot be read costs that phase alone`() throws {
    let exam = try BreathingExam(Array(Self.breaths.prefix(3)))
    let path = try exam.study.read { database in
      try SlicePlace.all(database).first { $0.name == exam.uid("1 9") }?.path
    }
    let file = exam.study.url.appendingPathComponent(try #require(path))
    try Data(Data(contentsOf: file).prefix(900)).write(to: file)
    #expect(try ContourCarrying.run(exam.study) == ContourCarrying.Summary(used: 1, poor: 0, failed: 1))
    let failed = try carried(exam, 1)
    #expect(failed.verdict == "failed" && failed.outline.remark.contains("slice "))
    #expect(!failed.outline.remark.contains(".dcm"))
    let error = #expect(throws: StudyError.self) { try ContourCarrying.confirm([failed.name], in: exam.study) }
    #expect(error?.description.contains("could not be carried") == true)
  }
}
