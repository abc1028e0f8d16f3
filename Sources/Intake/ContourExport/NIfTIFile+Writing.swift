import Annotation
import Imaging

extension NIfTIFile {
  /// A label map of at most 255 labels as a gzipped NIfTI-1 file (nifti.nimh.nih.gov/nifti-1): the sform holds its place, and so does
  /// the qform where the steps are perpendicular.
  ///
  /// - Throws: `AnnotationError` where a label is not 0...255, or a side has more than 32767 voxels.
  static func bytes(_ map: LabelMap) throws(AnnotationError) -> [UInt8] { try Gzip.compressed(plainBytes(map)) }

  /// The same before it is compressed.
  static func plainBytes(_ map: LabelMap) throws(AnnotationError) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 352)
    func put(_ value: some FixedWidthInteger, at place: Int) {
      withUnsafeBytes(of: value.littleEndian) { for (index, byte) in $0.enumerated() { header[place + index] = byte } }
    }
    func put(_ value: Double, at place: Int) { put(Float(value).bitPattern, at: place) }
    guard map.size.max() <= Int(Int16.max) else { throw AnnotationError("it has more than 32767 rows or columns") }
    put(Int32(348), at: 0)
    for (index, size) in ([3] + (0..<3).map { map.size[$0] } + [1, 1, 1, 1]).enumerated() {
      put(Int16(size), at: 40 + 2 * index)
    }
    put(Int16(2), at: 70)  // unsigned bytes
    put(Int16(8), at: 72)
    for axis in 0..<3 { put(map.steps[axis].length, at: 80 + 4 * axis) }
    put(352.0, at: 108)
    put(1.0, at: 112)
    header[123] = 2  // mm
    // DICOM's left and posterior are NIfTI's right and anterior, reversed.
    let signs = SIMD3(-1.0, -1.0, 1.0)
    let steps = map.steps.map { $0 * signs }
    let origin = map.origin * signs
    put(Int16(1), at: 254)
    for row in 0..<3 {
      for (column, vector) in (steps + [origin]).enumerated() { put(vector[row], at: 280 + 16 * row + 4 * column) }
    }
    put(1.0, at: 76)
    if let (quaternion, handedness) = rotation(steps) {
      put(Int16(1), at: 252)
      put(handedness, at: 76)
      for index in 0..<3 {
        put(quaternion[index], at: 256 + 4 * index)
        put(origin[index], at: 268 + 4 * index)
      }
    }
    for (index, byte) in [UInt8(0x6E), 0x2B, 0x31].enumerated() { header[344 + index] = byte }
    return try header + NRRDFile.octets(map)
  }

  /// The quaternion's b, c, d and the sign of the third axis; nil where the steps are not perpendicular.
  private static func rotation(_ steps: [SIMD3<Double>]) -> (SIMD3<Double>, Double)? {
    var axes = steps.map { $0 / $0.length }
    let products = [axes[0].dot(axes[1]), axes[0].dot(axes[2]), axes[1].dot(axes[2])]
    guard products.allSatisfy({ abs($0) < 1e-6 }) else { return nil }
    let handedness: Double = axes[0].cross(axes[1]).dot(axes[2]) < 0 ? -1 : 1
    axes[2] *= handedness
    // r[i][j] is axes[j][i]. The largest of the four components is computed first (Shepperd 1978).
    let trace = axes[0].x + axes[1].y + axes[2].z
    let squares = [trace, axes[0].x, axes[1].y, axes[2].z]
    let largest = squares.indices.max { squares[$0] < squares[$1] } ?? 0
    let differences = SIMD3(axes[1].z - axes[2].y, axes[2].x - axes[0].z, axes[0].y - axes[1].x)
    var (a, vector) = (0.0, SIMD3<Double>.zero)
    if largest == 0 {
      a = (1 + trace).squareRoot() / 2
      vector = differences / (4 * a)
    } else {
      let i = largest - 1
      let part = (1 + 2 * squares[largest] - trace).squareRoot() / 2
      vector[i] = part
      for j in 0..<3 where j != i { vector[j] = (axes[i][j] + axes[j][i]) / (4 * part) }
      a = differences[i] / (4 * part)
    }
    return (a < 0 ? -vector : vector, handedness)
  }
}
