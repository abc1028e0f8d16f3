import Foundation

/// The lesion's shape in three dimensions, by its mask alone (IBSI 1, section 3.1).
enum ShapeFeatures: FeatureFamily {
  static let name = "shape"
  static let isShape = true

  static let features = [
    FeatureDefinition("MeshVolume", "mm3"), FeatureDefinition("VoxelVolume", "mm3"),
    FeatureDefinition("SurfaceArea", "mm2"), FeatureDefinition("SurfaceVolumeRatio", "1/mm"),
    FeatureDefinition("Sphericity"), FeatureDefinition("Maximum3DDiameter", "mm"),
    FeatureDefinition("Maximum2DDiameterSlice", "mm"), FeatureDefinition("Maximum2DDiameterColumn", "mm"),
    FeatureDefinition("Maximum2DDiameterRow", "mm"), FeatureDefinition("MajorAxisLength", "mm"),
    FeatureDefinition("MinorAxisLength", "mm"), FeatureDefinition("LeastAxisLength", "mm"),
    FeatureDefinition("Elongation"), FeatureDefinition("Flatness"),
  ]

  static func values(of lesion: PreparedLesion) -> [Double] {
    let image = lesion.image
    let surface = Surface(image)
    let (inPlane, overall) = Diameters.largest(surface.points, steps: image.spacing / 2)
    let places = image.places
    let axes = PrincipalAxes(places, dimensions: 3, lesion.settings.reading)
    let voxel = image.spacing.x * image.spacing.y * image.spacing.z
    let sphere = cbrt(36 * Double.pi * surface.volume * surface.volume)
    return [
      surface.volume, Double(places.count) * voxel, surface.area, surface.area / surface.volume,
      sphere / surface.area, overall, inPlane.z, inPlane.y, inPlane.x, axes.length(2), axes.length(1), axes.length(0),
      axes.ratio(1, 2), axes.ratio(0, 2),
    ]
  }
}
