internal import CNIfTI
package import Foundation
package import Imaging
import Support

/// Reads NIfTI-1 and NIfTI-2 volumes, plain or gzipped.
package enum NIfTIFile {
  /// A CT volume or label map, turned to an axial grid as its affine says.
  ///
  /// The sform is used where it has a code, else the qform, as nibabel does; NIfTI's right-anterior-superior becomes
  /// DICOM's left-posterior-superior. Values are scaled by slope and intercept and rounded to whole numbers.
  /// - Throws: `PublicCohortError` where the file is damaged, cut off, not three-dimensional, or states no place.
  package static func volume(at url: URL) throws(PublicCohortError) -> Volume {
    try read(url) { (sizes, header) throws(PublicCohortError) in
      try placement(sizes, header)
    } whole: { place, voxels in
      Volume(grid: place.0, order: place.1, stored: voxels.values, notFiniteCount: voxels.notFinite)
    }
  }

  /// A label map in the order and direction in which the file has it, placed as by `volume(at:)` where the header states a place.
  ///
  /// - Throws: `PublicCohortError` as `volume(at:)`, and where a voxel is not a whole number from -32768 to 32767.
  package static func labelMap(at url: URL) throws(PublicCohortError) -> NamedLabelMap {
    try read(url) { (sizes, header) throws(PublicCohortError) in
      (sizes, header.sform_code > 0 || header.qform_code > 0 ? try affine(header) : nil)
    } whole: { (place, voxels) throws(PublicCohortError) in
      guard voxels.notLabels == 0 else {
        throw PublicCohortError("\(voxels.notLabels) voxels are not whole numbers, as labels are")
      }
      let (sizes, affine) = place
      let map = NamedLabelMap(
        size: SIMD3(sizes[0], sizes[1], sizes[2]), place: affine.map { ($0[3], Array($0[..<3])) },
        labels: voxels.values)
      guard let map else {
        throw PublicCohortError("the affine of the header is damaged: it spans no volume, or reaches beyond 10 m")
      }
      return map
    }
  }

  private static func read<Place, Whole>(
    _ url: URL, place: ([Int], nii_header) throws(PublicCohortError) -> Place,
    whole: (Place, Voxels) throws(PublicCohortError) -> Whole
  ) throws(PublicCohortError) -> Whole {
    let size = (try? url.resolvingSymlinksInPath().resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    let process: DecoderProcess
    var header = nii_header()
    do throws(DecoderProcess.Failure) {
      process = try DecoderProcess()
      _ = try process.ask(.niftiHeader, inputSize: size, [Array(url.path.utf8) + [0]])
      if let failure = withUnsafeMutableBytes(of: &header, { process.take(into: $0) }) { throw failure }
    } catch {
      throw PublicCohortError(
        error.status == NII_UNSUPPORTED
          ? "the voxels are not single real numbers, as CT values or labels are"
          : "this is not a NIfTI file, or its header is damaged; download it again")
    }
    let sizes = [header.size.0, header.size.1, header.size.2].map { Int($0) }
    guard header.frames == 1, sizes.allSatisfy({ (1...AxialGrid.maximumSide).contains($0) }) else {
      throw PublicCohortError(
        "expected one three-dimensional volume, found \(sizes.map(String.init).joined(separator: " x ")) voxels and "
          + "\(header.frames) frames")
    }
    let placed = try place(sizes, header)
    // No product of three sides and eight bytes is beyond counting.
    let byteCount = sizes.reduce(Int(header.bytes), *)
    let isPacked = url.pathExtension.lowercased() == "gz"
    guard byteCount / (isPacked ? mostBytesOfByte : 1) <= size else {
      throw PublicCohortError(
        "its header states \(sizes.map(String.init).joined(separator: " x ")) voxels, which a file of \(size) bytes "
          + "cannot contain; download it again")
    }
    var voxels = Voxels(header)
    voxels.values.reserveCapacity(sizes.reduce(1, *))
    do throws(DecoderProcess.Failure) {
      let sliceBytes = byteCount / sizes[2]
      let request = withUnsafeBytes(of: UInt64(sliceBytes)) { Array($0) }
      for _ in 0..<sizes[2] {
        _ = try process.ask(.niftiVoxels, inputSize: size, [request])
        voxels.append(try process.take(sliceBytes))
      }
    } catch {
      throw PublicCohortError("the file is cut off, or its compressed data are damaged; download it again")
    }
    return try whole(placed, voxels)
  }

  /// The most that deflate makes of one byte (zlib.net, "Technical Details").
  private static let mostBytesOfByte = 1032

  /// Voxels as they are stored, turned into whole numbers.
  private struct Voxels {
    var values: [Int16] = []
    /// How many were no number.
    var notFinite = 0
    /// How many were no whole number, up to rounding, that fits.
    var notLabels = 0
    private let kind: (nii_kind, Int32)
    private let slope: Double
    private let intercept: Double

    init(_ header: nii_header) {
      kind = (header.kind, header.bytes)
      // A slope of 0 means that the values are not scaled.
      (slope, intercept) = header.slope != 0 && header.slope.isFinite ? (header.slope, header.intercept) : (1, 0)
    }

    mutating func append(_ bytes: [UInt8]) {
      bytes.withUnsafeBytes { bytes in
        switch kind {
        case (NII_UNSIGNED, 1): append(bytes) { (value: UInt8) in Double(value) }
        case (NII_UNSIGNED, 2): append(bytes) { (value: UInt16) in Double(value) }
        case (NII_UNSIGNED, 4): append(bytes) { (value: UInt32) in Double(value) }
        case (NII_UNSIGNED, _): append(bytes) { (value: UInt64) in Double(value) }
        case (NII_SIGNED, 1): append(bytes) { (value: Int8) in Double(value) }
        case (NII_SIGNED, 2): append(bytes) { (value: Int16) in Double(value) }
        case (NII_SIGNED, 4): append(bytes) { (value: Int32) in Double(value) }
        case (NII_SIGNED, _): append(bytes) { (value: Int64) in Double(value) }
        case (_, 4): append(bytes) { (value: Float) in Double(value) }
        default: append(bytes) { (value: Double) in value }
        }
      }
    }

    @inline(__always)
    private mutating func append<Stored>(_ bytes: UnsafeRawBufferPointer, _ number: (Stored) -> Double) {
      for stored in bytes.bindMemory(to: Stored.self) {
        let value = number(stored) * slope + intercept
        let whole = Volume.whole(value)
        if whole == nil { notFinite += 1 }
        if whole.map({ abs(Double($0) - value) > 1e-3 }) ?? true { notLabels += 1 }
        values.append(whole ?? Volume.air)
      }
    }
  }

  private static func placement(_ sizes: [Int], _ header: nii_header) throws(PublicCohortError) -> (
    AxialGrid, VoxelOrder
  ) {
    let columns = try affine(header)
    let steps = Array(columns[..<3])
    let dimensions = steps.map { step in
      let axis = (0..<3).max { abs(step[$0]) < abs(step[$1]) } ?? 0
      return VoxelOrder.Dimension(VoxelOrder.Axis.allCases[axis], isReversed: step[axis] < 0)
    }
    guard steps.allSatisfy({ $0.length > 1e-6 && $0.length.isFinite }),
      let order = VoxelOrder(sizes: sizes.reversed(), dimensions.reversed())
    else {
      throw PublicCohortError(
        "the affine of the header is damaged, or oblique by about 45 degrees; axial slices cannot be extracted")
    }
    var origin = columns[3]
    var stepOf: [VoxelOrder.Axis: SIMD3<Double>] = [:]
    for (index, dimension) in dimensions.enumerated() {
      if dimension.isReversed { origin += Double(sizes[index] - 1) * steps[index] }
      stepOf[dimension.axis] = dimension.isReversed ? -steps[index] : steps[index]
    }
    let grid = AxialGrid(
      columns: order.columns, rows: order.rows, slices: order.slices, origin: origin,
      columnStep: stepOf[.column] ?? .zero, rowStep: stepOf[.row] ?? .zero, sliceStep: stepOf[.slice] ?? .zero)
    guard grid.isWithinReach else {
      throw PublicCohortError("the affine of the header is damaged: voxels lie more than 10 m from the origin")
    }
    guard abs(grid.columnStep.dot(grid.rowStep)) < 1e-3 * grid.columnStep.length * grid.rowStep.length else {
      throw PublicCohortError("the affine of the header shears the slices, which DICOM cannot describe")
    }
    return (grid, order)
  }

  /// The steps along the three dimensions and the centre of the first voxel, in DICOM's coordinates and mm.
  private static func affine(_ header: nii_header) throws(PublicCohortError) -> [SIMD3<Double>] {
    let rows: [[Double]]
    if header.sform_code > 0 {
      rows = matrix(header.sform)
    } else if header.qform_code > 0 {
      rows = matrix(header.qform)
    } else {
      throw PublicCohortError(
        "the header has neither sform nor qform, so the position of the volume in the patient is unknown")
    }
    // Right and anterior become left and posterior.
    func column(_ index: Int) -> SIMD3<Double> {
      SIMD3(-rows[0][index], -rows[1][index], rows[2][index]) * header.unit
    }
    return (0..<4).map(column)
  }

  private typealias Row = (Double, Double, Double, Double)

  private static func matrix(_ rows: (Row, Row, Row)) -> [[Double]] {
    [rows.0, rows.1, rows.2].map { [$0.0, $0.1, $0.2, $0.3] }
  }
}
