import Annotation
import Foundation
import Imaging

/// The header of a NRRD file (teem.sourceforge.net/nrrd/format.html).
struct NRRDHeader {
  /// The fields, by name in small letters.
  let fields: [String: String]
  /// The keys with values of the program that wrote the file.
  let keys: [String: String]
  /// Where the data start in an attached file, in bytes.
  let end: Int
  private let name: String

  /// The words that every file begins with.
  static let magic = Array("NRRD000".utf8)
  /// No header is longer (bytes).
  private static let longest = 1 << 20

  /// Reads the lines up to the first empty one; a detached header may end with the file.
  ///
  /// - Throws: `AnnotationError` where the header does not end, or states a field twice.
  init(_ bytes: [UInt8], name: String) throws(AnnotationError) {
    self.name = name
    var (fields, keys): ([String: String], [String: String]) = ([:], [:])
    var start = 0
    while start < min(bytes.count, Self.longest) {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      let line = String(decoding: bytes[start..<end], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      start = min(end + 1, bytes.count)
      if line.isEmpty {
        (self.fields, self.keys, self.end) = (fields, keys, start)
        return
      }
      if line.hasPrefix("#") { continue }
      if let sign = line.range(of: ":=") {
        let value = String(line[sign.upperBound...])
        keys[String(line[..<sign.lowerBound])] = value.replacing("\\n", with: "\n").replacing("\\\\", with: "\\")
      } else if let colon = line.range(of: ": ") {
        let field = line[..<colon.lowerBound].lowercased()
        guard fields[field] == nil else { throw AnnotationError("\(name): the header states \"\(field)\" twice") }
        fields[field] = line[colon.upperBound...].trimmingCharacters(in: .whitespaces)
      }
    }
    guard start == bytes.count, fields["data file"] ?? fields["datafile"] != nil else {
      throw AnnotationError("\(name): the header does not end with an empty line; export the mask again")
    }
    (self.fields, self.keys, end) = (fields, keys, start)
  }

  func refusal(_ reason: String) -> AnnotationError { AnnotationError("\(name): \(reason)") }

  func required(_ field: String) throws(AnnotationError) -> String {
    guard let value = fields[field] else { throw refusal("the header has no field \"\(field)\"") }
    return value
  }

  /// The name of the file with the data; nil where they follow the header.
  var dataFile: String? { fields["data file"] ?? fields["datafile"] }

  /// How many layers, columns, rows and slices there are; several layers, of overlapping segments, come first in the file.
  ///
  /// - Throws: `AnnotationError` where it is no mask of three dimensions.
  func sizes() throws(AnnotationError) -> (layers: Int, voxels: [Int]) {
    let dimension = try required("dimension")
    let sizes = try required("sizes").split(separator: " ").compactMap { Int($0) }
    guard ["3": 3, "4": 4][dimension] == sizes.count, sizes.allSatisfy({ (1...AxialGrid.maximumSide).contains($0) })
    else {
      throw refusal(
        "expected a mask of 3 dimensions with sizes from 1 to \(AxialGrid.maximumSide), found \(dimension): "
          + (fields["sizes"] ?? "none"))
    }
    guard sizes.count == 4 else { return (1, sizes) }
    guard fields["kinds"]?.lowercased().hasPrefix("list") == true, sizes[0] <= Self.mostLayers else {
      throw refusal(
        "it has 4 dimensions, of which the first is not the list of at most \(Self.mostLayers) layers of a segmentation"
      )
    }
    return (sizes[0], Array(sizes[1...]))
  }

  /// No segmentation has more.
  private static let mostLayers = 256

  /// The centre of the first voxel and the steps, in LPS and mm; nil where the file says nothing of where the mask lies.
  ///
  /// Distances alone (`spacings`) are no place.
  /// - Throws: `AnnotationError` where it says so in part only, or in other terms.
  func place() throws(AnnotationError) -> (origin: SIMD3<Double>, steps: [SIMD3<Double>])? {
    let placing = [
      "space", "space dimension", "space directions", "space origin", "axis mins", "axismins", "axis maxs", "axismaxs",
    ]
    guard placing.contains(where: { fields[$0] != nil }) else { return nil }
    let signs: SIMD3<Double>
    switch fields["space"]?.lowercased() {
    case "left-posterior-superior", "lps": signs = SIMD3(1, 1, 1)
    case "right-anterior-superior", "ras": signs = SIMD3(-1, -1, 1)
    case "left-anterior-superior", "las": signs = SIMD3(1, -1, 1)
    case let other:
      throw refusal(
        "the header must state the space LPS, RAS or LAS, found \(other ?? "none"): where the mask lies in the patient "
          + "is unknown")
    }
    if let units = fields["space units"], units.contains(where: { !"m\" ".contains($0) }) || !units.contains("mm") {
      throw refusal("expected space units of mm, found \(units)")
    }
    func vectors(_ text: String?) -> [SIMD3<Double>] {
      (text ?? "").split(separator: ")").compactMap { part in
        let numbers = part.replacing("none", with: "").replacing("(", with: "").split(separator: ",").compactMap {
          Double($0.trimmingCharacters(in: .whitespaces))
        }
        guard numbers.count == 3, numbers.allSatisfy(\.isFinite) else { return nil }
        return SIMD3(numbers[0], numbers[1], numbers[2]) * signs
      }
    }
    let (directions, origins) = (vectors(fields["space directions"]), vectors(fields["space origin"]))
    guard directions.count == 3, origins.count == 1 else {
      throw refusal("expected 3 space directions and 1 space origin, each of 3 numbers")
    }
    return (origins[0], directions)
  }

  /// What 3D Slicer calls the labels of each layer (`Segment0_Name` and so on); empty where the file names none.
  ///
  /// - Throws: `AnnotationError` where a segment's label or layer is no number.
  func segments() throws(AnnotationError) -> [(layer: Int, label: Int, name: String)] {
    var segments: [(layer: Int, label: Int, name: String)] = []
    var index = 0
    while let name = keys["Segment\(index)_Name"] {
      guard let label = Int(keys["Segment\(index)_LabelValue"] ?? "1"),
        let layer = Int(keys["Segment\(index)_Layer"] ?? "0")
      else { throw refusal("the label or layer of segment \(index) is not a whole number") }
      segments.append((layer, label, name))
      index += 1
    }
    return segments
  }
}
