public import DICOM
import Foundation

/// A series as its headers describe it.
public struct SeriesProfile: Equatable, Sendable {
  /// SeriesInstanceUID.
  public let uid: String
  /// SeriesNumber.
  public let number: Int?
  /// SeriesDescription.
  public let description: String?
  /// ImageType of the first slice, in capitals.
  public let imageType: [String]
  /// ConvolutionKernel.
  public let kernel: String?
  /// The number of slices.
  public let sliceCount: Int
  /// The distance from slice to slice along the normal in mm, whatever the thickness says.
  public let spacing: Double?
  /// The slices' normal, a unit vector; nil where no slice states its orientation.
  public let normal: SIMD3<Double>?
  /// The lowest and the highest position along the normal in mm; nil where positions are missing.
  public let range: ClosedRange<Double>?
  /// How many flaws the stack has: gaps, doubled or shifted slices.
  public let defectCount: Int
  /// The pixel hashes of the slices that were read, by position in hundredths of a mm.
  public let pixelHashes: [Int: String]

  /// Describes the slices with these headers, at least one.
  ///
  /// `pixelHashes` are those of the slices that were read, by SOP instance and frame as `headers` has them.
  public init?(_ headers: [CTAttributes], pixelHashes: [Int: String] = [:]) {
    guard let first = headers.first else { return nil }
    uid = first.seriesInstanceUID
    number = first.seriesNumber
    description = first.seriesDescription
    imageType = first.imageType.map { $0.uppercased() }
    kernel = first.kernel
    sliceCount = headers.count
    let geometry = SeriesGeometry(headers)
    spacing = geometry.sliceSpacing
    defectCount = geometry.defects.count
    if let row = first.rowDirection, let column = first.columnDirection {
      normal = SIMD3(
        row.y * column.z - row.z * column.y, row.z * column.x - row.x * column.z, row.x * column.y - row.y * column.x)
    } else {
      normal = nil
    }
    let heights = normal.map { normal in headers.compactMap { $0.imagePosition.map { ($0 * normal).sum() } } } ?? []
    range = heights.count == headers.count ? heights.min().flatMap { low in heights.max().map { low...$0 } } : nil
    self.pixelHashes = pixelHashes
  }

  /// How much of the body the stack covers in mm, half a slice beyond both ends included.
  public var extent: Double { (range.map { $0.upperBound - $0.lowerBound } ?? 0) + (spacing ?? 0) }

  /// The angle between the slices and the axial plane in degrees.
  public var obliquity: Double? { normal.map { acos(min(1, abs($0.z))) * 180 / .pi } }

  /// The words of the description and image type, in capitals.
  var words: Set<String> {
    let text = ([description ?? ""] + imageType).joined(separator: " ").uppercased()
    return Set(text.split { !$0.isLetter && !$0.isNumber }.map(String.init))
  }

  /// Whether both show the same pixels at the same places, as far as they were read.
  func isDuplicate(of other: SeriesProfile) -> Bool {
    guard sliceCount == other.sliceCount, range == other.range, !pixelHashes.isEmpty else { return false }
    return pixelHashes == other.pixelHashes
  }
}
