/// What a network that was trained with ImageNet's statistics, such as a ResNet, sees of a crop, in plain floats: the
/// reference that its tensors are tested against.
///
/// Other networks have statistics of their own (EfficientNet-Lite0 takes values in -1...1); the enlargement is the same.
public enum NetworkInput {
  /// The mean of ImageNet's red, green and blue, in 0...1.
  public static let mean: [Float] = [0.485, 0.456, 0.406]
  /// The standard deviation of ImageNet's red, green and blue, in 0...1.
  public static let standardDeviation: [Float] = [0.229, 0.224, 0.225]

  /// The crop, flipped if asked, enlarged, and normalised with each channel's mean and standard deviation.
  ///
  /// - Parameters:
  ///   - crop: boxSize x boxSize values in 0...1, row by row.
  ///   - boxSize: the crop's side.
  ///   - outputSize: the side that the network takes.
  ///   - flipped: whether left and right are exchanged.
  /// - Returns: three channels of `outputSize` x `outputSize` values, channel by channel, row by row.
  public static func values(_ crop: [Float], boxSize: Int, outputSize: Int = 224, flipped: Bool = false) -> [Float] {
    let grey = resized(flipped ? mirrored(crop, boxSize) : crop, from: boxSize, to: outputSize)
    return zip(mean, standardDeviation).flatMap { mean, deviation in grey.map { ($0 - mean) / deviation } }
  }

  /// The square image at another size: bilinear with half-pixel centres and no anti-aliasing, as PyTorch's
  /// `interpolate(mode="bilinear", align_corners=False)`.
  public static func resized(_ image: [Float], from size: Int, to outputSize: Int) -> [Float] {
    guard size != outputSize else { return image }
    // In Float, as PyTorch computes positions: Double would differ by 1e-5 of a pixel.
    let scale = Float(size) / Float(outputSize)
    let taps = (0..<outputSize).map { index -> (first: Int, second: Int, weight: Float) in
      let position = max(scale * (Float(index) + 0.5) - 0.5, 0)
      let first = min(Int(position), size - 1)
      return (first, min(first + 1, size - 1), min(max(position - Float(first), 0), 1))
    }
    var output: [Float] = []
    output.reserveCapacity(outputSize * outputSize)
    for vertical in taps {
      for horizontal in taps {
        func blend(_ row: Int) -> Float {
          image[row * size + horizontal.first] * (1 - horizontal.weight) + image[row * size + horizontal.second]
            * horizontal.weight
        }
        output.append(blend(vertical.first) * (1 - vertical.weight) + blend(vertical.second) * vertical.weight)
      }
    }
    return output
  }

  private static func mirrored(_ image: [Float], _ size: Int) -> [Float] {
    (0..<size).flatMap { row in image[row * size..<(row + 1) * size].reversed() }
  }
}
