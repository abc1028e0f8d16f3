/// The magnitude of the gradient by central differences, in HU per mm, with the border's voxels repeated outside.
///
/// Like ITK's `GradientMagnitudeImageFilter`, it gives single precision.
public struct GradientImage: ImageFilter {
  /// The settings' name.
  public static let key = "gradient"
  /// pyradiomics' name.
  public var names: [String] { ["gradient"] }

  /// Makes the filter.
  public init() {}

  /// The magnitudes.
  public func images(of image: LesionImage) -> [LesionImage] {
    let size = image.size
    let step = 0.5 * (1 / image.spacing)
    let strides = SIMD3(1, size.x, size.x * size.y)
    let values = [Double](unsafeUninitializedCapacity: image.values.count) { output, count in
      image.values.withUnsafeBufferPointer { input in
        for z in 0..<size.z {
          let below = z > 0 ? -strides.z : 0
          let above = z + 1 < size.z ? strides.z : 0
          for y in 0..<size.y {
            let front = y > 0 ? -strides.y : 0
            let back = y + 1 < size.y ? strides.y : 0
            let row = image.index(0, y, z)
            for x in 0..<size.x {
              let at = row + x
              let alongX = (input[at + (x + 1 < size.x ? 1 : 0)] - input[at - (x > 0 ? 1 : 0)]) * step.x
              let alongY = (input[at + back] - input[at + front]) * step.y
              let alongZ = (input[at + above] - input[at + below]) * step.z
              let square = alongX * alongX + alongY * alongY + alongZ * alongZ
              (output.baseAddress.map { $0 + at })?.initialize(to: Double(Float(square.squareRoot())))
            }
          }
        }
      }
      count = image.values.count
    }
    return [image.replacing(values)]
  }
}
