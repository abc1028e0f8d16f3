internal import Foundation

/// The image as it is.
public struct OriginalImage: ImageFilter {
  /// The settings' name.
  public static let key = "original"
  /// pyradiomics' name.
  public var names: [String] { ["original"] }

  /// Makes the filter.
  public init() {}

  /// The image itself.
  public func images(of image: LesionImage) -> [LesionImage] { [image] }
}

/// The square of each value, scaled so that the largest magnitude of the image stays as it is.
public struct SquareImage: ImageFilter {
  /// The settings' name.
  public static let key = "square"
  /// pyradiomics' name.
  public var names: [String] { ["square"] }

  /// Makes the filter.
  public init() {}

  /// The scaled squares.
  public func images(of image: LesionImage) throws(RadiomicsError) -> [LesionImage] {
    let scale = 1 / (try image.largestMagnitude("square")).squareRoot()
    return [image.replacing(image.values.map { (scale * $0) * (scale * $0) })]
  }
}

/// The square root of each magnitude with the value's sign, scaled so that the largest magnitude of the image stays as
/// it is.
public struct SquareRootImage: ImageFilter {
  /// The settings' name.
  public static let key = "squareRoot"
  /// pyradiomics' name.
  public var names: [String] { ["squareroot"] }

  /// Makes the filter.
  public init() {}

  /// The scaled roots; an image of zeros stays one.
  public func images(of image: LesionImage) -> [LesionImage] {
    let scale = image.values.reduce(0) { max($0, abs($1)) }
    return [image.replacing(image.values.map { $0 < 0 ? -(-$0 * scale).squareRoot() : ($0 * scale).squareRoot() })]
  }
}

/// The logarithm of each magnitude + 1 with the value's sign, scaled so that the largest magnitude of the image stays
/// as it is.
public struct LogarithmImage: ImageFilter {
  /// The settings' name.
  public static let key = "logarithm"
  /// pyradiomics' name.
  public var names: [String] { ["logarithm"] }

  /// Makes the filter.
  public init() {}

  /// The scaled logarithms.
  public func images(of image: LesionImage) throws(RadiomicsError) -> [LesionImage] {
    let largest = try image.largestMagnitude("logarithm")
    let scale = largest / log(largest + 1)
    return [image.replacing(image.values.map { ($0 < 0 ? -log(1 - $0) : log($0 + 1)) * scale })]
  }
}

/// The exponential of each value, scaled before so that the largest magnitude of the image stays as it is.
public struct ExponentialImage: ImageFilter {
  /// The settings' name.
  public static let key = "exponential"
  /// pyradiomics' name.
  public var names: [String] { ["exponential"] }

  /// Makes the filter.
  public init() {}

  /// The exponentials.
  public func images(of image: LesionImage) throws(RadiomicsError) -> [LesionImage] {
    let largest = try image.largestMagnitude("exponential")
    let scale = log(largest) / largest
    return [image.replacing(image.values.map { exp(scale * $0) })]
  }
}

extension LesionImage {
  /// The largest magnitude of all voxels, within the lesion and outside of it.
  ///
  /// - Throws: `RadiomicsError` where it is 0, by which the transforms divide.
  fileprivate func largestMagnitude(_ transform: String) throws(RadiomicsError) -> Double {
    let largest = values.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else {
      throw RadiomicsError("the image \(transform) is not defined where each voxel of the image is 0")
    }
    return largest
  }
}
