import Clinical
import DICOM
package import Foundation
package import Imaging
import Study

/// The HDF5 file of one patient of UCSF RMaC: volumes as data sets, all else as attributes.
package struct RMaCFile: Sendable {
  private let file: HDF5File

  /// The arrays are rows x columns x slices: rows run to the back, columns to the patient's left, slices upwards.
  static let dimensions: [VoxelOrder.Dimension] = [.init(.row), .init(.column), .init(.slice)]

  private static let phases = RMaCSettings.Phase.allCases.map(\.rawValue)
  private static let attributes =
    ["PID", "tumor_type", "pathology", "pathology_grade", "Manufacturer", "Patient Age", "Patient Sex"]
    + phases.map { "\($0)_pixdim" }

  package init(_ url: URL) throws(PublicCohortError) {
    file = try HDF5File(url, dataSets: Self.phases + ["mask"], attributes: Self.attributes)
  }

  func has(_ name: String) throws(PublicCohortError) -> Bool { try file.shape(of: name) != nil }

  /// An attribute as text: the first of its values, nil where it is absent, unknown or not a number.
  func text(_ name: String) throws(PublicCohortError) -> String? {
    switch try file.attribute(name) {
    case .text(let text): ClinicalCell(text).text
    case .numbers(let numbers): numbers.first.flatMap { $0.isFinite ? $0.plain : nil }
    case nil: nil
    }
  }

  /// Where a volume's voxels lie; the file states no origin, so the centre of the volume becomes the origin of the
  /// coordinates.
  ///
  /// Registration resamples a volume to the voxel grid of the unenhanced volume, but its `pixdim` may still state the
  /// former spacing: a volume that `isRegistered`, as the mask always is, has the spacing of the unenhanced volume.
  func grid(_ name: String, isRegistered: Bool) throws(PublicCohortError) -> AxialGrid {
    let (order, _) = try layout(name)
    let size = try spacing(isRegistered ? RMaCSettings.Phase.noncon.rawValue : name)
    let middle = SIMD3(Double(order.columns - 1) / 2 * size.x, Double(order.rows - 1) / 2 * size.y, 0)
    return AxialGrid(
      columns: order.columns, rows: order.rows, slices: order.slices, origin: -middle, columnStep: SIMD3(size.x, 0, 0),
      rowStep: SIMD3(0, size.y, 0), sliceStep: SIMD3(0, 0, size.z))
  }

  /// The tumour: 1 inside and 0 outside.
  package func mask() throws(PublicCohortError) -> Volume {
    let grid = try grid("mask", isRegistered: true)
    let (order, count) = try layout("mask")
    return Volume(grid: grid, order: order, stored: try file.floats(of: "mask", count: count).map { $0 >= 0.5 ? 1 : 0 })
  }

  /// A volume, rounded to whole HU.
  package func volume(_ name: String, isRegistered: Bool) throws(PublicCohortError) -> Volume {
    let grid = try grid(name, isRegistered: isRegistered)
    let (order, count) = try layout(name)
    var notFinite = 0
    let stored = try file.floats(of: name, count: count).map { value in
      let whole = Volume.whole(Double(value))
      if whole == nil { notFinite += 1 }
      return whole ?? Volume.air
    }
    return Volume(grid: grid, order: order, stored: stored, notFiniteCount: notFinite)
  }

  private func layout(_ name: String) throws(PublicCohortError) -> (order: VoxelOrder, count: Int) {
    guard let shape = try file.shape(of: name) else { throw PublicCohortError("the data set \"\(name)\" is missing") }
    guard shape.allSatisfy({ (1...AxialGrid.maximumSide).contains($0) }),
      let order = VoxelOrder(sizes: shape, Self.dimensions)
    else {
      let found = shape.map(String.init).joined(separator: " x ")
      throw PublicCohortError("the data set \"\(name)\" must have rows, columns and slices, found \(found)")
    }
    return (order, shape.reduce(1, *))
  }

  /// The distances of columns, rows and slices in mm.
  private func spacing(_ name: String) throws(PublicCohortError) -> SIMD3<Double> {
    let attribute = try file.attribute("\(name)_pixdim")
    guard case .numbers(let sizes) = attribute, sizes.count == 3, sizes.allSatisfy({ (0.01...100).contains($0) }) else {
      throw PublicCohortError(
        "the attribute \"\(name)_pixdim\" must give three distances in mm; download the file again")
    }
    return SIMD3(sizes[0], sizes[1], sizes[2])
  }
}

extension Double {
  /// The number as people write it: 3 rather than 3.0.
  var plain: String { self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)" }
}
