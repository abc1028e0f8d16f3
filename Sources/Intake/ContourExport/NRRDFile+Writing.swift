import Annotation
import Imaging

extension NRRDFile {
  /// A label map of at most 255 labels as an attached file, gzipped, in LPS, with the keys by which 3D Slicer names segments.
  ///
  /// - Throws: `AnnotationError` where a label is not 0...255.
  static func bytes(_ map: LabelMap, names: [(label: Int, name: String)]) throws(AnnotationError) -> [UInt8] {
    try header(map, names: names) + Gzip.compressed(octets(map))
  }

  /// What stands before the compressed labels.
  static func header(_ map: LabelMap, names: [(label: Int, name: String)]) -> [UInt8] {
    func vector(_ vector: SIMD3<Double>) -> String { "(\(vector.x),\(vector.y),\(vector.z))" }
    var header = """
      NRRD0004
      type: uint8
      dimension: 3
      space: left-posterior-superior
      sizes: \(map.size.x) \(map.size.y) \(map.size.z)
      space directions: \(map.steps.map(vector).joined(separator: " "))
      kinds: domain domain domain
      encoding: gzip
      space origin: \(vector(map.origin))

      """
    let extent = (0..<3).map { "0 \(map.size[$0] - 1)" }.joined(separator: " ")
    for (index, segment) in names.enumerated() {
      let name = segment.name.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
      header += """
        Segment\(index)_Extent:=\(extent)
        Segment\(index)_ID:=Segment_\(index + 1)
        Segment\(index)_LabelValue:=\(segment.label)
        Segment\(index)_Layer:=0
        Segment\(index)_Name:=\(name)

        """
    }
    header += """
      Segmentation_MasterRepresentation:=Binary labelmap
      Segmentation_ReferenceImageExtentOffset:=0 0 0


      """
    return Array(header.utf8)
  }

  /// The labels as one byte each.
  ///
  /// - Throws: `AnnotationError` where one is not 0...255.
  static func octets(_ map: LabelMap) throws(AnnotationError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(map.labels.count)
    for label in map.labels {
      guard let byte = UInt8(exactly: label) else { throw AnnotationError("it has more than 255 lesions") }
      bytes.append(byte)
    }
    return bytes
  }
}
