import Foundation
public import Radiomics
public import Study
public import Support

/// The extraction of radiomic features that a protocol asks for.
public struct RadiomicsExtraction: LesionFeatureExtractor {
  /// The settings as JSON with sorted keys.
  public let identity: String
  private let extractor: RadiomicsExtractor
  private let descriptions: [FeatureDescription]

  /// Translates a protocol's section.
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol` where a setting is not possible.
  public init(_ settings: StudyProtocol.Radiomics) throws(StudyError) {
    do {
      let translated = try RadiomicsSettings(settings)
      extractor = try RadiomicsExtractor(translated)
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      identity = String(decoding: try encoder.encode(translated), as: UTF8.self)
    } catch {
      throw StudyError(.invalidProtocol, "the protocol's section radiomics: \(error)")
    }
    let text = settings.inWords
    let source = settings.reading == .ibsi ? "the IBSI reference manual" : "pyradiomics 3.0.1"
    descriptions = extractor.definitions.map { image, family, feature in
      FeatureDescription(
        key: "\(image)_\(family)_\(feature.name)", family: family, name: feature.name, image: image,
        unit: feature.unit, settings: text, definition: "\(feature.name) of \(family) as defined by \(source)")
    }
  }

  /// The features in the order of the extractor's definitions.
  ///
  /// - Throws: `RadiomicsError` where the lesion has no voxel, or resampling or resegmentation leave none.
  public func features(of image: LesionImage) throws(RadiomicsError) -> [LesionFeature] {
    let found = try extractor.features(of: image)
    guard found.count == descriptions.count, zip(found, descriptions).allSatisfy({ $0.name == $1.key }) else {
      throw RadiomicsError("the features differ from their definitions; report this as a fault of RenalGrade")
    }
    return zip(found, descriptions).map { LesionFeature($1, value: $0.value, reason: $0.problem) }
  }
}

extension RadiomicsSettings {
  /// Translates a protocol's section.
  ///
  /// - Throws: `RadiomicsError` where the section names an image or an aggregation that there is not.
  init(_ settings: StudyProtocol.Radiomics) throws(RadiomicsError) {
    guard let aggregation = TextureAggregation(rawValue: settings.aggregation) else {
      throw RadiomicsError("there is no aggregation \(settings.aggregation)")
    }
    let isVolume = settings.aggregation.hasPrefix("volume")
    var images: [any ImageFilter] = []
    for name in settings.images {
      switch name {
      case LaplacianOfGaussian.key: images.append(LaplacianOfGaussian(sigmas: settings.logSigmas ?? []))
      case StationaryWavelet.key: images.append(StationaryWavelet(bySlice: !isVolume))
      case OriginalImage.key: images.append(OriginalImage())
      case SquareImage.key: images.append(SquareImage())
      case SquareRootImage.key: images.append(SquareRootImage())
      case LogarithmImage.key: images.append(LogarithmImage())
      case ExponentialImage.key: images.append(ExponentialImage())
      case GradientImage.key: images.append(GradientImage())
      case LocalBinaryPattern2D.key: images.append(LocalBinaryPattern2D())
      case LocalBinaryPattern3D.key: images.append(LocalBinaryPattern3D())
      default: throw RadiomicsError("there is no image \(name)")
      }
    }
    let spacing = settings.spacing.map { SIMD3($0[0], $0[1], $0[2]) }
    var resegmentation: Resegmentation?
    if settings.range != nil || settings.outlierSigmas != nil {
      resegmentation = Resegmentation(
        lowest: settings.range?.first, highest: settings.range?.last, outlierSigmas: settings.outlierSigmas)
    }
    let discretisation: Discretisation =
      if let count = settings.binCount { .count(count) } else { .width(settings.binWidth ?? 25) }
    let shape = settings.extent == .volume ? "shape" : "shape2D"
    self.init(
      reading: settings.reading == .ibsi ? .ibsi : .pyradiomics,
      discretisation: discretisation, aggregation: aggregation,
      resampling: spacing.map { settings.reading == .ibsi ? .ibsi(spacing: $0) : .pyradiomics(spacing: $0) },
      resegmentation: resegmentation, images: images,
      families: settings.families ?? [shape] + FeatureFamilies.usual.filter { $0 != "shape" },
      margin: settings.margin)
  }
}

extension StudyProtocol.Radiomics {
  /// What all features depend on, in a table's cell.
  var inWords: String {
    func millimetres(_ spacing: [Double]) -> String {
      spacing.map { $0 == 0 ? "as it is" : "\($0)" }.joined(separator: " x ")
    }
    let parts: [String?] = [
      "reading \(reading.rawValue)", "extent \(extent.rawValue)",
      binWidth.map { "bins of \($0)" } ?? binCount.map { "\($0) bins" }, "aggregation \(aggregation)",
      spacing.map { "resampled to \(millimetres($0)) mm" } ?? "not resampled",
      range.map { "voxels of \($0[0]) to \($0[1]) HU" },
      outlierSigmas.map { "voxels within \($0) standard deviations" }, "margin \(margin) voxels",
    ]
    return parts.compactMap { $0 }.joined(separator: "; ")
  }
}
