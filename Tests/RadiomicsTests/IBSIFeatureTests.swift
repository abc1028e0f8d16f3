import Foundation
import TestSupport
import Testing

@testable import Radiomics

/// Every value that IBSI 1 reached consensus on, of the digital phantom and of the configurations A to E of the CT phantom.
@Suite("IBSI 1: feature values", .enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
struct IBSIFeatureTests {
  struct Configuration {
    var settings: RadiomicsSettings
    /// The ways to merge matrices that the table has values for.
    var isVolume: [Bool]
  }

  static let configurations: [String: Configuration] = [
    "digital_phantom": Configuration(
      settings: RadiomicsSettings(reading: .ibsi, discretisation: .width(1), margin: 20), isVolume: [true, false]),
    "config_A": Configuration(
      settings: RadiomicsSettings(
        reading: .ibsi, discretisation: .width(25), resegmentation: Resegmentation(lowest: -500, highest: 400),
        margin: 20
      ), isVolume: [false]),
    "config_B": Configuration(
      settings: RadiomicsSettings(
        reading: .ibsi, discretisation: .count(32), resampling: .ibsi(spacing: [2, 2, 0], interpolation: .linear),
        resegmentation: Resegmentation(lowest: -500, highest: 400), margin: 20), isVolume: [false]),
    "config_C": Configuration(
      settings: RadiomicsSettings(
        reading: .ibsi, discretisation: .width(25), resampling: .ibsi(spacing: [2, 2, 2], interpolation: .linear),
        resegmentation: Resegmentation(lowest: -1000, highest: 400), margin: 20), isVolume: [true]),
    "config_D": Configuration(
      settings: RadiomicsSettings(
        reading: .ibsi, discretisation: .count(32), resampling: .ibsi(spacing: [2, 2, 2], interpolation: .linear),
        resegmentation: Resegmentation(outlierSigmas: 3), margin: 20), isVolume: [true]),
    "config_E": Configuration(
      settings: RadiomicsSettings(
        reading: .ibsi, discretisation: .count(32), resampling: .ibsi(spacing: [2, 2, 2]),
        resegmentation: Resegmentation(lowest: -1000, highest: 400, outlierSigmas: 3), margin: 20), isVolume: [true]),
  ]

  /// IBSI's tags by ours, without the ending that says how matrices are merged.
  static let tags: [String: String] = {
    var tags: [String: String] = [:]
    func add(_ family: String, _ prefix: String, _ pairs: String) {
      for pair in pairs.split(separator: " ") {
        let names = pair.split(separator: "=")
        tags["\(prefix)_\(names[0])"] = "\(family)_\(names[1])"
      }
    }
    add(
      "shape", "morph",
      "volume=MeshVolume vol_approx=VoxelVolume area_mesh=SurfaceArea av=SurfaceVolumeRatio "
        + "sphericity=Sphericity diam=Maximum3DDiameter pca_maj_axis=MajorAxisLength pca_min_axis=MinorAxisLength "
        + "pca_least_axis=LeastAxisLength pca_elongation=Elongation pca_flatness=Flatness")
    add(
      "morphology", "morph",
      "comp_1=Compactness1 comp_2=Compactness2 sph_dispr=SphericalDisproportion "
        + "asphericity=Asphericity com=CentreOfMassShift vol_dens_aabb=BoxVolumeDensity area_dens_aabb=BoxAreaDensity "
        + "vol_dens_aee=EllipsoidVolumeDensity area_dens_aee=EllipsoidAreaDensity vol_dens_conv_hull=HullVolumeDensity "
        + "area_dens_conv_hull=HullAreaDensity integ_int=IntegratedIntensity moran_i=MoranI geary_c=GearyC")
    add("localintensity", "loc", "peak_loc=LocalPeak peak_glob=GlobalPeak")
    let common =
      "mean=Mean var=Variance skew=Skewness kurt=Kurtosis median=Median min=Minimum p10=10Percentile "
      + "p90=90Percentile max=Maximum iqr=InterquartileRange range=Range mad=MeanAbsoluteDeviation "
      + "rmad=RobustMeanAbsoluteDeviation"
    let spread = "medad=MedianAbsoluteDeviation cov=CoefficientOfVariation qcod=QuartileCoefficientOfDispersion"
    add("firstorder", "stat", common + " energy=Energy rms=RootMeanSquared")
    add("dispersion", "stat", spread)
    add(
      "histogram", "ih",
      common + " \(spread) mode=Mode entropy=Entropy uniformity=Uniformity max_grad=MaximumGradient "
        + "max_grad_g=MaximumGradientLevel min_grad=MinimumGradient min_grad_g=MinimumGradientLevel")
    add(
      "volumehistogram", "ivh",
      "v10=VolumeFractionAt10Intensity v90=VolumeFractionAt90Intensity "
        + "i10=IntensityAt10Volume i90=IntensityAt90Volume diff_v10_v90=VolumeFractionDifference "
        + "diff_i10_i90=IntensityDifference")
    add(
      "glcm", "cm",
      "joint_max=MaximumProbability joint_avg=JointAverage joint_var=SumSquares joint_entr=JointEntropy "
        + "diff_avg=DifferenceAverage diff_var=DifferenceVariance diff_entr=DifferenceEntropy sum_avg=SumAverage "
        + "sum_var=ClusterTendency sum_entr=SumEntropy energy=JointEnergy contrast=Contrast "
        + "dissimilarity=DifferenceAverage inv_diff=Id inv_diff_norm=Idn inv_diff_mom=Idm inv_diff_mom_norm=Idmn "
        + "inv_var=InverseVariance corr=Correlation auto_corr=Autocorrelation clust_tend=ClusterTendency "
        + "clust_shade=ClusterShade clust_prom=ClusterProminence info_corr1=Imc1 info_corr2=Imc2")
    add(
      "glrlm", "rlm",
      "sre=ShortRunEmphasis lre=LongRunEmphasis lgre=LowGrayLevelRunEmphasis "
        + "hgre=HighGrayLevelRunEmphasis srlge=ShortRunLowGrayLevelEmphasis srhge=ShortRunHighGrayLevelEmphasis "
        + "lrlge=LongRunLowGrayLevelEmphasis lrhge=LongRunHighGrayLevelEmphasis glnu=GrayLevelNonUniformity "
        + "glnu_norm=GrayLevelNonUniformityNormalized rlnu=RunLengthNonUniformity "
        + "rlnu_norm=RunLengthNonUniformityNormalized r_perc=RunPercentage gl_var=GrayLevelVariance rl_var=RunVariance "
        + "rl_entr=RunEntropy")
    add(
      "glszm", "szm",
      "sze=SmallAreaEmphasis lze=LargeAreaEmphasis lgze=LowGrayLevelZoneEmphasis "
        + "hgze=HighGrayLevelZoneEmphasis szlge=SmallAreaLowGrayLevelEmphasis szhge=SmallAreaHighGrayLevelEmphasis "
        + "lzlge=LargeAreaLowGrayLevelEmphasis lzhge=LargeAreaHighGrayLevelEmphasis glnu=GrayLevelNonUniformity "
        + "glnu_norm=GrayLevelNonUniformityNormalized zsnu=SizeZoneNonUniformity "
        + "zsnu_norm=SizeZoneNonUniformityNormalized z_perc=ZonePercentage gl_var=GrayLevelVariance zs_var=ZoneVariance "
        + "zs_entr=ZoneEntropy")
    add(
      "gldzm", "dzm",
      "sde=SmallDistanceEmphasis lde=LargeDistanceEmphasis lgze=LowGrayLevelEmphasis "
        + "hgze=HighGrayLevelEmphasis sdlge=SmallDistanceLowGrayLevelEmphasis sdhge=SmallDistanceHighGrayLevelEmphasis "
        + "ldlge=LargeDistanceLowGrayLevelEmphasis ldhge=LargeDistanceHighGrayLevelEmphasis glnu=GrayLevelNonUniformity "
        + "glnu_norm=GrayLevelNonUniformityNormalized zdnu=ZoneDistanceNonUniformity "
        + "zdnu_norm=ZoneDistanceNonUniformityNormalized z_perc=ZonePercentage gl_var=GrayLevelVariance "
        + "zd_var=ZoneDistanceVariance zd_entr=ZoneDistanceEntropy")
    add(
      "ngtdm", "ngt",
      "coarseness=Coarseness contrast=Contrast busyness=Busyness complexity=Complexity strength=Strength")
    add(
      "gldm", "ngl",
      "lde=SmallDependenceEmphasis hde=LargeDependenceEmphasis lgce=LowGrayLevelEmphasis "
        + "hgce=HighGrayLevelEmphasis ldlge=SmallDependenceLowGrayLevelEmphasis "
        + "ldhge=SmallDependenceHighGrayLevelEmphasis hdlge=LargeDependenceLowGrayLevelEmphasis "
        + "hdhge=LargeDependenceHighGrayLevelEmphasis glnu=GrayLevelNonUniformity dcnu=DependenceNonUniformity "
        + "dcnu_norm=DependenceNonUniformityNormalized gl_var=GrayLevelVariance dc_var=DependenceVariance "
        + "dc_entr=DependenceEntropy")
    add(
      "ngldm", "ngl",
      "glnu_norm=GrayLevelNonUniformityNormalized dc_perc=DependenceCountPercentage "
        + "dc_energy=DependenceCountEnergy")
    return tags
  }()

  /// The endings of texture tags; zones, differences and dependences know no directions.
  private static let endings: [(ending: String, aggregation: TextureAggregation)] = [
    ("_2D_avg", .slices), ("_2D_comb", .slicesMerged), ("_2_5D_avg", .planes), ("_2_5D_comb", .planesMerged),
    ("_3D_avg", .volume), ("_3D_comb", .volumeMerged), ("_2D", .slices), ("_2_5D", .planes), ("_3D", .volume),
  ]

  private static func lesion(_ name: String) throws -> LesionImage {
    let folder = try #require(SharedData.root).appendingPathComponent("ibsi/1")
    guard name == "digital_phantom" else { return try CTPhantom(folder.appendingPathComponent("ct-phantom")).image }
    let image = try NIfTIFile(folder.appendingPathComponent("digital-phantom/phantom.nii.gz"))
    let mask = try NIfTIFile(folder.appendingPathComponent("digital-phantom/mask.nii.gz"))
    return try LesionImage(
      size: image.size, spacing: image.spacing, values: image.values, mask: mask.values.map { $0 != 0 })
  }

  @Test("Values are within IBSI's tolerance", arguments: configurations.keys.sorted())
  func values(_ name: String) throws {
    var configuration = try #require(Self.configurations[name])
    configuration.settings.families = FeatureFamilies.all.map { $0.name }
    if name == "config_C" { configuration.settings.volumeHistogram = .width(2.5) }
    if name == "config_E" { configuration.settings.volumeHistogram = .count(1000) }
    let lesion = try Self.lesion(name)
    var found: [TextureAggregation: [String: Double]] = [:]
    for aggregation in TextureAggregation.allCases where configuration.isVolume.contains(aggregation.isVolume) {
      var settings = configuration.settings
      settings.aggregation = aggregation
      // What is not texture is the same in all.
      if !found.isEmpty { settings.families = ["glcm", "glrlm", "glszm", "gldzm", "ngtdm", "gldm", "ngldm"] }
      found[aggregation] = Dictionary(
        uniqueKeysWithValues: try RadiomicsExtractor(settings).features(of: lesion).map {
          ("\($0.family)_\($0.feature)", $0.value)
        })
    }
    let folder = try #require(SharedData.root).appendingPathComponent("ibsi/1")
    let table = try String(contentsOf: folder.appendingPathComponent("\(name).csv"), encoding: .utf8)
    var compared = 0
    for line in table.split(whereSeparator: \.isNewline) {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard let tag = cells.last, !line.contains("Diagnostics-"), cells.count > 9,
        let value = Double(cells[cells.count - 6]), let tolerance = Double(cells[cells.count - 5])
      else { continue }
      let ending = Self.endings.first { tag.hasSuffix($0.ending) }
      let key = Self.tags[ending.map { String(tag.dropLast($0.ending.count)) } ?? tag]
      let values = try ending.map { found[$0.aggregation] } ?? found.values.first { $0["shape_MeshVolume"] != nil }
      let own = key.flatMap { values?[$0] }
      compared += 1
      let digits = Self.lastDigit(cells[cells.count - 6])
      #expect(
        own.map { abs($0 - value) <= max(tolerance, digits) } == true,
        "\(name) \(tag): \(own.map { "\($0)" } ?? "none"), expected \(value) within \(tolerance)")
    }
    #expect(compared >= 200, "\(compared)")
  }

  /// Half of the last digit that a value is printed with: a tolerance of 0 asks for what is printed.
  private static func lastDigit(_ text: String) -> Double {
    let mantissa = text.split(whereSeparator: { $0 == "e" || $0 == "E" }).map(String.init)
    let exponent = mantissa.count > 1 ? Int(mantissa[1]) ?? 0 : 0
    let parts = mantissa[0].split(separator: ".").map(String.init)
    if parts.count > 1 { return 0.5000001 * decimal(exponent - parts[1].count) }
    // Values are given with three significant digits.
    let zeros = parts[0].reversed().prefix { $0 == "0" }.count
    let significant = parts[0].filter(\.isNumber).count
    return 0.5000001 * decimal(exponent + min(zeros, max(significant - 3, 0)))
  }

  private static func decimal(_ exponent: Int) -> Double { Double("1e\(exponent)") ?? 0 }
}
