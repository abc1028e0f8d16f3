/// A window of HU as a table of greys, one for each stored value of 16 bits: what the page's canvas shows, byte for byte.
///
/// The function is DICOM's LINEAR_EXACT (PS3.3, C.11.2.1.3.2): 0 at the window's lower edge and below, 255 at its upper edge
/// and above, and between them the nearest grey, halves upwards.
public struct WindowTable: Sendable {
  /// The greys of the stored values -32,768 to 32,767.
  public let greys: [UInt8]

  /// Makes the table.
  ///
  /// - Parameters:
  ///   - centre: the window's centre in HU.
  ///   - width: the window's width in HU, above 0.
  ///   - isInverted: whether high values are dark.
  ///   - slope: HU for one step of a stored value.
  ///   - intercept: the HU of the stored value 0.
  public init(centre: Double, width: Double, isInverted: Bool = false, slope: Double = 1, intercept: Double = 0) {
    precondition(width > 0, "a window must be wider than 0 HU")
    let (lower, upper) = (centre - width / 2, centre + width / 2)
    greys = (-32_768...32_767).map { (stored: Int) in
      let hounsfield = Double(stored) * slope + intercept
      let part = (min(max(hounsfield, lower), upper) - lower) / (upper - lower)
      return UInt8(((isInverted ? 1 - part : part) * 255 + 0.5).rounded(.down))
    }
  }

  /// The grey of a stored value.
  public func grey(_ stored: Int16) -> UInt8 { greys[Int(stored) + 32_768] }
}
