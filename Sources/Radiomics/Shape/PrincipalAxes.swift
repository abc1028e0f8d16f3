/// How far a lesion's voxels spread along the axes of the ellipsoid that fits them.
struct PrincipalAxes {
  /// The variances along the axes in mm2, in rising order; none below 0.
  let variances: [Double]

  /// Takes the voxels' places in mm, in the dimensions that count; IBSI divides by one less than their number.
  init(_ places: [SIMD3<Double>], dimensions: Int, _ reading: RadiomicsSettings.Reading) {
    let mean = places.reduce(SIMD3<Double>.zero, +) / Double(places.count)
    let count = Double(reading == .ibsi ? max(places.count - 1, 1) : places.count)
    var matrix = [Double](repeating: 0, count: dimensions * dimensions)
    for place in places {
      let off = place - mean
      for i in 0..<dimensions {
        for j in 0..<dimensions { matrix[i * dimensions + j] += off[i] * off[j] / count }
      }
    }
    variances = SymmetricEigenvalues.all(&matrix, dimensions).map { abs($0) < 1e-10 ? max($0, 0) : $0 }.sorted()
  }

  /// The length of an axis, by its place in rising order, in mm: four standard deviations.
  func length(_ axis: Int) -> Double { variances[axis] < 0 ? .nan : 4 * variances[axis].squareRoot() }

  /// The ratio of two axes' lengths; NaN where the longer one has none.
  func ratio(_ shorter: Int, _ longer: Int) -> Double { (variances[shorter] / variances[longer]).squareRoot() }
}

extension LesionImage {
  /// The places of the lesion's voxels in mm.
  var places: [SIMD3<Double>] {
    var places: [SIMD3<Double>] = []
    places.reserveCapacity(mask.count { $0 })
    for z in 0..<size.z {
      for y in 0..<size.y {
        for x in 0..<size.x where mask[index(x, y, z)] {
          places.append(SIMD3(Double(x), Double(y), Double(z)) * spacing)
        }
      }
    }
    return places
  }
}
