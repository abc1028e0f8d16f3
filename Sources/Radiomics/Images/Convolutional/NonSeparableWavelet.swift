internal import Foundation

/// A wavelet that does not depend on direction, defined by its frequencies; beyond the border the image repeats itself
/// (IBSI 2, 3.7).
public struct NonSeparableWavelet: ImageFilter {
  /// The settings' name.
  public static let key = "nonSeparableWavelet"

  /// Which frequencies the wavelet passes.
  public enum Family: String, Codable, Sendable, CaseIterable {
    /// Simoncelli's: a cosine of the frequency's logarithm over two octaves.
    case simoncelli
    /// Shannon's: one octave.
    case shannon
  }

  /// The family.
  public var family: Family
  /// The level, from 1 for the highest frequencies; each further level is an octave lower.
  public var level: Int
  /// Whether each slice is filtered by itself.
  public var bySlice: Bool
  /// The Riesz transform that follows; nil for none.
  public var riesz: RieszOrder?

  /// Makes the filter.
  public init(family: Family = .simoncelli, level: Int = 1, bySlice: Bool = false, riesz: RieszOrder? = nil) {
    (self.family, self.level, self.bySlice, self.riesz) = (family, level, bySlice, riesz)
  }

  private enum CodingKeys: String, CodingKey { case family, level, bySlice, riesz }

  /// Reads the parameters; each has its default where it is absent.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    family = try container.decodeIfPresent(Family.self, forKey: .family) ?? .simoncelli
    level = try container.decodeIfPresent(Int.self, forKey: .level) ?? 1
    bySlice = try container.decodeIfPresent(Bool.self, forKey: .bySlice) ?? false
    riesz = try container.decodeIfPresent(RieszOrder.self, forKey: .riesz)
  }

  /// `simoncelli-level-1-3D` and so on.
  public var names: [String] { ["\(family.rawValue)-level-\(level)-\(bySlice ? "2D" : "3D")" + (riesz?.name ?? "")] }

  /// Checks the parameters.
  public func check() throws(RadiomicsError) {
    guard (1...8).contains(level) else {
      throw RadiomicsError("the filter `nonSeparableWavelet` needs a `level` of 1 to 8, found \(level)")
    }
    try riesz?.check()
    if bySlice, let riesz, riesz.z > 0 {
      throw RadiomicsError("a Riesz transform of single slices needs the order 0 along z, found \(riesz.z)")
    }
  }

  /// The response.
  public func images(of image: LesionImage) -> [LesionImage] {
    var values = Spectrum(image.values, size: image.size)
    values.transform(axes: bySlice ? 2 : 3)
    let highest = 1 / Double(1 << (level - 1))
    values.filter(riesz.map { $0 }) { frequency in
      let plane = SIMD3(frequency.x, frequency.y, bySlice ? 0 : frequency.z)
      let radius = (plane * plane).sum().squareRoot()
      switch family {
      case .simoncelli:
        guard radius >= highest / 4, radius <= highest else { return 0 }
        return cos(Double.pi / 2 * log2(2 * radius / highest))
      case .shannon: return radius >= highest / 2 && radius <= highest ? 1 : 0
      }
    }
    values.transform(backwards: true, axes: bySlice ? 2 : 3)
    return [image.replacing(values.real)]
  }
}
