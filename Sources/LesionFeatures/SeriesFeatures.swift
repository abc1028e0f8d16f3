import Imaging
public import ROI
public import Radiomics
import Study
import Support

/// The features of one lesion on one series, or why it has none.
struct SeriesFeatures: Sendable {
  let features: [LesionFeature]
  /// The features of the eroded outline, from which changes between phases are computed; nil where nothing is left of it.
  let inner: [LesionFeature]?
  /// The volume of all outlined voxels in mm3.
  let volume: Double
  let remarks: [String]

  /// Computes them; `erosion` is how far the outline is eroded for changes between phases, in mm.
  init(
    _ lesion: OutlinedLesion, _ settings: StudyProtocol.Radiomics, erodedBy erosion: Double,
    _ extractor: some LesionFeatureExtractor, _ store: StoredFeatures?
  ) throws {
    let read = try lesion.volumes(settings.extent)
    func features(_ volumes: [LesionVolume]) throws -> [[LesionFeature]] {
      try volumes.map { volume in
        let image = try LesionImage(volume)
        return try store?.features(of: image, by: extractor) ?? extractor.features(of: image)
      }
    }
    let parts = try features(read.volumes)
    volume = read.outlinedVolume
    var remarks = read.remarks
    if let carried = lesion.carried { remarks.insert(carried, at: 0) }
    let (mean, incomplete) = Self.mean(parts)
    self.features = mean
    if incomplete > 0 {
      remarks.append(
        "\(incomplete) features are not defined in each of its \(parts.count) slices; their means are of the slices in which "
          + "they are defined")
    }
    var inner: [LesionFeature]? = mean
    if settings.enhancement, erosion > 0 {
      let eroded = read.volumes.compactMap { $0.eroded(by: erosion) }
      let missing = "so changes from and to this phase are missing"
      do {
        inner = eroded.isEmpty ? nil : Self.mean(try features(eroded)).features
        if eroded.isEmpty { remarks.append("nothing is left of its outline eroded by \(erosion) mm, \(missing)") }
      } catch let error as RadiomicsError {
        inner = nil
        remarks.append("its outline eroded by \(erosion) mm has no features (\(error)), \(missing)")
      }
    }
    self.inner = inner
    let undefined = self.features.filter { $0.value == nil }
    if let first = undefined.first {
      let reasons = Set(undefined.compactMap(\.reason)).count
      remarks.append(
        "\(undefined.count) of \(self.features.count) features are not defined, such as \(first.definition.key): "
          + "\(first.reason ?? "")" + (reasons > 1 ? " (and \(reasons - 1) other reasons)" : ""))
    }
    self.remarks = remarks
  }

  /// Each feature's mean over the slices in which it is defined, and how many are not defined in every slice.
  private static func mean(_ parts: [[LesionFeature]]) -> (features: [LesionFeature], incomplete: Int) {
    if parts.count == 1 { return (parts[0], 0) }
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
