public import Imaging
public import Study

/// How a slice and its contour become a crop.
public struct ROISettings: Equatable, Sendable {
  /// The window's centre in HU.
  public var windowCentre: Double
  /// The window's width in HU.
  public var windowWidth: Double
  /// The box's side in pixels.
  public var boxSize: Int
  /// The value outside of the image in HU.
  public var outsideHU: Double
  /// The pixel size in mm that slices are resampled to; nil leaves them as they are.
  public var resampleTo: Double?

  /// Makes settings from their parts; the defaults are the paper's.
  public init(
    windowCentre: Double = 40, windowWidth: Double = 400, boxSize: Int = 128, outsideHU: Double = -1000,
    resampleTo: Double? = nil
  ) {
    self.windowCentre = windowCentre
    self.windowWidth = windowWidth
    self.boxSize = boxSize
    self.outsideHU = outsideHU
    self.resampleTo = resampleTo
  }

  /// Takes the settings from a protocol.
  public init(_ settings: StudyProtocol.ROI) {
    self.init(
      windowCentre: settings.windowCentre, windowWidth: settings.windowWidth, boxSize: settings.boxSize,
      outsideHU: settings.outsideHU, resampleTo: settings.resampleTo)
  }

  /// The window's value of `hounsfield`: 0 at its lower edge and below, 1 at its upper edge and above.
  func windowed(_ hounsfield: Float) -> Float { windowed([hounsfield])[0] }

  /// The window's value of each.
  func windowed(_ hounsfield: [Float]) -> [Float] {
    let (lower, upper) = (Float(windowCentre - windowWidth / 2), Float(windowCentre + windowWidth / 2))
    return [Float](unsafeUninitializedCapacity: hounsfield.count) { values, count in
      count = hounsfield.count
      // Not `map`, which appends one by one.
      for index in 0..<count {
        values.initializeElement(at: index, to: (min(max(hounsfield[index], lower), upper) - lower) / (upper - lower))
      }
    }
  }
}

/// The part of a slice that the network sees.
public struct ROICrop: Equatable, Sendable {
  /// boxSize x boxSize values in 0...1, row by row.
  public var values: [Float]
  /// The contour in the crop's pixels.
  public var polygons: [Polygon]
  /// What is worth a remark.
  public var warnings: [ROIWarning]
}

/// Something about a crop that a reader of the results should know.
public enum ROIWarning: Equatable, Sendable, CustomStringConvertible {
  /// The tumour does not fit into the box.
  case contourLeavesBox(width: Double, height: Double, boxSize: Int)
  /// That many of the box's pixels lie off the image, and are air.
  case boxLeavesImage(pixels: Int, boxSize: Int)

  /// The remark in a sentence.
  public var description: String {
    switch self {
    case .contourLeavesBox(let width, let height, let boxSize):
      "the contour (\(tenths(width)) x \(tenths(height)) pixels) leaves the box of \(boxSize) x \(boxSize) pixels around its "
        + "centroid; what lies outside is not seen"
    case .boxLeavesImage(let pixels, let boxSize):
      "\(tenths(100 * Double(pixels) / Double(boxSize * boxSize)))% of the box lie off the image and are filled with air"
    }
  }

  private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}

/// Why a slice and its contour cannot become a crop.
public enum ROIError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Resampling is asked for, and the slice does not state its pixel size.
  case pixelSizeMissing(resampleTo: Double)
  /// There is no contour, or one without an extent.
  case noContour

  /// What was expected, what was found, and what to do.
  public var description: String {
    switch self {
    case .pixelSizeMissing(let size):
      "the slice has no usable (0028,0030) PixelSpacing, so it cannot be resampled to \(size) mm (roi.resampleTo); "
        + "set that to null, or exclude the patient"
    case .noContour: "the slice has no contour with finite vertices to centre the box on"
    }
  }
}
