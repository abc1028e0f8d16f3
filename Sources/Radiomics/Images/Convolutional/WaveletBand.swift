/// One band of a separable, undecimated wavelet decomposition at a level, in one or in all orientations (IBSI 2, 3.6).
public struct WaveletBand: ImageFilter {
  /// The settings' name.
  public static let key = "waveletBand"

  /// The wavelet.
  public var wavelet: Wavelet
  /// The filters along x, y and, in 3D, z, such as `LLH`.
  public var band: String
  /// The level, from 1; the approximation of each level before is decomposed again.
  public var level: Int
  /// How all rotations by right angles are pooled; nil for the one orientation as stated.
  public var pooling: Pooling?
  /// What lies beyond the border.
  public var boundary: BoundaryCondition

  /// Makes the filter.
  public init(
    wavelet: Wavelet, band: String, level: Int = 1, pooling: Pooling? = nil, boundary: BoundaryCondition = .mirror
  ) {
    (self.wavelet, self.band, self.level, self.pooling, self.boundary) = (wavelet, band, level, pooling, boundary)
  }

  private enum CodingKeys: String, CodingKey { case wavelet, band, level, pooling, boundary }

  /// Reads the parameters; all but `wavelet` and `band` have their defaults where they are absent.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    wavelet = try container.decode(Wavelet.self, forKey: .wavelet)
    band = try container.decode(String.self, forKey: .band)
    level = try container.decodeIfPresent(Int.self, forKey: .level) ?? 1
    pooling = try container.decodeIfPresent(Pooling.self, forKey: .pooling)
    boundary = try container.decodeIfPresent(BoundaryCondition.self, forKey: .boundary) ?? .mirror
  }

  /// `wavelet-db3-LLH-level-1-mean` for a pooled band.
  public var names: [String] {
    ["wavelet-\(wavelet.rawValue)-\(band)-level-\(level)" + (pooling.map { "-\($0.rawValue)" } ?? "")]
  }

  /// Checks the parameters.
  public func check() throws(RadiomicsError) {
    guard (2...3).contains(band.count), band.allSatisfy({ "LH".contains($0) }), (1...5).contains(level) else {
      throw RadiomicsError(
        "the filter `waveletBand` needs a `band` of 2 or 3 letters L and H and a `level` of 1 to 5, found `\(band)` "
          + "and \(level)")
    }
  }

  /// The band.
  public func images(of image: LesionImage) -> [LesionImage] {
    let approximation = SeparableFilter(band.map { _ in wavelet.lowPass })
    let detail = SeparableFilter(band.map { $0 == "L" ? wavelet.lowPass : wavelet.highPass })
    let rotations =
      pooling == nil ? [.identity(dimensions: band.count)] : RightAngleRotation.all(dimensions: band.count)
    let values = (pooling ?? .mean).pooled(rotations.count) { index in
      var (before, last) = (approximation.rotated(rotations[index]), detail.rotated(rotations[index]))
      var values = image.values
      for _ in 1..<level {
        values = before.response(to: values, size: image.size, boundary: boundary)
        (before, last) = (before.spread, last.spread)
      }
      return last.response(to: values, size: image.size, boundary: boundary)
    }
    return [image.replacing(values)]
  }
}
