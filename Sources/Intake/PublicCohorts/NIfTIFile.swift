internal import CNIfTI
import Foundation

/// Reads NIfTI-1 and NIfTI-2 volumes, plain or gzipped.
enum NIfTIFile {
  /// A CT volume or label map, turned to an axial grid as its affine says.
  ///
  /// The sform is used where it has a code, else the qform, as nibabel does; NIfTI's right-anterior-superior becomes
  /// DICOM's left-posterior-superior. Values are scaled by slope and intercept and rounded to whole numbers.
  /// - Throws: `PublicCohortError` where the file is damaged, cut off, not three-dimensional, or states no place.
  static func volume(at url: URL) throws(PublicCohortError) -> Volume {
    var handle: nii_file?
    var header = nii_header()
    let status = Int(nii_open(url.path, &handle, &header))
    guard status == NII_OK, let handle else {
      throw PublicCohortError(
        status == NII_UNSUPPORTED
          ? "the voxels are not single real numbers, as CT values or labels are"
          : "this is no NIfTI file, or its header is damaged; fetch it again")
    }
    defer { nii_close(handle) }
    let sizes = [header.size.0, header.size.1, header.size.2].map { Int(clamping: $0) }
    guard header.frames == 1, sizes.allSatisfy({ (1...AxialGrid.maximumSide).contains($0) }) else {
      throw PublicCohortError(
        "expected one three-dimensional volume, found \(sizes.map(String.init).joined(separator: " x ")) voxels and "
          + "\(header.frames) frames")
    }
    let (grid, order) = try placement(sizes, header)
    // A slope of 0 means that the values are not scaled.
    let (slope, intercept) = header.slope != 0 && header.slope.isFinite ? (header.slope, header.intercept) : (1, 0)
    var stored: [Int16] = []
    stored.reserveCapacity(sizes.reduce(1, *))
    var notFinite = 0
    var buffer = [Double](repeating: 0, count: sizes[0] * sizes[1])
    for _ in 0..<sizes[2] {
      let status = Int(nii_read(handle, &buffer, buffer.count))
      guard status == NII_OK else {
        throw PublicCohortError(
          "the file ends before its voxels do, or its compressed data are damaged; fetch it again")
      }
      for value in buffer {
        let whole = Volume.whole(value * slope + intercept)
        if whole == nil { notFinite += 1 }
        stored.append(whole ?? Volume.air)
      }
    }
    return Volume(grid: grid, order: order, stored: stored, notFiniteCount: notFinite)
  }

  private static func placement(_ sizes: [Int], _ header: nii_header) throws(PublicCohortError) -> (
    AxialGrid, VoxelOrder
  ) {
    let rows: [[Double]]
    if header.sform_code > 0 {
      rows = matrix(header.sform)
    } else if header.qform_code > 0 {
      rows = matrix(header.qform)
    } else {
      throw PublicCohortError(
        "the header has neither sform nor qform, so nothing says how the volume lies in the patient")
    }
    // Right and anterior become left and posterior.
    func column(_ index: Int) -> SIMD3<Double> {
      SIMD3(-rows[0][index], -rows[1][index], rows[2][index]) * header.unit
    }
    let steps = (0..<3).map(column)
    let dimensions = steps.map { step in
      let axis = (0..<3).max { abs(step[$0]) < abs(step[$1]) } ?? 0
      return VoxelOrder.Dimension(VoxelOrder.Axis.allCases[axis], isReversed: step[axis] < 0)
    }
    guard steps.allSatisfy({ $0.length > 1e-6 && $0.length.isFinite }),
      let order = VoxelOrder(sizes: sizes.reversed(), dimensions.reversed())
    else {
      throw PublicCohortError(
        "the affine of the header is damaged, or oblique by about 45 degrees; no axial slices can be cut")
    }
    var origin = column(3)
    var stepOf: [VoxelOrder.Axis: SIMD3<Double>] = [:]
    for (index, dimension) in dimensions.enumerated() {
      if dimension.isReversed { origin += Double(sizes[index] - 1) * steps[index] }
      stepOf[dimension.axis] = dimension.isReversed ? -steps[index] : steps[index]
    }
    let grid = AxialGrid(
      columns: order.columns, rows: order.rows, slices: order.slices, origin: origin,
      columnStep: stepOf[.column] ?? .zero, rowStep: stepOf[.row] ?? .zero, sliceStep: stepOf[.slice] ?? .zero)
    guard abs(grid.columnStep.dot(grid.rowStep)) < 1e-3 * grid.columnStep.length * grid.rowStep.length else {
      throw PublicCohortError("the affine of the header shears the slices, which DICOM cannot describe")
    }
    return (grid, order)
  }

  private typealias Row = (Double, Double, Double, Double)

  private static func matrix(_ rows: (Row, Row, Row)) -> [[Double]] {
    [rows.0, rows.1, rows.2].map { [$0.0, $0.1, $0.2, $0.3] }
  }
}
