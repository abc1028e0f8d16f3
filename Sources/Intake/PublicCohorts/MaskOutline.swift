import Imaging
import Annotation
import Foundation
import Imaging

/// A tumour's mask on a volume's grid: its outlines, slice by slice, and its measures.
struct MaskOutline: Sendable {
  /// The slices that the tumour reaches.
  private let masks: [(slice: Int, mask: PixelMask)]
  private let voxelVolume: Double

  /// The voxels of `volume` with the value `label`.
  ///
  /// - Throws: `PublicCohortError` where there are none.
  init(_ volume: Volume, label: Int16 = 1) throws(PublicCohortError) {
    let grid = volume.grid
    masks = (0..<grid.slices).compactMap { slice in
      let inside = volume.slice(slice).map { $0 == label }
      guard inside.contains(true) else { return nil }
      return (slice, PixelMask(columns: grid.columns, rows: grid.rows, values: inside))
    }
    voxelVolume = grid.voxelVolume
    guard !masks.isEmpty else { throw PublicCohortError("the mask is empty: no voxel is marked as tumour") }
  }

  /// The tumour's volume in cubic millimetres.
  var volume: Double { Double(masks.reduce(0) { $0 + $1.mask.count }) * voxelVolume }

  /// Whether this is a bounding box rather than an outline.
  ///
  /// A box fills its own bounding rectangle; a resampled one, turned by registration, still by more than nine tenths. A
  /// round tumour fills pi/4 of it, and a drawn one hardly more on most of its slices.
  var isBox: Bool {
    let fills = masks.map(\.mask.rectangularFill).sorted()
    return fills[fills.count / 2] > 0.9
  }

  /// Columns of the pathology table.
  var attributes: [String: String] {
    ["mask": isBox ? "box" : "outline", "mask_mm3": String(format: "%.1f", volume)]
  }

  /// The outlines on the slices of a series.
  func contours(_ identity: SeriesIdentity) -> [Contour] {
    masks.flatMap { identity.contours($0.mask, slice: $0.slice) }
  }
}
