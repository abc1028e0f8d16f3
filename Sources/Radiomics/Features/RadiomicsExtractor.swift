/// Computes the features of lesions.
public struct RadiomicsExtractor: Sendable {
  /// The settings.
  public let settings: RadiomicsSettings

  /// Takes settings.
  ///
  /// - Throws: `RadiomicsError` that names the setting that is wrong.
  public init(_ settings: RadiomicsSettings) throws(RadiomicsError) {
    try settings.check()
    self.settings = settings
  }

  private var families: [any FeatureFamily.Type] { settings.families.compactMap(FeatureFamilies.named) }

  /// The features in their order, without values.
  public var definitions: [(image: String, family: String, feature: FeatureDefinition)] {
    let shapes = families.filter { $0.isShape }.flatMap { family in
      family.features.map { (image: OriginalImage.key, family: family.name, feature: $0) }
    }
    let images = settings.images.flatMap(\.filter.names)
    return shapes
      + images.flatMap { image in
        families.filter { !$0.isShape }.flatMap { family in
          family.features.map { (image: image, family: family.name, feature: $0) }
        }
      }
  }

  /// The features of a lesion, in the order of `definitions`.
  ///
  /// An image that has no response costs its own features alone.
  ///
  /// - Parameter lesion: the lesion with as much of its surroundings as filters need.
  /// - Returns: the features with their values.
  /// - Throws: `RadiomicsError` where the lesion has no voxel, or resampling or resegmentation leave none.
  public func features(of lesion: LesionImage) throws(RadiomicsError) -> [RadiomicsFeature] {
    let prepared: LesionImage
    if let resampling = settings.resampling {
      prepared = try resampling.applied(to: lesion, margin: settings.margin)
    } else {
      prepared = try lesion.cropped(margin: settings.margin)
    }
    let segmented = try settings.resegmentation?.applied(to: prepared) ?? prepared
    // The shape is that of the lesion as it was outlined.
    var unsegmented = settings
    unsegmented.resegmentation = nil
    let box = try prepared.box()
    let whole = try PreparedLesion(prepared, outlined: prepared, box, unsegmented)
    var features: [RadiomicsFeature] = []
    for family in families where family.isShape {
      features += Self.named(family, OriginalImage.key, family.values(of: whole))
    }
    for image in settings.images {
      image.filter.forEachResponse(to: segmented) { features += self.features(of: $0, prepared, box) }
    }
    return features
  }

  private func features(
    of response: ImageResponse, _ outlined: LesionImage, _ box: LesionImage.Box
  ) -> [RadiomicsFeature] {
    let textures = families.filter { !$0.isShape }
    do {
      let lesion = try PreparedLesion(response.image.get(), outlined: outlined, box, settings)
      return textures.flatMap { Self.named($0, response.name, $0.values(of: lesion)) }
    } catch {
      return textures.flatMap { family in
        Self.named(family, response.name, family.features.map { _ in .nan }, problem: error.description)
      }
    }
  }

  private static func named(
    _ family: any FeatureFamily.Type, _ image: String, _ values: [Double], problem: String? = nil
  ) -> [RadiomicsFeature] {
    zip(family.features, values).map { definition, value in
      RadiomicsFeature(
        family: family.name, feature: definition.name, image: image, unit: definition.unit, value: value,
        problem: problem)
    }
  }
}
