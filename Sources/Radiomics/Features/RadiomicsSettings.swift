/// What radiomics features are computed of, and how.
public struct RadiomicsSettings: Codable, Equatable, Sendable {
  /// Whose definitions count where pyradiomics and the Image Biomarker Standardisation Initiative (IBSI) differ.
  public enum Reading: String, Codable, Sendable, CaseIterable {
    /// pyradiomics 3.0.1: bins begin at a multiple of the width, kurtosis is 3 for a normal distribution.
    case pyradiomics
    /// IBSI 1: bins begin at the lowest value, kurtosis is 0 for a normal distribution.
    case ibsi
  }

  /// How values become grey levels.
  public enum Discretisation: Equatable, Sendable {
    /// Bins of one width, in the values' unit (HU for the original image); above 0.
    case width(Double)
    /// So many bins between the lowest and the highest value; at least 1.
    case count(Int)
  }

  /// Whose definitions count.
  public var reading: Reading
  /// How values become grey levels.
  public var discretisation: Discretisation
  /// Where texture is looked for, and how its matrices are merged.
  public var aggregation: TextureAggregation
  /// The intensities of the family `volumehistogram`; nil takes the values as they are.
  public var volumeHistogram: Discretisation?
  /// The voxel spacing that images are brought to; nil keeps their own.
  public var resampling: Resampling?
  /// Which voxels are left out by their values; nil leaves out none.
  public var resegmentation: Resegmentation?
  /// The images that features are computed of.
  public var images: [SelectedFilter]
  /// The names of the families that are computed, such as `glcm`; of the images but the original, shape is not computed.
  public var families: [String]
  /// How far from the lesion's box the image is kept for filters, in voxels.
  public var margin: Int

  /// pyradiomics' usual settings: bins of 25 HU, in 3D, the original image, no resampling.
  public init(
    reading: Reading = .pyradiomics, discretisation: Discretisation = .width(25),
    aggregation: TextureAggregation = .volume, resampling: Resampling? = nil, resegmentation: Resegmentation? = nil,
    images: [any ImageFilter] = [OriginalImage()], families: [String] = FeatureFamilies.usual, margin: Int = 5
  ) {
    self.reading = reading
    self.discretisation = discretisation
    self.aggregation = aggregation
    self.resampling = resampling
    self.resegmentation = resegmentation
    self.images = images.map(SelectedFilter.init)
    self.families = families
    self.margin = margin
  }

  /// The 1,316 features that studies with pyradiomics compute most: the original image, Laplacians of Gaussians of 1 to 5 mm, and eight
  /// wavelet bands.
  public static var usual: RadiomicsSettings {
    RadiomicsSettings(
      images: [OriginalImage(), LaplacianOfGaussian(sigmas: [1, 2, 3, 4, 5]), StationaryWavelet()])
  }

  /// Checks all that can be checked without an image.
  ///
  /// - Throws: `RadiomicsError` that names the setting, what was found, and what is possible.
  public func check() throws(RadiomicsError) {
    switch discretisation {
    case .width(let width):
      guard width > 0, width.isFinite else {
        throw RadiomicsError("binWidth must be above 0, found \(width)")
      }
    case .count(let count):
      guard (1...4096).contains(count) else {
        throw RadiomicsError("binCount must be from 1 to 4096, found \(count)")
      }
    }
    guard (0...1000).contains(margin) else { throw RadiomicsError("margin must be from 0 to 1000, found \(margin)") }
    guard !images.isEmpty else { throw RadiomicsError("at least one image must be named in images") }
    guard !families.isEmpty else { throw RadiomicsError("at least one family must be named in families") }
    for name in families where FeatureFamilies.named(name) == nil {
      throw RadiomicsError(
        "there is no family of features `\(name)`; the families are "
          + FeatureFamilies.all.map { $0.name }.joined(separator: ", "))
    }
    for image in images { try image.filter.check() }
    try resampling?.check()
    try resegmentation?.check()
  }
}

extension RadiomicsSettings.Discretisation: Codable {
  private enum CodingKeys: String, CodingKey { case binWidth, binCount }

  /// Reads `binWidth` or `binCount`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let width = try container.decodeIfPresent(Double.self, forKey: .binWidth)
    let count = try container.decodeIfPresent(Int.self, forKey: .binCount)
    switch (width, count) {
    case (let width?, nil): self = .width(width)
    case (nil, let count?): self = .count(count)
    default: throw RadiomicsError("discretisation needs either binWidth or binCount")
    }
  }

  /// Writes `binWidth` or `binCount`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .width(let width): try container.encode(width, forKey: .binWidth)
    case .count(let count): try container.encode(count, forKey: .binCount)
    }
  }
}
