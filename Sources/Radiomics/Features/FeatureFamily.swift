/// Features of one kind, which are computed together.
///
/// To add a family, write it in a file of its own and name it in `FeatureFamilies.all`.
public protocol FeatureFamily: Sendable {
  /// The name in settings and in features' names, such as `glcm`.
  static var name: String { get }
  /// The features in the order of the values.
  static var features: [FeatureDefinition] { get }
  /// Whether the features depend on the mask alone, and are the same for every image.
  static var isShape: Bool { get }
  /// One value for each feature; NaN where it is not defined.
  static func values(of lesion: PreparedLesion) -> [Double]
}

extension FeatureFamily {
  /// Most families are computed of every image.
  public static var isShape: Bool { false }
}

/// What a feature is called and measured in.
public struct FeatureDefinition: Equatable, Sendable {
  /// The name, as pyradiomics has it, such as `ClusterShade`.
  public let name: String
  /// The unit; `1` for a number without one, `HU` for what an image that is not filtered has.
  public let unit: String

  /// Names a feature.
  public init(_ name: String, _ unit: String = "1") {
    self.name = name
    self.unit = unit
  }
}

/// The families that settings can name.
public enum FeatureFamilies {
  /// All families; one line for each.
  public static let all: [any FeatureFamily.Type] = [
    ShapeFeatures.self,
    Shape2DFeatures.self,
    FirstOrderFeatures.self,
    CooccurrenceFeatures.self,
    RunLengthFeatures.self,
    SizeZoneFeatures.self,
    DependenceFeatures.self,
    NeighbourhoodDifferenceFeatures.self,
    DispersionFeatures.self,
    HistogramFeatures.self,
    VolumeHistogramFeatures.self,
    DistanceZoneFeatures.self,
    FurtherDependenceFeatures.self,
    LocalIntensityFeatures.self,
    MorphologyFeatures.self,
  ]

  /// The families of the usual 107 features.
  public static let usual = ["shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"]

  /// The family of a name; nil where there is none.
  public static func named(_ name: String) -> (any FeatureFamily.Type)? { all.first { $0.name == name } }
}
