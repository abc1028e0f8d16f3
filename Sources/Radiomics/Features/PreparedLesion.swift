/// A lesion's image cut to the lesion's box, with what several families compute from it.
public struct PreparedLesion: Sendable {
  /// The image, cut to the lesion's box.
  public let image: LesionImage
  /// The settings.
  public let settings: RadiomicsSettings
  /// The lesion's values in the order of the image.
  let values: [Double]
  /// The lesion's grey levels.
  let levels: GreyLevels

  /// Prepares an image that is cut to the lesion's box.
  init(_ image: LesionImage, _ settings: RadiomicsSettings) throws(RadiomicsError) {
    self.image = image
    self.settings = settings
    values = image.values.withUnsafeBufferPointer { values in
      image.mask.withUnsafeBufferPointer { mask in
        values.indices.compactMap { mask[$0] ? values[$0] : nil }
      }
    }
    let bins = Discretiser(settings.discretisation, settings.reading, values, settings.resegmentation)
    levels = try GreyLevels(image, bins)
  }
}
