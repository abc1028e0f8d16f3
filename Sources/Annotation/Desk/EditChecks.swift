import Foundation
import GRDB
import Imaging
import Study

/// What the desk accepts from a page: numbers are bounded, and everything lies on a slice of the case.
enum EditChecks {
  /// Edits in one request: more than a page has unsaved after hours without its server.
  static let mostEdits = 2_000
  /// Corners of an outline: a freehand line around the largest kidney has about 2,000.
  static let mostVertices = 5_000
  /// Objects of a case, deleted ones included.
  static let mostObjects = 20_000
  /// Characters of a note.
  static let longestNote = 10_000
  /// Characters of a lesion's or tool's name.
  static let longestName = 100

  /// Checks a request as a whole.
  static func checkRequest(_ edits: [Edit], _ window: String) throws(DeskError) {
    guard edits.count <= mostEdits else {
      throw .refused("a request holds at most \(mostEdits) edits, found \(edits.count); send them in parts", edit: nil)
    }
    guard UUID(uuidString: window) != nil else { throw .refused("the window's id must be a UUID", edit: nil) }
    for edit in edits where UUID(uuidString: edit.id) == nil || UUID(uuidString: edit.object.object) == nil {
      throw .refused("the ids of edits and objects must be UUIDs", edit: nil)
    }
  }

  static func reused(_ edit: Edit) -> DeskError {
    .refused(
      "the edit's id belongs to another edit that was saved before; give each edit an id of its own", edit: edit.id)
  }

  /// Whether a stored edit is the one that is sent again.
  static func isSame(_ stored: Journal.Entry, _ edit: Edit, _ exam: ExamPlaces) throws -> Bool {
    try stored.payload == Journal.encoded(payload(of: edit, in: exam))
  }

  static func checkCount(adding edits: [Edit], to reading: Int64, _ database: Database) throws {
    let known = try String.fetchSet(
      database, sql: "SELECT DISTINCT objectId FROM annotationEdit WHERE readingId = ? AND objectId IS NOT NULL",
      arguments: [reading])
    guard known.union(edits.map(\.object.object)).count <= mostObjects else {
      throw DeskError.refused("a case holds at most \(mostObjects) objects", edit: edits.last?.id)
    }
  }

  /// What the journal keeps of an edit.
  ///
  /// - Throws: `DeskError.refused` where the edit cannot be right.
  static func payload(of edit: Edit, in exam: ExamPlaces) throws(DeskError) -> Journal.Payload {
    func require(_ holds: Bool, _ message: @autoclosure () -> String) throws(DeskError) {
      guard holds else { throw .refused(message(), edit: edit.id) }
    }
    func requireName(_ name: String, _ what: String) throws(DeskError) {
      try require(
        !name.allSatisfy(\.isWhitespace) && name.count <= longestName && name.unicodeScalars.allSatisfy(isPlain),
        "the name of a \(what) must have 1 to \(longestName) characters, none of them a control character")
    }
    func slice(_ series: Int, _ slice: Int) throws(DeskError) -> SlicePlace {
      guard let place = exam.slice(series, slice) else {
        throw .refused("the case has no slice \(slice) in a series \(series)", edit: edit.id)
      }
      return place
    }
    var place: Journal.Place?
    switch edit.object.content {
    case .outline(let outline):
      try requireName(outline.lesion, "lesion")
      try requireName(outline.tool, "tool")
      let slice = try slice(outline.series, outline.slice)
      try require(
        outline.vertices.count <= mostVertices,
        "an outline has at most \(mostVertices) vertices, found \(outline.vertices.count); draw it with fewer")
      do throws(ContourError) {
        try Polygon(vertices: outline.vertices).validate(columns: slice.columns, rows: slice.rows)
      } catch {
        throw .refused(error.description, edit: edit.id)
      }
      place = exam.place(series: outline.series, slice: outline.slice)
    case .lesion(let name): try requireName(name, "lesion")
    case .assessment(let lesion, _): if let lesion { try requireName(lesion, "lesion") }
    case .note(let lesion, let text):
      if let lesion { try requireName(lesion, "lesion") }
      try require(text.count <= longestNote, "a note has at most \(longestNote) characters, found \(text.count)")
    case .diameter(let diameter):
      try requireName(diameter.lesion, "lesion")
      let slice = try slice(diameter.series, diameter.slice)
      try require(
        diameter.ends.count == 2 && [0, 2].contains(diameter.perpendicular.count),
        "a diameter has two ends, and its perpendicular has two or none")
      for end in diameter.ends + diameter.perpendicular {
        try require(
          end.x >= -1 && end.y >= -1 && end.x <= Double(slice.columns) && end.y <= Double(slice.rows),
          "the end of a diameter lies beyond the image, which has \(slice.columns) x \(slice.rows) pixels")
      }
      place = exam.place(series: diameter.series, slice: diameter.slice)
    case .offset(let series, let millimetres):
      try require(millimetres.isFinite && abs(millimetres) <= 500, "an offset must be from -500 to 500 mm")
      _ = try slice(series, 0)
      place = exam.place(series: series, slice: nil)
    case .keys(let keys):
      try require(
        keys.count <= 200
          && keys.allSatisfy { $0.key.count <= 50 && $0.value.count <= 10 && $0.value.allSatisfy { $0.count <= 50 } },
        "there are at most 200 actions with 10 keys each, and their names have at most 50 characters")
    }
    return Journal.Payload(object: edit.object, place: place)
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format
  }
}
