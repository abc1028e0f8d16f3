/// The Laplacian of a Gaussian in 3D, normalised across scales, for each of several widths.
///
/// It equals ITK's `LaplacianRecursiveGaussianImageFilter` to the last bit, single precision of its passes included.
public struct LaplacianOfGaussian: ImageFilter {
  /// The settings' name.
  public static let key = "log"

  /// The standard deviations in mm; each positive.
  public var sigmas: [Double]

  /// Makes the filter.
  public init(sigmas: [Double]) { self.sigmas = sigmas }

  /// `log-sigma-1-0-mm-3D` for 1 mm.
  public var names: [String] {
    sigmas.map { "log-sigma-\($0.inName)-mm-3D" }
  }

  /// Checks the widths.
  public func check() throws(RadiomicsError) {
    guard !sigmas.isEmpty, sigmas.allSatisfy({ $0 > 0 && $0 <= 100 }) else {
      throw RadiomicsError("the filter `log` needs `sigmas` in mm, each above 0 and at most 100, found \(sigmas)")
    }
  }

  /// The responses of all widths.
  ///
  /// - Throws: `RadiomicsError` where the image is too small for one of them.
  public func images(of image: LesionImage) throws(RadiomicsError) -> [LesionImage] {
    var images: [LesionImage] = []
    for response in responses(to: image) { images.append(try response.image.get()) }
    return images
  }

  /// Each width's response, or why the image is too small for it.
  public func forEachResponse(to image: LesionImage, _ body: (ImageResponse) -> Void) {
    do { try check() } catch {
      for name in names { body(ImageResponse(name: name, reason: error)) }
      return
    }
    for (sigma, name) in zip(sigmas, names) {
      if let obstacle = obstacle(sigma, image) {
        body(ImageResponse(name: name, reason: obstacle))
      } else {
        body(ImageResponse(name: name, checking: response(sigma, image)))
      }
    }
  }

  /// Why pyradiomics gives no response, which needs 4 voxels and ceil(sigma / spacing) + 1 along each axis.
  private func obstacle(_ sigma: Double, _ image: LesionImage) -> RadiomicsError? {
    for (axis, name) in ["columns", "rows", "slices"].enumerated() {
      let least = max(4, (sigma / image.spacing[axis]).rounded(.up) + 1)
      if Double(image.size[axis]) < least {
        return RadiomicsError(
          "the Laplacian of a Gaussian of \(sigma) mm needs at least \(Int(exactly: least) ?? .max) \(name), found \(image.size[axis])"
        )
      }
    }
    return nil
  }

  private func response(_ sigma: Double, _ image: LesionImage) -> LesionImage {
    var sum = [Float](repeating: 0, count: image.values.count)
    for axis in 0..<3 {
      func pass(_ order: RecursiveGaussian.Order, _ axis: Int) -> RecursiveGaussian {
        RecursiveGaussian(order, sigma: sigma, spacing: image.spacing[axis])
      }
      var derivative = pass(.secondDerivative, axis).filtered(image.values, along: axis, size: image.size)
      for other in 0..<3 where other != axis {
        derivative = pass(.smoothing, other).filtered(derivative, along: other, size: image.size)
      }
      let scale = 1 / (image.spacing[axis] * image.spacing[axis])
      for index in sum.indices { sum[index] = Float(Double(sum[index]) + Double(derivative[index]) * scale) }
    }
    return image.replacing(sum.map { Double($0) })
  }
}
