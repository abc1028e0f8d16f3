/// How much of a lesion is at least so bright: the intensity-volume histogram (IBSI 1, section 3.5).
///
/// Intensities are the values as they are, or the grey levels of `volumeHistogram` where the settings state such.
enum VolumeHistogramFeatures: FeatureFamily {
  static let name = "volumehistogram"

  static let features = [
    FeatureDefinition("VolumeFractionAt10Intensity"), FeatureDefinition("VolumeFractionAt90Intensity"),
    FeatureDefinition("IntensityAt10Volume", "HU"), FeatureDefinition("IntensityAt90Volume", "HU"),
    FeatureDefinition("VolumeFractionDifference"), FeatureDefinition("IntensityDifference", "HU"),
  ]

  static func values(of lesion: PreparedLesion) -> [Double] {
    let intensities = Intensities(lesion)
    let volumes = (intensities.volume(at: 0.1), intensities.volume(at: 0.9))
    let values = (intensities.intensity(at: 0.1), intensities.intensity(at: 0.9))
    return [volumes.0, volumes.1, values.0, values.1, volumes.0 - volumes.1, values.0 - values.1]
  }
}

private struct Intensities {
  private let ordered: OrderedValues
  private let low: Double
  private let high: Double
  /// The step from one intensity to the next.
  private let step: Double

  init(_ lesion: PreparedLesion) {
    let settings = lesion.settings
    var values = lesion.values
    let (least, most) = (lesion.ordered.least, lesion.ordered.most)
    switch settings.volumeHistogram {
    case nil:
      (low, high, step) = (least, most, 1)
    case .width(let width):
      // A bin's centre stands for its values.
      let start = settings.resegmentation?.lowest ?? least
      func centre(_ value: Double) -> Double { start + (((value - start) / width).rounded(.down) + 0.5) * width }
      values = values.map(centre)
      let end = settings.resegmentation?.highest ?? most
      (low, high, step) = (start + width / 2, start + (((end - start) / width).rounded(.up) - 0.5) * width, width)
    case .count(let count):
      let bins = Discretiser(.count(count), .ibsi, values, nil)
      values = values.map { Double(bins.level($0)) }
      (low, high, step) = (1, Double(count), 1)
    }
    ordered = OrderedValues(values)
  }

  /// The share of the volume whose intensity is at least a share of the range.
  func volume(at share: Double) -> Double {
    let limit = low + share * (high - low)
    let reaching = ordered.values.count { $0 >= limit - 1e-9 * step }
    return Double(reaching) / Double(ordered.values.count)
  }

  /// The lowest intensity that at most a share of the volume has or exceeds.
  func intensity(at share: Double) -> Double {
    // So many values may be at least that intensity.
    let count = ordered.values.count
    let allowed = Int((share * Double(count) * (1 + 1e-12)).rounded(.down))
    guard allowed < count else { return ordered.least }
    return ordered[count - allowed - 1] + step
  }
}
