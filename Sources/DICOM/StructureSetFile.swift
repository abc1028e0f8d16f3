public import Foundation

/// An RT structure set (PS3.3 section A.19): closed contours in the patient's coordinates.
public struct StructureSetFile: Sendable {
  /// One of the things that are outlined.
  public struct Region: Sendable {
    /// ROINumber.
    public let number: Int
    /// ROIName; empty where there is none.
    public let name: String
    /// The frame of reference of its points; nil where it is not stated.
    public let frameOfReferenceUID: String?
    /// Its contours, in the file's order.
    public let contours: [Contour]
  }

  /// One contour.
  public struct Contour: Sendable {
    /// What its points form.
    public enum Form: Equatable, Sendable {
      /// A closed polygon; one within another is a hole, as is the inner part of a keyhole.
      case closed
      /// Closed polygons that are combined by exclusive or.
      case closedExclusiveOr
      /// Something that encloses no area, by its name in the file, or `nothing`.
      case other(String)
    }

    /// What its points form.
    public let form: Form
    /// The corners (LPS, mm), within 10 m of the origin; nil where they are damaged.
    public let points: [SIMD3<Double>]?
    /// The slice that it was drawn on; nil where the file names none or several.
    public let sopInstanceUID: String?
    /// That slice's frame, from 0; nil where the file names none.
    public let frame: Int?
  }

  /// The series that it was drawn on; nil where the file names none or several.
  public let sourceSeriesUID: String?
  /// The regions, in the file's order.
  public let regions: [Region]

  /// Whether the file at `url` says that it is a structure set; false also where it cannot be read.
  public static func isStructureSet(_ url: URL) -> Bool {
    guard let dataSet = try? DataSet(url) else { return false }
    return dataSet.text(.sopClassUID) == StructureSetInstance.sopClass
  }

  /// Reads a file.
  ///
  /// - Throws: `DICOMError` where the file is no structure set, or cannot be read.
  public init(_ url: URL) throws(DICOMError) {
    // In memory, for a long contour is one value.
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: url))
    } catch {
      throw DICOMError(
        .unreadable, file: url.lastPathComponent, "the file cannot be read: \(error.localizedDescription)")
    }
    let dataSet = try DataSet(bytes, name: url.lastPathComponent)
    let sopClass = dataSet.text(.sopClassUID) ?? "nothing"
    guard sopClass == StructureSetInstance.sopClass else {
      throw DICOMError(
        .unsupported, file: dataSet.name, tag: .sopClassUID, "this is not a structure set",
        expected: StructureSetInstance.sopClass, found: sopClass)
    }
    sourceSeriesUID = Self.sourceSeries(dataSet)
    let contours = dataSet.items(.roiContourSequence)
    regions = dataSet.items(.structureSetROISequence).compactMap { item in
      guard let number = dataSet.integer(.roiNumber, in: item) else { return nil }
      let own = contours.filter { dataSet.integer(.referencedROINumber, in: $0) == number }
      return Region(
        number: number, name: dataSet.text(.roiName, in: item) ?? "",
        frameOfReferenceUID: dataSet.text(.referencedFrameOfReferenceUID, in: item),
        contours: own.flatMap { dataSet.items(.contourSequence, in: $0) }.map { Self.contour($0, dataSet) })
    }
    guard Set(regions.map(\.number)).count == regions.count else {
      throw DICOMError(
        .invalid, file: dataSet.name, tag: .roiNumber, "two regions have the same number",
        advice: "Export the structure set again")
    }
  }

  private static func sourceSeries(_ dataSet: DataSet) -> String? {
    let series = dataSet.items(.referencedFrameOfReferenceSequence)
      .flatMap { dataSet.items(.rtReferencedStudySequence, in: $0) }
      .flatMap { dataSet.items(.rtReferencedSeriesSequence, in: $0) }
      .compactMap { dataSet.text(.seriesInstanceUID, in: $0) }
    return Set(series).count == 1 ? series.first : nil
  }

  private static func contour(_ item: [DataElement], _ dataSet: DataSet) -> Contour {
    let images = dataSet.items(.contourImageSequence, in: item)
    let image = images.count == 1 ? images.first : nil
    return Contour(
      form: form(dataSet.text(.contourGeometricType, in: item)), points: points(item, dataSet),
      sopInstanceUID: image.flatMap { dataSet.text(.referencedSOPInstanceUID, in: $0) },
      frame: image.flatMap { dataSet.integer(.referencedFrameNumber, in: $0) }.map { $0 - 1 })
  }

  private static func form(_ type: String?) -> Contour.Form {
    switch type {
    case "CLOSED_PLANAR": .closed
    case "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR": .closedExclusiveOr
    default: .other(type ?? "nothing")
    }
  }

  private static func points(_ item: [DataElement], _ dataSet: DataSet) -> [SIMD3<Double>]? {
    guard let numbers = dataSet.numbers(.contourData, in: item), numbers.count.isMultiple(of: 3),
      dataSet.integer(.numberOfContourPoints, in: item).map({ $0 == numbers.count / 3 }) ?? true,
      numbers.allSatisfy({ abs($0) <= FrameHeader.farthest })
    else { return nil }
    return stride(from: 0, to: numbers.count, by: 3).map { SIMD3(numbers[$0], numbers[$0 + 1], numbers[$0 + 2]) }
  }
}

extension DICOMTag {
  fileprivate static let referencedFrameOfReferenceSequence = DICOMTag(rawValue: 0x3006_0010)
  fileprivate static let rtReferencedStudySequence = DICOMTag(rawValue: 0x3006_0012)
  fileprivate static let rtReferencedSeriesSequence = DICOMTag(rawValue: 0x3006_0014)
  fileprivate static let contourImageSequence = DICOMTag(rawValue: 0x3006_0016)
  fileprivate static let structureSetROISequence = DICOMTag(rawValue: 0x3006_0020)
  fileprivate static let roiNumber = DICOMTag(rawValue: 0x3006_0022)
  fileprivate static let referencedFrameOfReferenceUID = DICOMTag(rawValue: 0x3006_0024)
  fileprivate static let roiName = DICOMTag(rawValue: 0x3006_0026)
  fileprivate static let roiContourSequence = DICOMTag(rawValue: 0x3006_0039)
  fileprivate static let contourSequence = DICOMTag(rawValue: 0x3006_0040)
  fileprivate static let contourGeometricType = DICOMTag(rawValue: 0x3006_0042)
  fileprivate static let numberOfContourPoints = DICOMTag(rawValue: 0x3006_0046)
  fileprivate static let contourData = DICOMTag(rawValue: 0x3006_0050)
  fileprivate static let referencedROINumber = DICOMTag(rawValue: 0x3006_0084)
}
