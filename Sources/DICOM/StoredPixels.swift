/// The values of one frame of any DICOM image as they are stored, before rescaling and colour conversion.
public struct StoredPixels: Equatable, Sendable {
  /// The values, row by row, the samples of a pixel together.
  public enum Values: Equatable, Sendable {
    /// From Pixel Data.
    case integers([Int])
    /// From Float or Double Float Pixel Data.
    case reals([Double])
  }

  /// The number of columns.
  public let columns: Int
  /// The number of rows.
  public let rows: Int
  /// 1 for grey values and palette indices, 3 for colours.
  public let samplesPerPixel: Int
  /// The values: `rows` x `columns` x `samplesPerPixel`.
  public let values: Values
}
