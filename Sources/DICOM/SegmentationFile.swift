public import Foundation
public import Imaging

/// A DICOM segmentation (PS3.3 sections A.51 and A.90): which pixels of which slices belong to which segment.
///
/// Binary, fractional and label-map segmentations are read; of a fractional one a pixel belongs from half of the largest
/// value on. To be used from one thread at a time.
public final class SegmentationFile {
  /// One of the things that are outlined.
  public struct Segment: Equatable, Sendable {
    /// The number by which frames, or the pixels of a label map, name it.
    public let number: Int
    /// Its label, as the reader wrote it; empty where there is none.
    public let label: String
  }

  /// One plane of pixels.
  public struct Frame: Equatable, Sendable {
    /// The segment that it is of; nil in a label map, whose pixels name it.
    public let segment: Int?
    /// The slice that it was drawn on; nil where the file names none.
    public let sopInstanceUID: String?
    /// That slice's frame, from 0; nil where it is the only one.
    public let sourceFrame: Int?
    /// The centre of its first pixel (LPS, mm).
    public let position: SIMD3<Double>?
    /// The direction in which the column index grows.
    public let rowDirection: SIMD3<Double>?
    /// The direction in which the row index grows.
    public let columnDirection: SIMD3<Double>?
    /// The distances of its pixels.
    public let pixelSpacing: PixelSpacing?
  }

  private enum Kind {
    case binary
    case fractional(largest: Int)
    case labelMap
  }

  /// PatientID.
  public let patientID: String
  /// StudyInstanceUID.
  public let studyInstanceUID: String
  /// FrameOfReferenceUID, which it shares with the images that it was drawn on; nil where it has none.
  public let frameOfReferenceUID: String?
  /// The series that it was drawn on; nil where the file does not name one.
  public let sourceSeriesUID: String?
  /// Pixels per row.
  public let columns: Int
  /// Pixels per column.
  public let rows: Int
  /// The segments, by number.
  public let segments: [Segment]
  /// The planes, in the file's order.
  public let frames: [Frame]

  private let dataSet: DataSet
  private let format: PixelFormat
  private let kind: Kind

  /// Segmentation Storage and Label Map Segmentation Storage.
  private static let classes = ["1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"]

  /// Whether the file at `url` says that it is a segmentation; false also where it cannot be read.
  public static func isSegmentation(_ url: URL) -> Bool {
    guard let dataSet = try? DataSet(url) else { return false }
    return dataSet.text(.sopClassUID).map(classes.contains) == true
  }

  /// Reads everything but the pixels.
  ///
  /// - Throws: `DICOMError` where the file is no whole segmentation, or its frames do not say what they are of.
  public init(_ url: URL) throws(DICOMError) {
    let dataSet = try DataSet(url)
    let sopClass = dataSet.text(.sopClassUID) ?? "nothing"
    guard Self.classes.contains(sopClass) else {
      throw DICOMError(
        .unsupported, file: dataSet.name, tag: .sopClassUID, "this is not a segmentation",
        expected: Self.classes.joined(separator: " or "), found: sopClass)
    }
    let format = try PixelFormat(dataSet)
    kind = try Self.kind(dataSet)
    segments = Self.segments(dataSet)
    patientID = dataSet.text(.patientID) ?? ""
    studyInstanceUID = dataSet.text(.studyInstanceUID) ?? ""
    frameOfReferenceUID = dataSet.text(.frameOfReferenceUID)
    sourceSeriesUID = dataSet.text(.seriesInstanceUID, in: dataSet.item(0, of: .referencedSeriesSequence))
    columns = format.columns
    rows = format.rows
    var frames: [Frame] = []
    for frame in 0..<format.frameCount {
      let read = try Self.frame(frame, FrameHeader(dataSet, frame: frame, frameCount: format.frameCount), format)
      guard read.segment != nil || dataSet.text(.segmentationType) == "LABELMAP" else {
        throw DICOMError(
          .invalid, file: dataSet.name, tag: .referencedSegmentNumber,
          "frame \(frame + 1) does not say which segment it is of",
          found: "nothing")
      }
      frames.append(read)
    }
    self.frames = frames
    self.dataSet = dataSet
    self.format = format
  }

  /// Whether each pixel of a frame belongs to the segment of that number, row by row: `rows` x `columns` values.
  ///
  /// - Throws: `DICOMError` where the frame cannot be decoded.
  public func mask(of segment: Int, frame: Int) throws(DICOMError) -> [Bool] {
    let values: [Int]
    switch try format.values(of: frame, in: dataSet) {
    case .integers(let integers): values = integers
    case .reals:
      throw DICOMError(.unsupported, file: dataSet.name, tag: .floatPixelData, "segments are whole numbers")
    }
    switch kind {
    case .labelMap: return values.map { $0 == segment }
    case .binary: return values.map { $0 != 0 && frames[frame].segment == segment }
    case .fractional(let largest): return values.map { 2 * $0 >= largest && frames[frame].segment == segment }
    }
  }

  private static func kind(_ dataSet: DataSet) throws(DICOMError) -> Kind {
    let type = dataSet.text(.segmentationType) ?? "nothing"
    switch type {
    case "BINARY": return .binary
    case "LABELMAP": return .labelMap
    case "FRACTIONAL":
      guard let largest = dataSet.integer(.maximumFractionalValue), largest > 0 else { fallthrough }
      return .fractional(largest: largest)
    default:
      throw DICOMError(
        .unsupported, file: dataSet.name, tag: .segmentationType, "the segmentation cannot be read",
        expected: "BINARY, LABELMAP, or FRACTIONAL with its largest value", found: type)
    }
  }

  private static func segments(_ dataSet: DataSet) -> [Segment] {
    dataSet.items(.segmentSequence).compactMap { item in
      dataSet.integer(.segmentNumber, in: item).map {
        Segment(number: $0, label: dataSet.text(.segmentLabel, in: item) ?? "")
      }
    }
  }

  private static func frame(
    _ index: Int, _ header: FrameHeader, _ format: PixelFormat
  ) throws(DICOMError) -> Frame {
    let dataSet = header.dataSet
    let attributes = try header.attributes(format)
    let own = dataSet.item(index, of: .perFrameFunctionalGroupsSequence)
    let source = dataSet.item(
      0, of: .sourceImageSequence, in: dataSet.item(0, of: .derivationImageSequence, in: own))
    let segment = header.numbers(.referencedSegmentNumber, group: .segmentIdentificationSequence)?.first
    return Frame(
      segment: segment.flatMap(Int.init(exactly:)), sopInstanceUID: dataSet.text(.referencedSOPInstanceUID, in: source),
      sourceFrame: dataSet.integer(.referencedFrameNumber, in: source).map { $0 - 1 },
      position: attributes.imagePosition, rowDirection: attributes.rowDirection,
      columnDirection: attributes.columnDirection, pixelSpacing: attributes.pixelSpacing)
  }
}

extension DICOMTag {
  static let referencedSeriesSequence = DICOMTag(rawValue: 0x0008_1115)
  static let referencedSOPInstanceUID = DICOMTag(rawValue: 0x0008_1155)
  static let referencedFrameNumber = DICOMTag(rawValue: 0x0008_1160)
  static let sourceImageSequence = DICOMTag(rawValue: 0x0008_2112)
  static let derivationImageSequence = DICOMTag(rawValue: 0x0008_9124)
  static let segmentationType = DICOMTag(rawValue: 0x0062_0001)
  static let segmentSequence = DICOMTag(rawValue: 0x0062_0002)
  static let segmentNumber = DICOMTag(rawValue: 0x0062_0004)
  static let segmentLabel = DICOMTag(rawValue: 0x0062_0005)
  static let segmentIdentificationSequence = DICOMTag(rawValue: 0x0062_000A)
  static let referencedSegmentNumber = DICOMTag(rawValue: 0x0062_000B)
  static let maximumFractionalValue = DICOMTag(rawValue: 0x0062_000E)
}
