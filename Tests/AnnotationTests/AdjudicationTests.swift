@testable import Annotation
import Foundation
import GRDB
import Imaging
@testable import Study
import Testing

/// Two readings side by side, and the consensus.
struct AdjudicationTests {
  private let window = UUID().uuidString

  /// A study in which anna and ben have finished patient 1: equal on slice 1, shifted by half on 2, anna alone on 3.
  private func read() throws -> (ReadingStudy, AnnotationDesk) {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    for reader in ["anna", "ben"] {
      _ = try desk.worklist(for: reader)
      let name = try fixture.case(of: 1, reader)
      var edits = [
        Edit.square(slice: 1, at: [9.5, 9.5], side: 8),
        .square(slice: 2, at: [reader == "anna" ? 9.5 : 13.5, 9.5], side: 8),
      ]
      if reader == "anna" { edits.append(.square(slice: 3, at: [9.5, 9.5], side: 8)) }
      let saved = try desk.save(edits, case: name, reader: reader, base: 0, window: window)
      let warnings = try desk.profile(case: name, reader: reader).lesions.flatMap(\.warnings).map(\.warning)
      _ = try desk.setState(.done, case: name, reader: reader, base: saved.revision, confirmed: warnings)
    }
    return (fixture, desk)
  }

  @Test func `readers are compared slice by slice, without their names`() throws {
    let (fixture, desk) = try read()
    defer { withExtendedLifetime(fixture) {} }
    let list = try desk.disagreements(for: "ada")
    #expect(list.map(\.case) == ["adjudication-0001"] && list[0].readers == ["A", "B"] && list[0].lesions == ["left"])
    #expect(list[0].dice == 0.5)
    let case1 = try desk.disagreement("adjudication-0001", by: "ada")
    #expect(case1.strip.map(\.slice) == [1, 2, 3] && case1.strip.map(\.dice) == [1, 0.5, 0])
    #expect(Set(case1.readings.map(\.objects.count)) == [2, 3] && case1.detail.objects.isEmpty)
    let json = String(decoding: try JSONEncoder().encode(case1), as: UTF8.self)
    for name in ["anna", "ben", "2.25"] { #expect(!json.contains(name)) }
    for key in ["\"case\"", "\"strip\"", "\"readings\"", "\"revision\"", "\"series\""] { #expect(json.contains(key)) }
  }

  @Test func `the consensus is a reader of its own`() throws {
    let (fixture, desk) = try read()
    _ = try desk.disagreements(for: "ada")
    var taken = Edit.square(slice: 2, at: [9.5, 9.5])
    taken.object.content = .outline(
      .init(
        lesion: "left", series: 0, slice: 2, vertices: [[1, 1], [9, 1], [9, 9]], provenance: .readerA,
        tool: "consensus"))
    let saved = try desk.saveConsensus([taken], case: "adjudication-0001", by: "ada", base: 0, window: window)
    #expect(saved.revision == 1)
    #expect(try desk.disagreement("adjudication-0001", by: "ada").detail.objects == [taken.object])
    let readers = try fixture.study.read { try StoredContour.fetchAll($0) }.map(\.reader)
    #expect(readers.count { $0 == "consensus" } == 1 && readers.count == 6)
    let status = try desk.setConsensusState(.done, case: "adjudication-0001", by: "ada", base: 1)
    #expect(status == CaseStatus(state: .done, revision: 2))
    #expect(try desk.verify().problems == [])
    #expect(
      try fixture.study.read { try String.fetchAll($0, sql: "SELECT actor FROM annotationEdit WHERE actor = 'ada'") }
        .count == 2)
    // Readers do not see it.
    #expect(try desk.detail(of: fixture.case(of: 1, "anna"), reader: "anna").objects.count == 3)
  }

  @Test func `only adjudicators adjudicate, and only what two have finished`() throws {
    let (fixture, desk) = try read()
    for person in ["anna", "olga", "consensus", "nobody"] { #expect(try desk.disagreements(for: person).isEmpty) }
    _ = try desk.disagreements(for: "ada")
    for (name, person) in [
      ("adjudication-0001", "anna"), ("adjudication-0001", "olga"), ("adjudication-0002", "ada"), ("case-0001", "ada"),
      ("adjudication-1", "ada"),
    ] {
      #expect(throws: DeskError.noSuchCase) { try desk.disagreement(name, by: person) }
      #expect(throws: DeskError.noSuchCase) { try desk.adjudicationSlice(0, ofSeries: 0, case: name, by: person) }
      #expect(throws: DeskError.noSuchCase) {
        try desk.saveConsensus([.square(slice: 1)], case: name, by: person, base: 0, window: window)
      }
    }
    // A reader who goes on reading hides the exam again.
    let name = try fixture.case(of: 1, "ben")
    _ = try desk.setState(.open, case: name, reader: "ben", base: 3)
    #expect(try desk.disagreements(for: "ada").isEmpty)
    #expect(throws: DeskError.noSuchCase) { try desk.disagreement("adjudication-0001", by: "ada") }
  }
}
