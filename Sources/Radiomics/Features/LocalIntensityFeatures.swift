import Foundation

/// The brightest neighbourhood of a lesion: means over a sphere of 1 cm3 (IBSI 1, section 3.2).
///
/// The image must be known 6.2 mm around the lesion: what lies outside of it does not count.
enum LocalIntensityFeatures: FeatureFamily {
  static let name = "localintensity"

  static let features = [FeatureDefinition("LocalPeak", "HU"), FeatureDefinition("GlobalPeak", "HU")]

  static func values(of lesion: PreparedLesion) -> [Double] {
    let image = lesion.surroundings
    let offsets = Self.offsets(image.spacing)
    let highest = lesion.values.max() ?? .nan
    var (local, overall) = (-Double.infinity, -Double.infinity)
    for z in 0..<image.size.z {
      for y in 0..<image.size.y {
        for x in 0..<image.size.x where image.mask[image.index(x, y, z)] {
          let mean = mean(image, SIMD3(x, y, z), offsets)
          overall = max(overall, mean)
          if image.values[image.index(x, y, z)] == highest { local = max(local, mean) }
        }
      }
    }
    return [local, overall]
  }

  private static func offsets(_ spacing: SIMD3<Double>) -> [SIMD3<Int>] {
    let radius = cbrt(3 / (4 * Double.pi)) * 10
    let reach = SIMD3<Int>(radius / spacing, rounding: .down)
    var offsets: [SIMD3<Int>] = []
    for z in -reach.z...reach.z {
      for y in -reach.y...reach.y {
        for x in -reach.x...reach.x {
          let place = SIMD3(Double(x), Double(y), Double(z)) * spacing
          if (place * place).sum() <= radius * radius { offsets.append(SIMD3(x, y, z)) }
        }
      }
    }
    return offsets
  }

  private static func mean(_ image: LesionImage, _ voxel: SIMD3<Int>, _ offsets: [SIMD3<Int>]) -> Double {
    var (sum, count) = (0.0, 0.0)
    for offset in offsets {
      let place = voxel &+ offset
      guard place.min() >= 0, place.x < image.size.x, place.y < image.size.y, place.z < image.size.z else { continue }
      let value = image.values[image.index(place.x, place.y, place.z)]
      guard value.isFinite else { continue }
      sum += value
      count += 1
    }
    return sum / count
  }
}
