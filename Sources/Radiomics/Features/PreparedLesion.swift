/// A lesion's image cut to the lesion's box, with what several families compute from it.
///
/// What several families share is computed when the first of them asks for it.
public final class PreparedLesion {
  /// The image, cut to the box of the lesion as it was outlined; its mask is without the voxels that resegmentation removed.
  public let image: LesionImage
  /// The lesion as it was outlined, in the same box: IBSI's morphological mask.
  public let outline: [Bool]
  /// The image before it was cut.
  public let surroundings: LesionImage
  /// The settings.
  public let settings: RadiomicsSettings
  /// The lesion's values in the order of the image.
  let values: [Double]
  /// The lesion's grey levels.
  let levels: GreyLevels
  /// The lesion's values, of which the places in their order can be asked for.
  private(set) lazy var ordered = OrderedValues(values)
  /// Runs and pairs of neighbours, by matrix.
  private(set) lazy var lines = LineCounts.all(levels, settings.aggregation)
  /// What the neighbours of its voxels say, by matrix.
  private(set) lazy var neighbourhoods = Neighbourhoods.all(levels, settings.aggregation)

  /// Prepares an image of a lesion that was outlined as `outlined` has it, on the same grid.
  init(_ response: LesionImage, outlined: LesionImage, _ settings: RadiomicsSettings) throws(RadiomicsError) {
    let box = try outlined.box()
    let image = try response.cropped(from: box.first, to: box.last)
    self.image = image
    outline = try outlined.cropped(from: box.first, to: box.last).mask
    surroundings = response
    self.settings = settings
    values = image.values.withUnsafeBufferPointer { values in
      image.mask.withUnsafeBufferPointer { mask in
        values.indices.compactMap { mask[$0] ? values[$0] : nil }
      }
    }
    let bins = Discretiser(settings.discretisation, settings.reading, values, settings.resegmentation)
    levels = try GreyLevels(image, bins)
  }

  /// The outlined lesion with the image's values.
  var outlined: LesionImage {
    var outlined = image
    outlined.mask = outline
    return outlined
  }
}
