import Annotation
import DICOM
import Foundation
import ROI
import ReaderFixtures
import Study
import Support
import Testing

@testable import Analysis

/// Two readers who outline at the desk, with assessments, a hidden repeat, a lesion that pathology lacks, and an unfinished case.
@Suite struct DeskAgreementTests {
  private let fixture: TwoReaderStudy
  private let desk: AnnotationDesk
  private static let window = "0b9ad0b8-7f0b-4d1e-9d4e-0c6f2f6f2a11"

  init() throws {
    fixture = try TwoReaderStudy(count: 6)
    var settings = try fixture.study.readProtocol()
    (settings.annotation.repeats, settings.annotation.washoutDays) = (1, 0)
    try AtomicFile.write(settings.yaml, to: fixture.study.protocolFile)
    try fixture.study.write { try $0.execute(sql: "DELETE FROM contour") }
    desk = try AnnotationDesk(fixture.study)
    for reader in ["anna", "ben"] { try desk.addReader(id: reader, role: .reader) }
    try desk.addReader(id: "ada", role: .adjudicator)
  }

  private func reading(_ patient: Int, _ reader: String, _ occasion: Int) throws -> Reading? {
    _ = try desk.worklist(for: reader)
    let exam = DICOMUID.make(from: TwoReaderStudy.code(patient))
    return try fixture.study.read { database in
      try Reading.fetchOne(
        database, sql: "SELECT * FROM reading WHERE reader = ? AND studyInstanceUID = ? AND occasion = ?",
        arguments: [reader, exam, occasion])
    }
  }

  private func caseName(_ patient: Int, _ reader: String, _ occasion: Int) throws -> String {
    String(format: "case-%04d", try #require(try reading(patient, reader, occasion)).number)
  }

  /// Saves what a reader made of a case.
  private func save(
    _ contents: [AnnotationObject.Content], _ patient: Int, _ reader: String, occasion: Int = 1
  ) throws {
    let name = try caseName(patient, reader, occasion)
    let edits = contents.map {
      Edit(
        id: UUID().uuidString.lowercased(),
        object: AnnotationObject(object: UUID().uuidString.lowercased(), content: $0))
    }
    let base = try desk.detail(of: name, reader: reader).revision
    _ = try desk.save(edits, case: name, reader: reader, base: base, window: Self.window)
  }

  /// Finishes a case; what its profile warns of is confirmed.
  private func finish(_ patient: Int, _ reader: String, occasion: Int = 1) throws {
    let name = try caseName(patient, reader, occasion)
    let base = try desk.detail(of: name, reader: reader).revision
    do throws(DeskError) {
      _ = try desk.setState(.done, case: name, reader: reader, base: base)
    } catch {
      guard case .unconfirmed(_, let warnings) = error else { throw error }
      _ = try desk.setState(
        .done, case: name, reader: reader, base: base, confirmed: warnings.map(\.warning))
    }
  }

  private func rectangle(_ columns: Range<Int>, lesion: String = "1") -> [AnnotationObject.Content] {
    (2...4).map { slice in
      let (left, right) = (Double(columns.lowerBound) - 0.5, Double(columns.upperBound) - 0.5)
      let corners: [SIMD2<Double>] = [[left, 13.5], [right, 13.5], [right, 23.5], [left, 23.5]]
      return .outline(.init(lesion: lesion, series: 0, slice: slice, vertices: corners))
    }
  }

  private func diameter(_ length: Double) -> AnnotationObject.Content {
    .diameter(
      .init(
        lesion: "1", series: 0, slice: 3, ends: [[16, 18], [16 + length, 18]], perpendicular: [[18, 16], [18, 20]]))
  }

  /// What both make of the first readings: of six lesions ben finishes five.
  private func readFirst() throws {
    for patient in 0..<4 {
      try save(rectangle(16..<24) + [diameter(8)], patient, "anna")
      try save(rectangle(17..<25) + [diameter(6 + Double(patient))], patient, "ben")
    }
    try save(rectangle(36..<40, lesion: "extra"), 0, "anna")
    try save([.assessment(lesion: "1", .noLesion)], 4, "anna")
    try save([.assessment(lesion: nil, .noLesion)], 4, "ben")
    try save([.assessment(lesion: "1", .notAssessable)], 5, "anna")
    try save([.assessment(lesion: "1", .present)], 5, "ben")
    for patient in 0..<6 { try finish(patient, "anna") }
    for patient in 0..<5 { try finish(patient, "ben") }
  }

  @Test func assessmentsAndRepeatsAreCompared() throws {
    try readFirst()
    // Hidden repeats: anna draws a column more the second time.
    for patient in 0..<4 { try save(rectangle(16..<25) + [diameter(9)], patient, "anna", occasion: 2) }
    try save([.assessment(lesion: "1", .present)], 4, "anna", occasion: 2)
    let found = try ReadingAgreement(fixture.study)
    #expect(found.readings.map(\.name) == ["anna", "anna, repeat 1", "ben"] && found.failed.isEmpty)

    let pair = try #require(found.pairs.first)
    #expect([pair.first.name, pair.second.name] == ["anna", "ben"] && pair.lesions == 4)
    #expect(abs((pair.dice.value ?? 0) - 7.0 / 8) < 1e-12)
    let assessable = try #require(pair.categories.first { $0.name == "Lesion assessable" })
    #expect(assessable.lesions == 6 && assessable.alike == 5)
    // By hand: 5 of 6 alike, as often as chance would have it, since ben never says otherwise.
    let chance = try #require(assessable.kappa.value)
    #expect(abs(chance) < 1e-12)
    #expect(assessable.shares.map(\.category) == ["assessable", "not assessable"])
    #expect(assessable.shares.map(\.second) == [1, 0])
    let present = try #require(pair.categories.first { $0.name == "Lesion present" })
    #expect(present.lesions == 5 && present.alike == 5 && present.kappa.value == 1)
    #expect(present.shares.first { $0.category == "absent" }?.first == 0.2)
    let drawn = try #require(pair.measures.first { $0.name == "Longest diameter as drawn" })
    // 8 columns of 0.8 mm against 6 to 9.
    let bias = try #require(drawn.bias.value)
    #expect(drawn.lesions == 4 && abs(bias + 0.5 * 0.8) < 1e-12)
    let computed = try #require(pair.measures.first { $0.name.contains("computed") })
    #expect(computed.bias.value == 0 && computed.bias.interval == nil)

    let own = try #require(found.pairs.first { $0.isOneReader })
    #expect(own.second.name == "anna, repeat 1" && own.lesions == 4)
    #expect(abs((own.dice.value ?? 0) - 16.0 / 17) < 1e-12)
    let again = try #require(own.categories.first { $0.name == "Lesion present" })
    // Once absent, then present: 4 of 5 alike, and kappa 0 by hand.
    let repeated = try #require(again.kappa.value)
    #expect(again.lesions == 5 && again.alike == 4 && abs(repeated) < 1e-12)
    // The consensus is of first readings.
    #expect(found.consensus.map(\.reading.name) == ["anna", "ben"])
    #expect(found.consensus.allSatisfy { $0.lesions == 4 && $0.lesionsWithSTAPLE == 4 })
  }

  @Test func whatIsNotFinishedOrNotListedIsSaid() throws {
    try readFirst()
    let exams = try desk.disagreements(for: "ada")
    #expect(exams.count == 5)
    let first = try #require(exams.first)
    let detail = try desk.disagreement(first.case, by: "ada").detail
    let edit = Edit(
      id: UUID().uuidString.lowercased(),
      object: AnnotationObject(
        object: UUID().uuidString.lowercased(), content: .assessment(lesion: nil, .noLesion)))
    let saved = try desk.saveConsensus([edit], case: first.case, by: "ada", base: detail.revision, window: Self.window)
    _ = try desk.setConsensusState(.done, case: first.case, by: "ada", base: saved.revision)
    let found = try ReadingAgreement(fixture.study)
    #expect(found.adjudicated == .init(finished: 1, open: 4, missing: 0))
    #expect(found.unfinished == [.init(reading: .init(reader: "ben", occasion: 1), exams: 1)])
    #expect(
      found.unlisted == [
        .init(
          patient: TwoReaderStudy.code(0), lesion: "extra", reading: .init(reader: "anna", occasion: 1), slices: 3)
      ])
    // The consensus is nobody's reading.
    #expect(found.readings.map(\.name) == ["anna", "ben"])
    // ROIs are made of the outlines of an open case, and say so.
    #expect(try ROIBuild.run(fixture.study).unfinished == 0)
    let name = try caseName(0, "anna", 1)
    let base = try desk.detail(of: name, reader: "anna").revision
    _ = try desk.setState(.open, case: name, reader: "anna", base: base)
    let summary = try ROIBuild.run(fixture.study)
    #expect(summary.unfinished == 1 && summary.patients == 4)
    let remarks = try fixture.study.setAside().filter { $0.subject == "the reading by anna" }
    #expect(remarks.map(\.patientCode) == [TwoReaderStudy.code(0)] && remarks.allSatisfy { !$0.excludes })
  }

  @Test func readersWhoOutlinedNothingInCommonStillAnswered() throws {
    for (patient, answers) in [(0, [AnnotationObject.Assessment.noLesion, .present]), (1, [.noLesion, .noLesion])] {
      try save([.assessment(lesion: "1", answers[0])], patient, "anna")
      try save([.assessment(lesion: "1", answers[1])], patient, "ben")
    }
    // What contradicts itself is no answer.
    try save(rectangle(16..<24) + [.assessment(lesion: "1", .noLesion)], 2, "anna")
    try save([.assessment(lesion: "1", .noLesion)], 2, "ben")
    let found = try ReadingAgreement(fixture.study)
    let pair = try #require(found.pairs.first)
    #expect(found.pairs.count == 1 && pair.lesions == 0 && pair.dice.value == nil && pair.dice.note != nil)
    let present = try #require(pair.categories.first { $0.name == "Lesion present" })
    #expect(present.lesions == 2 && present.alike == 1)
  }

  @Test func moreThanTwoReadersHaveAlphaAndFleissKappa() throws {
    try desk.addReader(id: "cara", role: .reader)
    for (reader, values) in [
      ("anna", [AnnotationObject.Assessment.present, .noLesion, .present, .noLesion]),
      ("ben", [.present, .noLesion, .noLesion, .noLesion]), ("cara", [.present, .noLesion, .present]),
    ] {
      for (patient, value) in values.enumerated() { try save([.assessment(lesion: "1", value)], patient, reader) }
    }
    let found = try ReadingAgreement(fixture.study)
    let present = try #require(found.overall.first { $0.name == "Lesion present" })
    #expect(present.readers == 3 && present.lesions == 4 && present.complete == 3)
    // By hand: of 3 lesions the mean agreement is 7 / 9, and by chance 41 / 81.
    let kappa = try #require(present.kappa.value)
    #expect(abs(kappa - 22.0 / 40) < 1e-12)
    // By hand: observed disagreement 2 / 11, expected 60 / 110.
    let alpha = try #require(present.alpha.value)
    #expect(abs(alpha - 2.0 / 3) < 1e-12)
  }
}
