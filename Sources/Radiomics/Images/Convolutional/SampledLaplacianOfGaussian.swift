internal import Foundation

/// The Laplacian of a Gaussian as IBSI has it: the function sampled at voxels up to a cutoff, not normalised across
/// scales (IBSI 2, 3.3).
///
/// `LaplacianOfGaussian` is pyradiomics' filter of this name.
public struct SampledLaplacianOfGaussian: ImageFilter {
  /// The settings' name.
  public static let key = "logSampled"

  /// The standard deviation in mm.
  public var sigma: Double
  /// Where the kernel ends, in standard deviations.
  public var cutoff: Double
  /// Whether each slice is filtered by itself.
  public var bySlice: Bool
  /// What lies beyond the border.
  public var boundary: BoundaryCondition
  /// The Riesz transform that follows; nil for none.
  public var riesz: RieszOrder?

  /// Makes the filter.
  public init(
    sigma: Double, cutoff: Double = 4, bySlice: Bool = false, boundary: BoundaryCondition = .mirror,
    riesz: RieszOrder? = nil
  ) {
    (self.sigma, self.cutoff, self.bySlice, self.boundary, self.riesz) = (sigma, cutoff, bySlice, boundary, riesz)
  }

  private enum CodingKeys: String, CodingKey { case sigma, cutoff, bySlice, boundary, riesz }

  /// Reads the parameters; all but `sigma` have their defaults where they are absent.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    sigma = try container.decode(Double.self, forKey: .sigma)
    cutoff = try container.decodeIfPresent(Double.self, forKey: .cutoff) ?? 4
    bySlice = try container.decodeIfPresent(Bool.self, forKey: .bySlice) ?? false
    boundary = try container.decodeIfPresent(BoundaryCondition.self, forKey: .boundary) ?? .mirror
    riesz = try container.decodeIfPresent(RieszOrder.self, forKey: .riesz)
  }

  /// `log-sampled-sigma-1-5-mm-3D` for 1.5 mm.
  public var names: [String] { ["log-sampled-sigma-\(sigma.inName)-mm-\(bySlice ? "2D" : "3D")" + (riesz?.name ?? "")] }

  /// Checks the parameters.
  public func check() throws(RadiomicsError) {
    guard sigma > 0, sigma <= 100, cutoff > 0, cutoff <= 10 else {
      throw RadiomicsError(
        "the filter `logSampled` needs a `sigma` above 0 and at most 100 mm and a `cutoff` above 0 and at most 10, "
          + "found \(sigma) and \(cutoff)")
    }
    try riesz?.check()
    if bySlice, riesz != nil {
      throw RadiomicsError("`riesz` of the filter `logSampled` cannot be combined with `bySlice`")
    }
  }

  /// The response.
  ///
  /// - Throws: `RadiomicsError` where the voxels are not as long as wide (and, in 3D, high), for which IBSI defines no
  ///   kernel.
  public func images(of image: LesionImage) throws(RadiomicsError) -> [LesionImage] {
    let dimensions = bySlice ? 2 : 3
    let width = try image.isotropicSpacing(dimensions: dimensions, "logSampled")
    let deviation = sigma / width
    guard cutoff * deviation <= 256 else {
      throw RadiomicsError(
        "the filter `logSampled` reaches \(cutoff * deviation) voxels, and at most 256 are possible; choose a smaller `sigma`"
          + " or a larger spacing")
    }
    let radius = Int((cutoff * deviation + 0.5).rounded(.down))
    let gaussian = (-radius...radius).map { offset in
      exp(-Double(offset * offset) / (2 * deviation * deviation)) / ((2 * Double.pi).squareRoot() * deviation)
    }
    let curvature = zip(-radius...radius, gaussian).map { offset, weight in
      weight * (Double(offset * offset) / (deviation * deviation) - 1) / (deviation * deviation)
    }
    var sum = [Double](repeating: 0, count: image.values.count)
    for axis in 0..<dimensions {
      let filter = SeparableFilter((0..<dimensions).map { $0 == axis ? curvature : gaussian })
      let part = filter.response(to: image.values, size: image.size, boundary: boundary)
      for index in sum.indices { sum[index] += part[index] }
    }
    guard let riesz else { return [image.replacing(sum)] }
    var values = Spectrum(sum, size: image.size)
    values.transform()
    values.filter(riesz) { _ in 1 }
    values.transform(backwards: true)
    return [image.replacing(values.real)]
  }
}

extension LesionImage {
  /// The distance of voxels that is the same along the first axes.
  ///
  /// - Parameters:
  ///   - dimensions: 2 for x and y, 3 for all.
  ///   - filter: the filter's key, for the error.
  /// - Returns: mm.
  /// - Throws: `RadiomicsError` where distances differ by more than a thousandth.
  func isotropicSpacing(dimensions: Int, _ filter: String) throws(RadiomicsError) -> Double {
    guard (1..<dimensions).allSatisfy({ abs(spacing[$0] - spacing.x) <= 0.001 * spacing.x }) else {
      throw RadiomicsError(
        "the filter `\(filter)` needs the same spacing along \(dimensions == 2 ? "x and y" : "x, y and z"), found "
          + "\(spacing.x), \(spacing.y), \(spacing.z) mm; resample the images, or filter by slice")
    }
    return spacing.x
  }
}

extension Double {
  /// The number with a hyphen for its point, as in pyradiomics' names.
  var inName: String { "\(self)".replacingOccurrences(of: ".", with: "-") }
}
