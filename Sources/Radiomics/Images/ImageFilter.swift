/// Makes one or several images of a lesion's image, of which the features are computed.
///
/// A filter is its parameters: it can be written and read, and two equal filters give equal images. Its responses have
/// the size, the spacing and the mask of the image that it was given; values outside the mask may be undefined (NaN).
public protocol ImageFilter: Codable, Equatable, Sendable {
  /// What the settings call the filter, such as `log`.
  static var key: String { get }
  /// The names of the responses, in their order, as pyradiomics prints them in front of a feature's name.
  var names: [String] { get }
  /// Checks the parameters.
  ///
  /// - Throws: `RadiomicsError` that names the parameter, with its value and its range.
  func check() throws(RadiomicsError)
  /// The responses, one for each of `names`.
  ///
  /// - Throws: `RadiomicsError` where the image has no response: it is too small, or the response's formula divides by
  ///   0.
  func images(of image: LesionImage) throws(RadiomicsError) -> [LesionImage]
  /// Makes the responses one after another, in the order of `names`, so that not all are in memory at once; each that is
  /// undefined has its reason, and costs no other.
  func forEachResponse(to image: LesionImage, _ body: (ImageResponse) -> Void)
}

extension ImageFilter {
  /// Most filters have no parameters, or check them as they are read.
  public func check() throws(RadiomicsError) {}

  /// All responses, or one reason for all where `images(of:)` throws.
  public func forEachResponse(to image: LesionImage, _ body: (ImageResponse) -> Void) {
    do throws(RadiomicsError) {
      try check()
      for (name, response) in zip(names, try images(of: image)) { body(ImageResponse(name: name, checking: response)) }
    } catch {
      for name in names { body(ImageResponse(name: name, reason: error)) }
    }
  }

  /// All responses by name.
  public func responses(to image: LesionImage) -> [ImageResponse] {
    var responses: [ImageResponse] = []
    forEachResponse(to: image) { responses.append($0) }
    return responses
  }
}

/// What a filter made of a lesion's image.
public struct ImageResponse: Sendable {
  /// The image's name, as pyradiomics prints it.
  public let name: String
  /// The image, finite in each voxel of the lesion; or why there is none.
  public let image: Result<LesionImage, RadiomicsError>

  /// States why there is no image.
  init(name: String, reason: RadiomicsError) {
    self.name = name
    image = .failure(reason)
  }

  /// Takes an image that is defined in each voxel of the lesion; otherwise there is none.
  init(name: String, checking response: LesionImage) {
    self.name = name
    let isDefined = response.values.withUnsafeBufferPointer { values in
      response.mask.withUnsafeBufferPointer { mask in mask.indices.allSatisfy { !mask[$0] || values[$0].isFinite } }
    }
    let reason = RadiomicsError(
      "the image \(name) is not defined in each voxel of the lesion: it is flat there, or overflows")
    image = isDefined ? .success(response) : .failure(reason)
  }
}

/// A filter that the settings select: its key as `filter`, and its parameters beside that.
public struct SelectedFilter: Codable, Equatable, Sendable {
  /// The filter with its parameters.
  public let filter: any ImageFilter

  /// Selects a filter.
  public init(_ filter: any ImageFilter) { self.filter = filter }

  private enum CodingKeys: String, CodingKey { case filter }

  /// Reads the key, and then the parameters of the filter that has it.
  public init(from decoder: any Decoder) throws {
    let key = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .filter)
    guard let type = ImageFilters.all.first(where: { $0.key == key }) else {
      let known = ImageFilters.all.map { $0.key }.joined(separator: ", ")
      throw RadiomicsError("there is no image filter `\(key)`; the filters are \(known)")
    }
    filter = try type.init(from: decoder)
    try filter.check()
  }

  /// Writes the parameters, and the key beside them.
  public func encode(to encoder: any Encoder) throws {
    try filter.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(type(of: filter).key, forKey: .filter)
  }

  /// Whether both are the same filter with the same parameters.
  public static func == (first: SelectedFilter, second: SelectedFilter) -> Bool {
    func isEqual<Filter: ImageFilter>(_ filter: Filter) -> Bool { filter == second.filter as? Filter }
    return isEqual(first.filter)
  }
}

/// The filters that settings can name.
public enum ImageFilters {
  /// All filters; one line for each.
  public static let all: [any ImageFilter.Type] = [
    OriginalImage.self,
    SquareImage.self,
    SquareRootImage.self,
    LogarithmImage.self,
    ExponentialImage.self,
    GradientImage.self,
    LaplacianOfGaussian.self,
    StationaryWavelet.self,
    LocalBinaryPattern2D.self,
    LocalBinaryPattern3D.self,
    MeanImage.self,
    SampledLaplacianOfGaussian.self,
    LawsImage.self,
    GaborImage.self,
    WaveletBand.self,
    NonSeparableWavelet.self,
  ]
}

extension LesionImage {
  /// The same lesion with other values; as many as before.
  func replacing(_ values: [Double]) -> LesionImage {
    var result = self
    result.values = values
    return result
  }
}
