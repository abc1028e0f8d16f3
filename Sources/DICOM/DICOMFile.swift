public import Foundation

/// Reads DICOM files: CT headers, CT images in HU, and any image's stored values.
///
/// Every function may be called from several threads at once.
public enum DICOMFile {
  /// The headers of a CT file, one per frame; pixel data stays on disk, but must be there in full.
  ///
  /// - Throws: `DICOMError` where the file is no DICOM, is cut off, holds no CT image, or lacks its identifiers.
  public static func attributes(of url: URL) throws(DICOMError) -> [CTAttributes] {
    try attributes(of: DataSet(url))
  }

  /// The same of a file in memory; `name` is what an error calls it.
  ///
  /// - Throws: `DICOMError` as for a file on disk.
  public static func attributes(of data: Data, name: String) throws(DICOMError) -> [CTAttributes] {
    try attributes(of: DataSet([UInt8](data), name: name))
  }

  /// The same of a file whose elements have been read.
  package static func attributes(of dataSet: DataSet) throws(DICOMError) -> [CTAttributes] {
    try requireCT(dataSet)
    let format = try PixelFormat(dataSet)
    try requireGrey(format, dataSet)
    var frames: [CTAttributes] = []
    for frame in 0..<format.frameCount {
      frames.append(try FrameHeader(dataSet, frame: frame, frameCount: format.frameCount).attributes(format))
    }
    return frames
  }

  /// One frame of a CT file in HU.
  ///
  /// Frames count from 0. Slope and intercept are applied once, from the frame's functional groups where the file has them.
  /// Padding (PixelPaddingValue) is air.
  /// - Throws: `DICOMError` where the file is no whole CT image, or cannot be decoded.
  public static func image(at url: URL, frame: Int = 0) throws(DICOMError) -> CTImage {
    let dataSet = try DataSet(url)
    try requireCT(dataSet)
    let format = try PixelFormat(dataSet)
    try requireGrey(format, dataSet)
    let header = try FrameHeader(dataSet, frame: frame, frameCount: format.frameCount)
    let (slope, intercept) = try header.rescale()
    guard format.attribute == .pixelData else {
      throw DICOMError(.unsupported, file: url.lastPathComponent, tag: .floatPixelData, "CT values are whole numbers")
    }
    return CTImage(
      columns: format.columns, rows: format.rows, stored: try format.integers(of: frame, in: dataSet),
      rescaleSlope: slope, rescaleIntercept: intercept, padding: PixelPadding(dataSet, isSigned: format.isSigned),
      height: header.height)
  }

  /// Whether two CT files hold the same image, whatever their transfer syntaxes: equal headers as far as `CTAttributes` has
  /// them, and equal HU in every pixel of every frame.
  ///
  /// - Throws: `DICOMError` where one of them cannot be read or decoded.
  public static func isSameImage(_ first: URL, _ second: URL) throws(DICOMError) -> Bool {
    // How the pixels were compressed is a matter of the transfer syntax.
    func headers(_ url: URL) throws(DICOMError) -> [CTAttributes] {
      var headers = try attributes(of: url)
      for index in headers.indices { headers[index].lossyCompression = nil }
      return headers
    }
    let frames = try headers(first)
    guard try frames == headers(second) else { return false }
    for frame in frames.indices {
      let (one, other) = (try image(at: first, frame: frame), try image(at: second, frame: frame))
      guard one.columns == other.columns, one.rows == other.rows, one.values == other.values else { return false }
    }
    return true
  }

  /// The stored values of one frame of any DICOM image, colour included, as pydicom's `pixel_array(raw=True)` gives them.
  ///
  /// Frames count from 0.
  /// - Throws: `DICOMError` where the file is no whole DICOM image, or cannot be decoded.
  public static func storedPixels(at url: URL, frame: Int = 0) throws(DICOMError) -> StoredPixels {
    let dataSet = try DataSet(url)
    let format = try PixelFormat(dataSet)
    return StoredPixels(
      columns: format.columns, rows: format.rows, samplesPerPixel: format.samples,
      values: try format.values(of: frame, in: dataSet))
  }

  private static func requireCT(_ dataSet: DataSet) throws(DICOMError) {
    let modality = dataSet.text(.modality)
    guard modality == "CT" else {
      throw DICOMError(
        .notCT, file: dataSet.name, tag: .modality, "this is not a CT image", expected: "CT",
        found: modality ?? "nothing")
    }
  }

  private static func requireGrey(_ format: PixelFormat, _ dataSet: DataSet) throws(DICOMError) {
    func refuse(_ tag: DICOMTag, expected: String, found: String) -> DICOMError {
      DICOMError(
        .unsupported, file: dataSet.name, tag: tag, "this is not an image in HU", expected: expected, found: found)
    }
    guard format.samples == 1 else { throw refuse(.samplesPerPixel, expected: "1", found: "\(format.samples)") }
    guard ["MONOCHROME1", "MONOCHROME2"].contains(format.photometricInterpretation) else {
      throw refuse(
        .photometricInterpretation, expected: "MONOCHROME2", found: format.photometricInterpretation)
    }
    guard (8...16).contains(format.bitsStored) else {
      throw refuse(.bitsStored, expected: "8 to 16", found: "\(format.bitsStored)")
    }
    guard format.highBit == format.bitsStored - 1 else {
      throw refuse(.highBit, expected: "\(format.bitsStored - 1)", found: "\(format.highBit)")
    }
  }
}
