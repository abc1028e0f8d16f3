import Support

extension StudyProtocol {
  /// Which radiomic features are computed of each outlined lesion, and how.
  public struct Radiomics: Codable, Equatable, Sendable {
    /// Which part of a lesion's outlines its features are computed from.
    public enum Extent: String, Codable, CaseIterable, Sendable {
      /// The lesion as a volume; where slices between outlines are not outlined, the largest part without a gap.
      case volume
      /// Each outlined slice by itself; a feature is the mean over the slices.
      case eachSlice
      /// The slice with the largest outlined area.
      case largestSlice
    }

    /// Whose definitions apply where pyradiomics departs from the Image Biomarker Standardisation Initiative.
    public enum Reading: String, Codable, CaseIterable, Sendable {
      /// pyradiomics 3.0.1.
      case pyradiomics
      /// The IBSI reference manual.
      case ibsi
    }

    /// Which part of a lesion's outlines its features are computed from.
    public var extent: Extent
    /// The contrast phases that have columns of their own; an empty list takes the series with most outlined slices, whichever
    /// its phase.
    public var phases: [Phase]
    /// Whether changes from each phase to each later one of `phases` are features, too: absolute and relative.
    public var enhancement: Bool
    /// How far outlines are eroded before changes between phases are computed; nil is `Erosion.usual`.
    public var erosion: Erosion?
    /// Whose definitions apply.
    public var reading: Reading
    /// The width of a grey level in HU; either this or `binCount`.
    public var binWidth: Double?
    /// The number of grey levels of each lesion; either this or `binWidth`.
    public var binCount: Int?
    /// Where texture is looked for, and how the matrices of directions and slices are merged: one of `aggregationNames`.
    public var aggregation: String
    /// The voxel size in mm that lesions are resampled to: column, row, slice, 0 to keep one; nil resamples nothing.
    public var spacing: [Double]?
    /// The lowest and the highest HU of a lesion's voxels, others not being counted as lesion; nil for all.
    public var range: [Double]?
    /// Voxels further from the lesion's mean than this many standard deviations are not counted as lesion; nil for all.
    public var outlierSigmas: Double?
    /// How far around the lesion's box filters see the slice, in voxels; 5 is pyradiomics' usual `padDistance`.
    ///
    /// Slices are read 30 mm around the outlines; outlined slices alone are read.
    public var margin: Int
    /// The images that features are computed of, among `imageNames`.
    public var images: [String]
    /// The widths in mm of the Laplacian of Gaussian, if and only if `images` names `log`.
    public var logSigmas: [Double]?
    /// The families of features, such as `firstorder`; nil for pyradiomics' usual seven, which give 107 features of an image.
    public var families: [String]?

    /// How far outlines are eroded, in mm, for changes between phases: at its edge a carried outline meets other tissue.
    public struct Erosion: Codable, Equatable, Sendable {
      /// All outlines of a lesion of which one was carried from another phase: they lose the same border, so that a change is that of the
      /// same tissue.
      public var carried: Double
      /// All outlines of a lesion that a reader drew in every phase; where one was carried, the larger distance counts.
      public var drawn: Double

      /// What a protocol without the key means.
      public static let usual = Erosion(carried: 2.5, drawn: 0)
    }

    /// What `aggregation` can be: in 3D, as a mean over directions or in one matrix; by slice; in the slices' planes together.
    public static let aggregationNames = [
      "volume", "volumeMerged", "slices", "slicesMerged", "planes", "planesMerged",
    ]
    /// The images that `images` can name.
    public static let imageNames = [
      "original", "square", "squareRoot", "logarithm", "exponential", "gradient", "log", "wavelet", "lbp2D", "lbp3D",
    ]
  }
}

extension StudyProtocol.Radiomics: HasOptionalKeys {
  static let optionalKeys: Set = [
    "erosion", "binWidth", "binCount", "spacing", "range", "outlierSigmas", "logSigmas", "families",
  ]
}

extension StudyProtocol.Radiomics {
  /// Checks every value, by a function that throws where something does not hold, with the key and what it must be.
  func validate(
    _ require: (_ holds: Bool, _ key: String, _ expected: String) throws(StudyError) -> Void
  ) throws(StudyError) {
    try require(Set(phases).count == phases.count, "phases", "phases, each named once")
    try require(
      !enhancement || phases.count > 1, "enhancement",
      "false where radiomics.phases does not name two phases or more: it compares phases")
    if let erosion {
      try require(
        enhancement, "erosion", "omitted where radiomics.enhancement is false: it serves changes between phases")
      try require(
        [erosion.carried, erosion.drawn].allSatisfy { (0...20).contains($0) }, "erosion",
        "0 to 20 mm each, found \(erosion.carried) and \(erosion.drawn)")
    }
    try require(
      (binWidth == nil) != (binCount == nil), "binWidth",
      "stated (HU) unless radiomics.binCount is: exactly one of them states the grey levels")
    if let binWidth {
      try require((1e-3...1e4).contains(binWidth), "binWidth", "0.001 to 10000 HU, found \(binWidth)")
    }
    if let binCount { try require((2...4096).contains(binCount), "binCount", "2 to 4096, found \(binCount)") }
    if let spacing {
      let isUsable =
        spacing.count == 3 && spacing.allSatisfy { $0 == 0 || (0.1...20).contains($0) }
        && spacing.contains { $0 > 0 }
      try require(
        isUsable, "spacing",
        "three numbers in mm (column, row, slice), each 0.1 to 20, or 0 to keep one of them, found \(spacing)")
      try require(
        extent == .volume || spacing[2] == 0, "spacing",
        "0 in its third number where radiomics.extent is \(extent.rawValue): single slices are not resampled along the normal"
      )
    }
    if let range {
      try require(
        range.count == 2 && range.allSatisfy { abs($0) <= 1e5 } && range[0] < range[1], "range",
        "the lowest and the highest HU, found \(range)")
    }
    if let outlierSigmas {
      try require((0.1...100).contains(outlierSigmas), "outlierSigmas", "0.1 to 100, found \(outlierSigmas)")
    }
    try require((0...1000).contains(margin), "margin", "0 to 1000 voxels, found \(margin)")
    let isVolume = aggregation.hasPrefix("volume")
    try require(
      Self.aggregationNames.contains(aggregation), "aggregation",
      "one of \(Self.aggregationNames.joined(separator: ", ")), found \(aggregation)")
    try require(
      extent == .volume || !isVolume, "aggregation",
      "one of slices, slicesMerged, planes, planesMerged where radiomics.extent is \(extent.rawValue), found \(aggregation)"
    )
    let known = Self.imageNames
    try require(
      !images.isEmpty && Set(images).count == images.count && images.allSatisfy(known.contains), "images",
      "one or more of \(known.joined(separator: ", ")), each once, found \(images)")
    let hasLoG = images.contains("log")
    try require(
      (logSigmas != nil) == hasLoG, "logSigmas",
      hasLoG ? "stated: radiomics.images names log" : "omitted: radiomics.images does not name log")
    if let logSigmas {
      try require(
        !logSigmas.isEmpty && Set(logSigmas).count == logSigmas.count
          && logSigmas.allSatisfy { (0.1...100).contains($0) },
        "logSigmas", "one or more widths of 0.1 to 100 mm, each once, found \(logSigmas)")
    }
    if extent != .volume {
      try require(
        !images.contains("lbp3D") && !hasLoG, "images",
        "without lbp3D and log, which need a volume, where radiomics.extent is \(extent.rawValue)")
    }
    if let families {
      try require(
        !families.isEmpty && Set(families).count == families.count, "families", "one or more names, each once")
    }
  }
}
