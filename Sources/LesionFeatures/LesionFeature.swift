public import Radiomics

/// What a feature is: all that a table says of its column.
public struct FeatureDescription: Codable, Hashable, Sendable {
  /// The column's name, as pyradiomics has it, such as `original_firstorder_Mean`.
  public var key: String
  /// The family, such as `firstorder`.
  public var family: String
  /// The feature's name, such as `Mean`.
  public var name: String
  /// The image that it is computed of, such as `wavelet-LLH`.
  public var image: String
  /// The unit, such as `HU` or `mm`; empty for a pure number.
  public var unit: String
  /// The settings that it depends on, in words.
  public var settings: String
  /// How it is defined, in a sentence or formula.
  public var definition: String

  /// States a feature.
  public init(
    key: String, family: String, name: String, image: String, unit: String, settings: String, definition: String
  ) {
    self.key = key
    self.family = family
    self.name = name
    self.image = image
    self.unit = unit
    self.settings = settings
    self.definition = definition
  }

  /// Whether the feature describes the outline alone, so that it says nothing of enhancement.
  public var isShape: Bool { family.hasPrefix("shape") }
}

/// A feature's value in one lesion.
public struct LesionFeature: Codable, Equatable, Sendable {
  /// What it is.
  public var definition: FeatureDescription
  /// Its value; nil where it is not defined.
  public var value: Double?
  /// Why it is not defined.
  public var reason: String?

  /// States a value; one that is not finite is not defined.
  public init(_ definition: FeatureDescription, value: Double?, reason: String? = nil) {
    self.definition = definition
    self.value = value.flatMap { $0.isFinite ? $0 : nil }
    self.reason = self.value == nil ? reason ?? "it is not a finite number" : nil
  }
}

/// What computes the features of a lesion's image.
public protocol LesionFeatureExtractor: Sendable {
  /// All settings that the values depend on, as a text: stored values are used again where it is the same.
  var identity: String { get }
  /// The features: the same definitions in the same order for every lesion.
  ///
  /// - Throws: `RadiomicsError` where the lesion has none.
  func features(of image: LesionImage) throws(RadiomicsError) -> [LesionFeature]
}
