/// Whether some slices' pixels can be those of a CT at all: label maps and other images may also have Modality CT.
public struct StoredValueSample: Sendable {
  /// A CT of a body has hundreds of different values, a label map a few.
  private static let fewest = 9
  /// Fewer pixels may well have few values.
  private static let fewestPixels = 2048
  /// Fat, water, organs and blood, with or without contrast, in HU.
  private static let softTissue: ClosedRange<Float> = -200...400

  private var values: Set<Int> = []
  private var pixelCount = 0
  private var hasSoftTissue = false

  /// No slice yet.
  public init() {}

  /// Takes a slice into account.
  public mutating func add(_ image: CTImage) {
    pixelCount += image.rows * image.columns
    if values.count < Self.fewest { values.formUnion(image.distinctStoredValues(upTo: Self.fewest)) }
    hasSoftTissue =
      hasSoftTissue
      || image.rowsFromTheMiddle.contains { row in
        image.values(rows: row..<row + 1, columns: 0..<image.columns).contains(where: Self.softTissue.contains)
      }
  }

  /// Why the slices cannot be CT images, as a sentence without its full stop; nil where they can.
  public var reasonAgainstCT: String? {
    if values.count < Self.fewest, pixelCount >= Self.fewestPixels {
      return "the pixels cannot be those of a CT: they have only \(values.count) different value"
        + (values.count == 1 ? "" : "s") + ", as a label map has"
    }
    return hasSoftTissue ? nil : "the pixels cannot be those of a CT: none of them is between -200 and 400 HU"
  }
}
