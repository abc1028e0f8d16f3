import Annotation
import Foundation
import Study

/// Polygons in JSON columns as text: reading tables is one core's work, and decoding them that of all.
enum JSONText {
  /// What `JSONEncoder` would write, without its containers for each coordinate, which take longer than the crop does.
  static func encode(_ polygons: [Polygon]) -> String {
    let texts = polygons.map { polygon in
      #"{"vertices":["# + polygon.vertices.map { "[\($0.x),\($0.y)]" }.joined(separator: ",") + "]}"
    }
    return "[" + texts.joined(separator: ",") + "]"
  }

  /// - Throws: `StudyError` of kind `.file` where the text is something else.
  static func decode<Value: Decodable>(_ text: String) throws -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
      throw StudyError(.file, "study.sqlite holds a contour that cannot be read; import the contours again")
    }
  }
}
