@testable import Annotation
import DICOM
import Foundation
import Imaging
@testable import Study
import Testing

/// Slips along the slices, and proposals between them.
struct ProfileTests {
  private let window = UUID().uuidString

  /// A desk on slices of 40 HU, with fat on the right of column 40.
  private func desk(_ fixture: ReadingStudy) throws -> AnnotationDesk {
    _ = try fixture.desk()
    let values = (0..<48).flatMap { _ in (0..<64).map { Int16($0 < 40 ? 40 : -100) } }
    let desk = try AnnotationDesk(fixture.study, now: { Date() }) { _ in
      CTImage(columns: 64, rows: 48, storedValues: values)
    }
    _ = try desk.worklist(for: "anna")
    return desk
  }

  @Test func `measures are those of the pixels and their spacing`() throws {
    let fixture = try ReadingStudy()
    let desk = try desk(fixture)
    let name = try fixture.case(of: 1, "anna")
    // 8 x 8 pixels of 1 x 0.5 mm with a hole of 2 x 2; columns 36 to 43, of which 40 and more are fat.
    let edits = [
      Edit.square(slice: 2, at: [35.5, 9.5], side: 8), .square(slice: 2, at: [36.5, 10.5], side: 2),
    ]
    _ = try desk.save(edits, case: name, reader: "anna", base: 0, window: window)
    let profile = try desk.profile(case: name, reader: "anna")
    let slice = try #require(profile.lesions.first?.slices.first)
    #expect(profile.lesions.count == 1 && slice.slice == 2 && slice.areaMM2 == 30)
    // 28 pixels of 40 HU and 32 of -100.
    let mean = (28 * 40 - 32 * 100) / 60.0
    #expect(abs((slice.meanHU ?? 0) - mean) < 1e-9)
    #expect(abs((slice.sdHU ?? 0) - 140 * (28.0 * 32).squareRoot() / 60) < 1e-9)
    #expect(profile.lesions[0].warnings.map(\.kind) == [.fatOrAir])
    let json = String(decoding: try JSONEncoder().encode(profile), as: UTF8.self)
    #expect(json.contains("fat or air") && !json.contains("fatShare"))
  }

  @Test func `slips are marked, and must be confirmed before the case is done`() throws {
    let fixture = try ReadingStudy()
    let desk = try desk(fixture)
    let name = try fixture.case(of: 1, "anna")
    func square(_ slice: Int, _ x: Double = 10, _ side: Double = 10) -> Edit {
      .square(slice: slice, at: [x, 10], side: side)
    }
    let smooth = try desk.save(
      [square(0), square(1, 10, 11), square(2, 11, 10)], case: name, reader: "anna", base: 0, window: window)
    #expect(try desk.profile(case: name, reader: "anna").lesions.first?.warnings == [])
    // A gap at 3; then a large slice between small ones.
    let slips = [square(4), square(5)]
    let saved = try desk.save(slips, case: name, reader: "anna", base: smooth.revision, window: window)
    let warnings = try #require(try desk.profile(case: name, reader: "anna").lesions.first).warnings
    #expect(warnings.map(\.kind) == [.gap] && warnings.map(\.slice) == [3])
    let error = #expect(throws: DeskError.self) {
      try desk.setState(.done, case: name, reader: "anna", base: saved.revision)
    }
    #expect(error == .unconfirmed(error?.message ?? "", warnings: warnings))
    #expect(
      try desk.setState(
        .done, case: name, reader: "anna", base: saved.revision, confirmed: warnings.map(\.warning)
      ).state == .done)
  }

  @Test func `jumps and outlines on the other side are found`() throws {
    func kinds(_ squares: [(slice: Int, x: Double, side: Double)]) throws -> [ProfileWarning.Kind] {
      let fixture = try ReadingStudy()
      let desk = try desk(fixture)
      let name = try fixture.case(of: 1, "anna")
      let edits = squares.map { Edit.square(slice: $0.slice, at: [$0.x, 5], side: $0.side) }
      _ = try desk.save(edits, case: name, reader: "anna", base: 0, window: window)
      return try desk.profile(case: name, reader: "anna").lesions.flatMap(\.warnings).map(\.kind)
    }
    #expect(try kinds([(0, 5, 10), (1, 5, 16), (2, 5, 10)]) == [.jump])
    #expect(try kinds([(0, 5, 10), (1, 14, 10), (2, 5, 10)]) == [.jump])
    #expect(try kinds([(0, 2, 3), (1, 2, 3), (2, 2, 3), (2, 59, 3), (3, 2, 3)]).contains(.farFromLesion))
    // The slices of a ball change smoothly, also near its poles.
    let ball = (0..<6).map { slice in
      let height = Double(slice) - 2.5
      return (
        slice: slice, x: 20 - (9 - height * height).squareRoot() * 2, side: (9 - height * height).squareRoot() * 4
      )
    }
    #expect(try kinds(ball) == [])
  }

  @Test func `proposals fill the slices between outlined ones, and none beyond`() throws {
    let fixture = try ReadingStudy()
    let desk = try desk(fixture)
    let name = try fixture.case(of: 1, "anna")
    _ = try desk.save(
      [.square(slice: 1, at: [10, 10], side: 10)], case: name, reader: "anna", base: 0, window: window)
    #expect(throws: DeskError.self) { try desk.proposals(case: name, reader: "anna", lesion: "left", series: 0) }
    _ = try desk.save(
      [.square(slice: 4, at: [30, 20], side: 10)], case: name, reader: "anna", base: 1, window: window)
    let filled = try desk.proposals(case: name, reader: "anna", lesion: "left", series: 0).proposals
    #expect(filled.map(\.slice) == [2, 3] && filled.allSatisfy { $0.outlines.count == 1 })
    let middle = Polygon(vertices: filled[0].outlines[0]).centroid
    #expect(abs(middle.x - (15 + 20.0 / 3)) < 0.2 && abs(middle.y - (15 + 10.0 / 3)) < 0.2)
    // What is proposed can be accepted.
    let accepted = Edit(
      object: AnnotationObject(
        object: UUID().uuidString,
        content: .outline(
          .init(
            lesion: "left", series: 0, slice: 2, vertices: filled[0].outlines[0], provenance: .interpolated,
            tool: "fill"))))
    #expect(try desk.save([accepted], case: name, reader: "anna", base: 2, window: window).revision == 3)
    #expect(throws: DeskError.noSuchCase) {
      try desk.proposals(case: name, reader: "ben", lesion: "left", series: 0)
    }
  }
}
