internal import Foundation

/// Local binary patterns on a sphere around each voxel, made independent of rotation by spherical harmonics, and the
/// kurtosis on that sphere.
///
/// J. Banerjee, A. Moelker, W. J. Niessen, T. van Walsum, "3D LBP-based rotationally invariant region description",
/// ACCV 2012 Workshops, as pyradiomics has it: 42 samples on a subdivided icosahedron, cubic splines between voxels, 0
/// beyond the image, harmonics of degree 0 and 1 (of which pyradiomics exchanges the angles). Samples of an image of
/// whole numbers are rounded, as SciPy does with such images.
public struct LocalBinaryPattern3D: ImageFilter {
  /// The settings' name.
  public static let key = "lbp3D"
  /// pyradiomics' names: the patterns of degree 0 and 1, and the kurtosis.
  public var names: [String] { ["lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k"] }

  /// The sphere's radius in voxels.
  public var radius: Double

  /// Makes the filter.
  public init(radius: Double = 1) { self.radius = radius }

  private enum CodingKeys: String, CodingKey { case radius }

  /// Reads the radius, which is 1 where it is absent.
  public init(from decoder: any Decoder) throws {
    radius = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(Double.self, forKey: .radius) ?? 1
  }

  /// Checks the radius.
  public func check() throws(RadiomicsError) {
    guard radius > 0, radius <= 100 else {
      throw RadiomicsError("the filter `lbp3D` needs a `radius` above 0 and at most 100 voxels, found \(radius)")
    }
  }

  /// The three images; voxels outside the lesion are 0.
  public func images(of image: LesionImage) -> [LesionImage] {
    let spline = SplineCoefficients(image, horizon: nil)
    let isWhole = image.values.allSatisfy { $0 == $0.rounded() }
    let sphere = Self.icosphere.map { $0 * radius }
    let harmonics = Self.icosphere.map(Harmonics.init)
    let normsOfDegree0 = Harmonics.normsOfDegree0(count: sphere.count)
    var patterns = [[Double]](repeating: [Double](repeating: 0, count: image.values.count), count: 3)
    var samples = [Double](repeating: 0, count: sphere.count)
    for z in 0..<image.size.z {
      for y in 0..<image.size.y {
        for x in 0..<image.size.x {
          let place = image.index(x, y, z)
          guard image.mask[place] else { continue }
          for (index, offset) in sphere.enumerated() {
            // The first coordinate is added to the slice: pyradiomics' arrays run z, y, x.
            let sample = Self.sample(spline, Double(x) + offset.z, Double(y) + offset.y, Double(z) + offset.x)
            samples[index] = isWhole ? sample.rounded(.toNearestOrAwayFromZero) : sample
          }
          let isLarger = samples.map { $0 >= image.values[place] }
          patterns[0][place] = normsOfDegree0[isLarger.count { $0 }]
          patterns[1][place] = Harmonics.normOfDegree1(isLarger, harmonics)
          patterns[2][place] = Self.kurtosis(samples)
        }
      }
    }
    return patterns.map { image.replacing($0) }
  }

  private static func sample(_ spline: SplineCoefficients, _ x: Double, _ y: Double, _ z: Double) -> Double {
    let size = spline.size
    guard x >= 0, y >= 0, z >= 0, x <= Double(size.x - 1), y <= Double(size.y - 1), z <= Double(size.z - 1) else {
      return 0
    }
    return spline.value(
      SplineCoefficients.Taps(position: x, count: size.x), SplineCoefficients.Taps(position: y, count: size.y),
      SplineCoefficients.Taps(position: z, count: size.z))
  }

  /// The excess kurtosis; NaN where all samples are equal.
  private static func kurtosis(_ samples: [Double]) -> Double {
    let count = Double(samples.count)
    let mean = samples.reduce(0, +) / count
    let second = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let fourth = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) * ($1 - mean) } / count
    // SciPy calls the samples equal where they differ by rounding errors only.
    let isFlat = second <= (2.220446049250313e-16 * mean) * (2.220446049250313e-16 * mean)
    return isFlat ? .nan : fourth / (second * second) - 3
  }

  /// The vertices of an icosahedron and the middles of its edges, on the unit sphere.
  private static let icosphere: [SIMD3<Double>] = {
    func unit(_ vector: SIMD3<Double>) -> SIMD3<Double> { vector / (vector * vector).sum().squareRoot() }
    let golden = (1 + 5.0.squareRoot()) / 2
    let signs = [(-1.0, 1.0), (1, 1), (-1, -1), (1, -1)]
    let corners =
      signs.map { unit(SIMD3($0.0, $0.1 * golden, 0)) } + signs.map { unit(SIMD3(0, $0.0, $0.1 * golden)) }
      + signs.map { unit(SIMD3($0.1 * golden, 0, $0.0)) }
    var vertices = corners
    for (index, first) in corners.enumerated() {
      // Neighbours enclose an angle of 63 degrees, all others of at least 116.
      for second in corners[(index + 1)...] where (first * second).sum() > 0.4 { vertices.append(unit(first + second)) }
    }
    return vertices
  }()
}

/// The spherical harmonics of degree 1 in one direction, with the angles as pyradiomics passes them to SciPy: the polar
/// angle in place of the azimuth, and the azimuth in place of the polar angle.
private struct Harmonics {
  /// The real parts of order 0, and the real and imaginary part of order 1; order -1 is the negative of order 1's
  /// conjugate.
  let zero: Double
  let real: Double
  let imaginary: Double

  init(_ direction: SIMD3<Double>) {
    let azimuth = acos(direction.z)
    let cosine = cos(atan2(direction.y, direction.x))
    let sine = max(0, 1 - cosine * cosine).squareRoot()
    zero = (3 / (4 * Double.pi)).squareRoot() * cosine
    let factor = -(3 / (8 * Double.pi)).squareRoot() * sine
    real = factor * cos(azimuth)
    imaginary = factor * sin(azimuth)
  }

  /// The norms over the sphere of the part of degree 0 of patterns with 0, 1, 2 and more set samples of `count`.
  ///
  /// They are sums as numpy makes them, not products: bins of a fixed count have their edges on these values.
  static func normsOfDegree0(count: Int) -> [Double] {
    let constant = (1 / (4 * Double.pi)).squareRoot()
    var coefficient = 0.0
    return (0...count).map { _ in
      let part = coefficient * constant
      coefficient += constant
      return (0..<count).reduce(0) { sum, _ in sum + part * part }.squareRoot()
    }
  }

  /// The real part of the square root of the sum of squares of the pattern's part of degree 1, which is complex.
  static func normOfDegree1(_ pattern: [Bool], _ harmonics: [Harmonics]) -> Double {
    var (zero, real, imaginary) = (0.0, 0.0, 0.0)
    for (isLarger, value) in zip(pattern, harmonics) where isLarger {
      zero += value.zero
      real += value.real
      imaginary += value.imaginary
    }
    // c(1) Y(1) + c(-1) Y(-1) with Y(-1) = -conjugate(Y(1)): twice the real part of c(1) Y(1) for a real pattern.
    var sum = 0.0
    for value in harmonics {
      let part = zero * value.zero + 2 * (real * value.real - imaginary * value.imaginary)
      sum += part * part
    }
    return sum.squareRoot()
  }
}
