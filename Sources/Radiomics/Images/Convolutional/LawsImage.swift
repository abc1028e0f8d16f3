/// A combination of Laws' kernels, and its energy (IBSI 2, 3.4).
public struct LawsImage: ImageFilter {
  /// The settings' name.
  public static let key = "laws"

  /// The kernels along x, y and, in 3D, z, such as `L5E5E5`.
  public var kernels: String
  /// How all rotations by right angles are pooled; nil for the one orientation as stated.
  public var pooling: Pooling?
  /// The distance in voxels over which absolute responses are averaged; nil for the response itself.
  public var energyDistance: Int?
  /// What lies beyond the border.
  public var boundary: BoundaryCondition

  /// Makes the filter.
  public init(
    kernels: String, pooling: Pooling? = nil, energyDistance: Int? = nil, boundary: BoundaryCondition = .mirror
  ) {
    (self.kernels, self.pooling, self.energyDistance, self.boundary) = (kernels, pooling, energyDistance, boundary)
  }

  private enum CodingKeys: String, CodingKey { case kernels, pooling, energyDistance, boundary }

  /// Reads the parameters; all but `kernels` have their defaults where they are absent.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kernels = try container.decode(String.self, forKey: .kernels)
    pooling = try container.decodeIfPresent(Pooling.self, forKey: .pooling)
    energyDistance = try container.decodeIfPresent(Int.self, forKey: .energyDistance)
    boundary = try container.decodeIfPresent(BoundaryCondition.self, forKey: .boundary) ?? .mirror
  }

  /// `laws-L5E5E5-max-energy-7` for the pooled energy.
  public var names: [String] {
    ["laws-" + kernels + (pooling.map { "-\($0.rawValue)" } ?? "") + (energyDistance.map { "-energy-\($0)" } ?? "")]
  }

  /// The kernels, each of unit energy.
  private static let all: [String: [Double]] = [
    "L3": [1, 2, 1], "E3": [-1, 0, 1], "S3": [-1, 2, -1],
    "L5": [1, 4, 6, 4, 1], "E5": [-1, -2, 0, 2, 1], "S5": [-1, 0, 2, 0, -1], "W5": [-1, 2, 0, -2, 1],
    "R5": [1, -4, 6, -4, 1],
  ]
  .mapValues { taps in taps.map { $0 / (taps.reduce(0) { $0 + $1 * $1 }).squareRoot() } }

  /// The kernels by axis; fewer where one is unknown.
  private var taps: [[Double]] {
    let letters = Array(kernels)
    return stride(from: 0, to: letters.count - 1, by: 2).compactMap { Self.all[String(letters[$0...($0 + 1)])] }
  }

  /// Checks the parameters.
  public func check() throws(RadiomicsError) {
    guard kernels.count == 2 * taps.count, (2...3).contains(taps.count) else {
      let known = Self.all.keys.sorted().joined(separator: ", ")
      throw RadiomicsError("the filter `laws` needs 2 or 3 `kernels` in a row, each of \(known), found `\(kernels)`")
    }
    guard (energyDistance ?? 1) > 0, (energyDistance ?? 1) <= 127 else {
      throw RadiomicsError(
        "the filter `laws` needs an `energyDistance` of 1 to 127 voxels, found \(energyDistance ?? 0)")
    }
  }

  /// The response.
  public func images(of image: LesionImage) -> [LesionImage] {
    let filter = SeparableFilter(taps)
    let rotations =
      pooling == nil ? [.identity(dimensions: taps.count)] : RightAngleRotation.all(dimensions: taps.count)
    var values = (pooling ?? .mean).pooled(rotations.count) {
      filter.rotated(rotations[$0]).response(to: image.values, size: image.size, boundary: boundary)
    }
    if let energyDistance {
      let width = 2 * energyDistance + 1
      let mean = SeparableFilter(
        Array(repeating: Array(repeating: 1 / Double(width), count: width), count: taps.count))
      values = mean.response(to: values.map { abs($0) }, size: image.size, boundary: boundary)
    }
    return [image.replacing(values)]
  }
}
