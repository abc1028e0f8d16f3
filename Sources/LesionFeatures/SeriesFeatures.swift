import Imaging
public import ROI
public import Radiomics
import Study
import Support

/// The features of one lesion on one series, or why it has none.
struct SeriesFeatures: Sendable {
  let features: [LesionFeature]
  /// The volume of all outlined voxels in mm3.
  let volume: Double
  let remarks: [String]

  init(
    _ lesion: OutlinedLesion, _ extent: StudyProtocol.Radiomics.Extent, _ extractor: some LesionFeatureExtractor,
    _ store: StoredFeatures?
  ) throws {
    let read = try lesion.volumes(extent)
    let parts = try read.volumes.map { volume in
      let image = try LesionImage(volume)
      return try store?.features(of: image, by: extractor) ?? extractor.features(of: image)
    }
    volume = read.outlinedVolume
    var remarks = read.remarks
    if parts.count == 1 {
      features = parts[0]
    } else {
      let (mean, incomplete) = Self.mean(parts)
      features = mean
      if incomplete > 0 {
        remarks.append(
          "\(incomplete) features are not defined in each of its \(parts.count) slices; their means are of the slices in which "
            + "they are defined")
      }
    }
    let undefined = features.filter { $0.value == nil }
    if let first = undefined.first {
      let reasons = Set(undefined.compactMap(\.reason)).count
      remarks.append(
        "\(undefined.count) of \(features.count) features are not defined, such as \(first.definition.key): "
          + "\(first.reason ?? "")" + (reasons > 1 ? " (and \(reasons - 1) other reasons)" : ""))
    }
    self.remarks = remarks
  }

  /// Each feature's mean over the slices in which it is defined, and how many are not defined in every slice.
  private static func mean(_ parts: [[LesionFeature]]) -> (features: [LesionFeature], incomplete: Int) {
    var incomplete = 0
    let features = parts[0].indices.map { index -> LesionFeature in
      let all = parts.map { $0[index] }
      let values = all.compactMap(\.value)
      if !values.isEmpty && values.count < all.count { incomplete += 1 }
      let mean = values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
      return LesionFeature(all[0].definition, value: mean, reason: all.lazy.compactMap(\.reason).first)
    }
    return (features, incomplete)
  }
}

extension LesionImage {
  /// A lesion's box of CT as features are computed of it.
  ///
  /// - Throws: `RadiomicsError` where a spacing is not a positive number.
  public init(_ volume: LesionVolume) throws(RadiomicsError) {
    try self.init(
      size: SIMD3(volume.grid.columns, volume.grid.rows, volume.grid.slices), spacing: volume.spacing,
      values: volume.values.map(Double.init), mask: volume.mask)
  }
}
