import Foundation

/// A lesion's shape beside bodies that hold it, and how its values lie in it (IBSI 1, section 3.1).
enum MorphologyFeatures: FeatureFamily {
  static let name = "morphology"

  static let features = [
    FeatureDefinition("Compactness1"), FeatureDefinition("Compactness2"), FeatureDefinition("SphericalDisproportion"),
    FeatureDefinition("Asphericity"), FeatureDefinition("CentreOfMassShift", "mm"),
    FeatureDefinition("BoxVolumeDensity"), FeatureDefinition("BoxAreaDensity"),
    FeatureDefinition("EllipsoidVolumeDensity"), FeatureDefinition("EllipsoidAreaDensity"),
    FeatureDefinition("HullVolumeDensity"), FeatureDefinition("HullAreaDensity"),
    FeatureDefinition("IntegratedIntensity", "HU mm3"), FeatureDefinition("MoranI"), FeatureDefinition("GearyC"),
  ]

  static func values(of lesion: PreparedLesion) -> [Double] {
    let outlined = lesion.outlined
    let surface = Surface(outlined)
    let (volume, area) = (surface.volume, surface.area)
    let sphere = cbrt(36 * Double.pi * volume * volume)
    let places = outlined.places
    let box = Self.box(surface.points, outlined.spacing / 2)
    let ellipsoid = Ellipsoid(PrincipalAxes(places, dimensions: 3, lesion.settings.reading))
    let hull = Hull(surface.points, steps: outlined.spacing / 2)
    let mean = lesion.values.reduce(0, +) / Double(lesion.values.count)
    let association = SpatialAssociation(lesion.image, mean)
    return [
      volume / (Double.pi.squareRoot() * area * area.squareRoot()),
      36 * Double.pi * volume * volume / (area * area * area),
      area / sphere, cbrt(area * area * area / (36 * Double.pi * volume * volume)) - 1, Self.shift(lesion, places),
      volume / (box.x * box.y * box.z), area / (2 * (box.x * box.y + box.y * box.z + box.z * box.x)),
      volume / ellipsoid.volume, area / ellipsoid.area, volume / hull.volume, area / hull.area, mean * volume,
      association.moran, association.geary,
    ]
  }

  /// The sides of the box around points, in mm.
  private static func box(_ points: [SIMD3<Int32>], _ steps: SIMD3<Double>) -> SIMD3<Double> {
    guard var least = points.first else { return .zero }
    var most = least
    for point in points { (least, most) = (pointwiseMin(least, point), pointwiseMax(most, point)) }
    return SIMD3<Double>(most &- least) * steps
  }

  /// How far the centre of the values lies from the centre of the outlined lesion.
  private static func shift(_ lesion: PreparedLesion, _ places: [SIMD3<Double>]) -> Double {
    let centre = places.reduce(SIMD3<Double>.zero, +) / Double(places.count)
    var weighted = SIMD3<Double>.zero
    var total = 0.0
    for (place, value) in zip(lesion.image.places, lesion.values) {
      weighted += value * place
      total += value
    }
    let off = weighted / total - centre
    return (off * off).sum().squareRoot()
  }
}

/// The ellipsoid that has a lesion's principal axes.
private struct Ellipsoid {
  let volume: Double
  let area: Double

  init(_ axes: PrincipalAxes) {
    let half = (0..<3).map { axes.length($0) / 2 }
    let (a, b, c) = (half[2], half[1], half[0])
    volume = 4 * Double.pi * a * b * c / 3
    let (alpha, beta) = ((1 - b * b / (a * a)).squareRoot(), (1 - c * c / (a * a)).squareRoot())
    guard alpha > 0, beta > 0 else {
      area = alpha == 0 && beta == 0 ? 4 * Double.pi * a * a : .nan
      return
    }
    // Legendre polynomials by their recursion; twenty terms, as IBSI asks for.
    let argument = (alpha * alpha + beta * beta) / (2 * alpha * beta)
    var (before, now, power, sum) = (1.0, argument, 1.0, 0.0)
    for order in 0...20 {
      let polynomial = order == 0 ? 1 : now
      let n = Double(order)
      sum += power / (1 - 4 * n * n) * polynomial
      power *= alpha * beta
      if order > 0 { (before, now) = (now, ((2 * n + 1) * argument * now - n * before) / (n + 1)) }
    }
    area = 4 * Double.pi * a * b * sum
  }
}

/// Whether close values are alike: Moran's I and Geary's C, with the inverse distance as weight.
private struct SpatialAssociation {
  let moran: Double
  let geary: Double

  /// Sums over all pairs of voxels are convolutions, which take Fourier transforms instead of hours.
  init(_ image: LesionImage, _ mean: Double) {
    let size = image.size &* 2
    let count = size.x * size.y * size.z
    var (presence, deviation, square, weight) = (
      [Double](repeating: 0, count: count), [Double](repeating: 0, count: count), [Double](repeating: 0, count: count),
      [Double](repeating: 0, count: count)
    )
    for z in 0..<size.z {
      for y in 0..<size.y {
        for x in 0..<size.x {
          let place = (z * size.y + y) * size.x + x
          let step = SIMD3(min(x, size.x - x), min(y, size.y - y), min(z, size.z - z))
          let distance = SIMD3<Double>(step) * image.spacing
          if step != .zero { weight[place] = 1 / (distance * distance).sum().squareRoot() }
          guard x < image.size.x, y < image.size.y, z < image.size.z, image.mask[image.index(x, y, z)] else { continue }
          let off = image.values[image.index(x, y, z)] - mean
          (presence[place], deviation[place], square[place]) = (1, off, off * off)
        }
      }
    }
    var kernel = Spectrum(weight, size: size)
    kernel.transform()
    func summed(_ values: [Double]) -> [Double] {
      var spectrum = Spectrum(values, size: size)
      spectrum.transform()
      spectrum.multiply(by: kernel)
      spectrum.transform(backwards: true)
      return spectrum.real
    }
    func product(_ one: [Double], _ other: [Double]) -> Double { zip(one, other).reduce(0) { $0 + $1.0 * $1.1 } }
    let neighbours = summed(presence)
    let weights = product(presence, neighbours)
    let together = product(deviation, summed(deviation))
    let squares = square.reduce(0, +)
    let voxels = presence.reduce(0, +)
    moran = voxels / weights * together / squares
    geary = (voxels - 1) / (2 * weights) * (2 * product(square, neighbours) - 2 * together) / squares
  }
}
