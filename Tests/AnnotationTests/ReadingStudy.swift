@testable import Annotation
import Foundation
import GRDB
import Imaging
@testable import Study
import Support
import TestSupport
import Testing

/// A study whose tables are filled by hand: three patients, the second with two lesions, each with two series of six slices.
struct ReadingStudy {
  let folder: TemporaryFolder
  let study: StudyFolder

  init(patients: Int = 3, _ change: (inout StudyProtocol) -> Void = { _ in }) throws {
    folder = try TemporaryFolder()
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Protocols/paper.yaml").standardizedFileURL
    study = try StudyFolder.create(at: folder.url.appendingPathComponent("study"), protocolSource: source)
    var settings = try study.readProtocol()
    change(&settings)
    try AtomicFile.write(settings.yaml, to: study.protocolFile)
    try study.write { database in
      for number in 1...patients {
        var patient = Patient(code: "P\(number)", sourceID: "ID\(number)")
        try patient.insert(database)
        var exam = Exam(patientId: patient.id ?? 0, studyInstanceUID: "2.25.\(number)")
        try exam.insert(database)
        for phase in 1...2 {
          let uid = "2.25.\(number).\(phase)"
          var series = Series(examId: exam.id ?? 0, seriesInstanceUID: uid, description: nil)
          try series.insert(database)
          for ordinal in 0..<6 {
            var slice = SliceRecord(
              seriesId: series.id ?? 0, sopInstanceUID: "\(uid).\(ordinal)", frame: 0, path: "dicom/\(uid).\(ordinal)",
              ordinal: ordinal, columns: 64, rows: 48, rowSpacing: 0.5, columnSpacing: 1)
            try slice.insert(database)
          }
        }
        for name in number == 2 ? ["left", "right"] : ["left"] {
          var lesion = Lesion(
            patientId: patient.id ?? 0, name: name, grade: try #require(Grade(rawValue: 2)), attributes: [:])
          try lesion.insert(database)
        }
      }
    }
  }

  /// The desk, with readers anna and ben, an adjudicator and an owner.
  func desk(at time: Date = Date(timeIntervalSince1970: 1_800_000_000)) throws -> AnnotationDesk {
    let desk = try AnnotationDesk(study, now: { time })
    for reader in ["anna", "ben"] { try desk.addReader(id: reader, role: .reader) }
    try desk.addReader(id: "ada", role: .adjudicator)
    try desk.addReader(id: "olga", role: .owner)
    return desk
  }

  /// The reader's case of a patient.
  func `case`(of patient: Int, _ reader: String, occasion: Int = 1) throws -> String {
    try study.read { database in
      try Reading.filter(
        Column("reader") == reader && Column("studyInstanceUID") == "2.25.\(patient)" && Column("occasion") == occasion
      ).fetchOne(database)?.name ?? "none"
    }
  }

  /// Every row of `contour` but its key, in no order.
  func contours() throws -> Set<String> {
    try study.read { database in
      try Row.fetchSet(
        database,
        sql: "SELECT sliceId, lesionId, reader, annotationID, vertices, occasion, source FROM contour"
      ).map { "\($0)" }.reduce(into: []) { $0.insert($1) }
    }
  }
}

extension Edit {
  /// An edit with a new id that draws a square.
  static func square(
    _ lesion: String = "left", series: Int = 0, slice: Int, at corner: SIMD2<Double> = [10, 10], side: Double = 8,
    object: String = UUID().uuidString.lowercased()
  ) -> Edit {
    let vertices = [corner, corner + [side, 0], corner + [side, side], corner + [0, side]]
    return Edit(
      object: AnnotationObject(
        object: object, content: .outline(.init(lesion: lesion, series: series, slice: slice, vertices: vertices))))
  }

  /// An edit with a new id.
  init(object: AnnotationObject) { self.init(id: UUID().uuidString.lowercased(), object: object) }
}
