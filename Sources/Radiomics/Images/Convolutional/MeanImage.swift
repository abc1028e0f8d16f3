/// The mean of a cube, or of a square of each slice, around each voxel (IBSI 2, 3.2).
public struct MeanImage: ImageFilter {
  /// The settings' name.
  public static let key = "mean"

  /// The cube's edge in voxels; odd.
  public var support: Int
  /// Whether each slice is filtered by itself.
  public var bySlice: Bool
  /// What lies beyond the border.
  public var boundary: BoundaryCondition

  /// Makes the filter.
  public init(support: Int, bySlice: Bool = false, boundary: BoundaryCondition = .mirror) {
    (self.support, self.bySlice, self.boundary) = (support, bySlice, boundary)
  }

  private enum CodingKeys: String, CodingKey { case support, bySlice, boundary }

  /// Reads the parameters; all but `support` have their defaults where they are absent.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    support = try container.decode(Int.self, forKey: .support)
    bySlice = try container.decodeIfPresent(Bool.self, forKey: .bySlice) ?? false
    boundary = try container.decodeIfPresent(BoundaryCondition.self, forKey: .boundary) ?? .mirror
  }

  /// `mean-5-3D` for a cube of 5 voxels.
  public var names: [String] { ["mean-\(support)-\(bySlice ? "2D" : "3D")"] }

  /// Checks the support.
  public func check() throws(RadiomicsError) {
    guard (1...255).contains(support), support % 2 == 1 else {
      throw RadiomicsError("the filter `mean` needs an odd `support` of 1 to 255 voxels, found \(support)")
    }
  }

  /// The means.
  public func images(of image: LesionImage) -> [LesionImage] {
    let taps = [Double](repeating: 1 / Double(support), count: support)
    let filter = SeparableFilter(Array(repeating: taps, count: bySlice ? 2 : 3))
    return [image.replacing(filter.response(to: image.values, size: image.size, boundary: boundary))]
  }
}
