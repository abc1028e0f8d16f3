/// One feature of a lesion, with what it was computed of.
public struct RadiomicsFeature: Equatable, Sendable {
  /// The family's name, such as `glcm`.
  public let family: String
  /// The feature's name within its family, such as `Contrast`.
  public let feature: String
  /// The image's name, such as `original` or `wavelet-LLH`.
  public let image: String
  /// The unit.
  public let unit: String
  /// The value; NaN where it is not defined.
  public let value: Double
  /// Why the image has no features; nil where it has.
  public let problem: String?

  /// The name that pyradiomics gives it, such as `wavelet-LLH_glcm_Contrast`.
  public var name: String { "\(image)_\(family)_\(feature)" }
}
