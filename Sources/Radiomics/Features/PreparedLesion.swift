/// An image of a lesion, with what several families compute from it.
///
/// What not all families need is computed when the first of them asks for it.
public final class PreparedLesion {
  /// The image with what surrounds the lesion; its mask is without the voxels that resegmentation removed.
  public let surroundings: LesionImage
  /// The settings.
  public let settings: RadiomicsSettings
  /// The image, cut to the box of the lesion as it was outlined.
  public private(set) lazy var image = surroundings.cropped(from: box.first, to: box.last)
  /// The lesion as it was outlined, in the same box: IBSI's morphological mask.
  public private(set) lazy var outline = whole.cropped(from: box.first, to: box.last).mask
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

  /// The lesion as it was outlined, and its box.
  private let whole: LesionImage
  private let box: LesionImage.Box

  /// Prepares an image of a lesion that was outlined as `outlined` has it, on the same grid, within `box`.
  init(
    _ response: LesionImage, outlined: LesionImage, _ box: LesionImage.Box, _ settings: RadiomicsSettings
  ) throws(RadiomicsError) {
    surroundings = response
    whole = outlined
    self.box = box
    self.settings = settings
    values = response.values.withUnsafeBufferPointer { values in
      response.mask.withUnsafeBufferPointer { mask in
        var inside: [Double] = []
        inside.reserveCapacity(mask.count { $0 })
        for index in mask.indices where mask[index] { inside.append(values[index]) }
        return inside
      }
    }
    let bins = Discretiser(settings.discretisation, settings.reading, values, settings.resegmentation)
    levels = try GreyLevels(response, box, bins)
  }

  /// The outlined lesion with the image's values.
  var outlined: LesionImage {
    var outlined = image
    outlined.mask = outline
    return outlined
  }
}
