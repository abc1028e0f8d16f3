public import Annotation
import Imaging
import Study

/// How an array whose file states no place lies on a series' slices, as the user says: what its axes count, in the file's order.
///
/// Slices ascend along the normal, the cross product of the directions of a row and of a column (DICOM PS3.3 section C.7.6.2.1.1); with
/// the usual orientation of axial slices, from the feet to the head.
public enum ArrayAxes: String, CaseIterable, Sendable {
  /// Columns, rows, and slices in ascending order.
  case columnsRowsSlices = "columns,rows,slices"
  /// Columns, rows, and slices in descending order.
  case columnsRowsDescendingSlices = "columns,rows,-slices"
  /// Rows, columns, and slices in ascending order.
  case rowsColumnsSlices = "rows,columns,slices"
  /// Rows, columns, and slices in descending order.
  case rowsColumnsDescendingSlices = "rows,columns,-slices"

  /// Takes what was typed.
  ///
  /// - Throws: `AnnotationError` where it is none of the four.
  public init(typed text: String) throws(AnnotationError) {
    guard let axes = Self(rawValue: text) else {
      throw AnnotationError(
        "expected what the array's axes count: \(Self.allCases.map(\.rawValue).joined(separator: " or ")); found \(text)"
      )
    }
    self = axes
  }

  private var isRowsFirst: Bool { self == .rowsColumnsSlices || self == .rowsColumnsDescendingSlices }
  private var isDescending: Bool { self == .columnsRowsDescendingSlices || self == .rowsColumnsDescendingSlices }

  /// Where the pixels of slice `index` of `count` lie in the array, in voxels.
  func plane(columns: Int, rows: Int, slice index: Int, of count: Int) -> ImagePlane {
    let (first, second) = (SIMD3<Double>(1, 0, 0), SIMD3<Double>(0, 1, 0))
    return ImagePlane(
      columns: columns, rows: rows, origin: SIMD3(0, 0, Double(isDescending ? count - 1 - index : index)),
      columnStep: isRowsFirst ? second : first, rowStep: isRowsFirst ? first : second)
  }

  /// The one series on which an array of `size` voxels lies: of those that the file's path names, the one with as many columns, rows and
  /// slices.
  ///
  /// - Throws: `AnnotationError` where the path names none or several patients, none or several of the named series have the array's
  ///   sizes, or the order of the slices is not known; `DICOMError` where a slice cannot be read.
  func series(
    of size: SIMD3<Int>, _ request: ContourRequest, _ study: inout StudyPlanes
  ) throws -> StudyPlanes.Series {
    let how =
      "name the file, or its folder within the imported one, after the SeriesInstanceUID, the patient's code or the PatientID"
    let patients = study.patients(namedBy: request.hints)
    guard patients == 1 else {
      throw request.refusal(
        "it does not state where the mask lies, and its path names \(patients == 0 ? "no patient" : "\(patients) patients") "
          + "of the study; \(how)")
    }
    let named = study.series(namedBy: request.hints)
    let expected = Shape(
      columns: isRowsFirst ? size.y : size.x, rows: isRowsFirst ? size.x : size.y, slices: size.z)
    let fitting = named.filter { Shape($0) == expected }
    guard fitting.count <= 1 else {
      throw request.refusal(
        "\(fitting.count) of the series that its path names have its \(expected); name it after the SeriesInstanceUID")
    }
    guard let only = fitting.first else {
      let found = Set(named.map { Shape($0)?.description ?? "slices of several sizes" }).sorted()
      throw request.refusal(
        "with the axes \(rawValue) it has \(expected); found in the series that its path names: "
          + found.joined(separator: "; "))
    }
    guard try study.isAscending(only) else {
      throw request.refusal(
        "the slices of its series do not state their positions, or two lie at the same height, so that their order is "
          + "unknown")
    }
    return only
  }

  /// The sizes of an array or a series.
  private struct Shape: Equatable, CustomStringConvertible {
    let columns: Int
    let rows: Int
    let slices: Int

    init(columns: Int, rows: Int, slices: Int) {
      (self.columns, self.rows, self.slices) = (columns, rows, slices)
    }

    /// Nil where the slices have several sizes.
    init?(_ series: StudyPlanes.Series) {
      guard let first = series.slices.first,
        series.slices.allSatisfy({ ($0.columns, $0.rows) == (first.columns, first.rows) })
      else { return nil }
      self.init(columns: first.columns, rows: first.rows, slices: series.slices.count)
    }

    var description: String { "\(columns) columns, \(rows) rows and \(slices) slices" }
  }
}
