public import Foundation
public import Imaging

/// A single-frame CT image that is to be written as a DICOM file.
///
/// The attributes of the CT Image IOD (PS3.3 section A.3) are filled in; any can be changed or added in `elements`. The same
/// instance gives the same bytes.
public struct CTInstance: Sendable {
  /// The values by tag; several values stand between backslashes.
  ///
  /// The dictionary gives the VR. Attributes of the pixels themselves (size, bits, rescaling) are taken from the other
  /// properties instead.
  public var elements: [DICOMTag: String]
  /// The number of columns.
  public let columns: Int
  /// The number of rows.
  public let rows: Int
  /// The stored values, row by row.
  public var storedValues: [Int16]
  /// HU = stored value x slope + intercept.
  public var rescaleSlope: Double
  /// HU = stored value x slope + intercept.
  public var rescaleIntercept: Double

  /// Makes an axial slice: rows run to the patient's left, columns to the back.
  ///
  /// `storedValues` run row by row; `position` is the centre of the first pixel (LPS, mm), `sliceThickness` is in mm.
  public init(
    patientID: String, studyInstanceUID: String, seriesInstanceUID: String, sopInstanceUID: String, columns: Int,
    rows: Int,
    storedValues: [Int16], rescaleSlope: Double = 1, rescaleIntercept: Double = 0, position: SIMD3<Double>,
    pixelSpacing: PixelSpacing, sliceThickness: Double
  ) {
    self.columns = columns
    self.rows = rows
    self.storedValues = storedValues
    self.rescaleSlope = rescaleSlope
    self.rescaleIntercept = rescaleIntercept
    let decimals = Self.decimals
    // Those that the IOD requires to be present, though they may be empty, stand here empty.
    elements = [
      .imageType: #"ORIGINAL\PRIMARY\AXIAL"#, .sopClassUID: DICOMUID.ctImageStorage, .sopInstanceUID: sopInstanceUID,
      .studyDate: "", .studyTime: "", .contentDate: "", .contentTime: "", .acquisitionDate: "", .acquisitionTime: "",
      .accessionNumber: "", .modality: "CT", .manufacturer: "", .referringPhysicianName: "", .patientName: "",
      .patientID: patientID, .patientBirthDate: "", .patientSex: "", .sliceThickness: decimals([sliceThickness]),
      .kvp: "",
      .patientPosition: "HFS", .studyInstanceUID: studyInstanceUID, .seriesInstanceUID: seriesInstanceUID, .studyID: "",
      .seriesNumber: "", .acquisitionNumber: "", .instanceNumber: "",
      .imagePositionPatient: decimals([position.x, position.y, position.z]), .imageOrientationPatient: #"1\0\0\0\1\0"#,
      .frameOfReferenceUID: DICOMUID.make(from: "frame of reference of \(studyInstanceUID)"),
      .positionReferenceIndicator: "",
      .pixelSpacing: decimals([pixelSpacing.row, pixelSpacing.column]),
    ]
  }

  /// Numbers as DICOM's decimal strings: at most 16 characters each, as many digits as fit, backslashes between them.
  public static func decimals(_ numbers: [Double]) -> String {
    numbers.map { number in
      let shortest = number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
      guard shortest.count > 16 else { return shortest }
      return (1...16).reversed().lazy.map { String(format: "%.\($0)g", number) }.first { $0.count <= 16 } ?? "0"
    }.joined(separator: "\\")
  }

  /// The file's bytes, in Explicit VR Little Endian.
  ///
  /// `name` is what an error calls the file.
  /// - Throws: `DICOMError` where the number of values is not that of the pixels, or an element cannot hold its value.
  public func encoded(name: String = "CT slice") throws(DICOMError) -> Data {
    guard (1...65535).contains(columns), (1...65535).contains(rows), storedValues.count == columns * rows else {
      throw DICOMError(
        .cannotWrite, file: name, tag: .pixelData, "the size of the image does not match its values",
        expected: "\(columns) x \(rows) values", found: "\(storedValues.count)")
    }
    try DICOMDictionary.require(for: name)
    for tag in [DICOMTag.sopClassUID, .sopInstanceUID, .seriesInstanceUID] where elements[tag, default: ""].isEmpty {
      throw DICOMError(.cannotWrite, file: name, tag: tag, "the image needs an identifier", found: "nothing")
    }
    let pixelModule: [DICOMTag: String] = [
      .samplesPerPixel: "1", .photometricInterpretation: "MONOCHROME2", .rows: "\(rows)", .columns: "\(columns)",
      .bitsAllocated: "16", .bitsStored: "16", .highBit: "15", .pixelRepresentation: "1",
      .rescaleIntercept: Self.decimals([rescaleIntercept]), .rescaleSlope: Self.decimals([rescaleSlope]),
      .rescaleType: "HU",
    ]
    var all = elements.merging(pixelModule) { $1 }
    if !all.values.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) { all[.specificCharacterSet] = "ISO_IR 192" }
    var written: [DataElement] = []
    for (tag, value) in all.sorted(by: { $0.key < $1.key }) {
      guard let vr = Self.newerVRs[tag] ?? DICOMDictionary.vr(of: tag),
        let element = DataElement(tag, vr, parsing: value)
      else { throw DICOMError(.cannotWrite, file: name, tag: tag, "the value cannot be set") }
      written.append(element)
    }
    written.append(
      DataElement(.pixelData, .ow, .bytes(storedValues.map(\.littleEndian).withUnsafeBytes { Array($0) })))
    // An import takes files of the same bytes for the same: those of earlier versions name DCMTK as their writer.
    let writer = DICOMFileWriter(
      written, of: DataSet(written, name: name), sopClassUID: elements[.sopClassUID, default: ""],
      sopInstanceUID: elements[.sopInstanceUID, default: ""], by: .dcmtk)
    return Data(writer.bytes)
  }

  /// Attributes that PS3.6 has gained since DCMTK's dictionary was made.
  private static let newerVRs: [DICOMTag: ValueRepresentation] = [.syntheticData: .cs]

  /// Writes the file whole or not at all, in Explicit VR Little Endian.
  ///
  /// - Throws: `DICOMError` as `encoded` does, or where the file cannot be written.
  public func write(to url: URL) throws(DICOMError) {
    let data = try encoded(name: url.lastPathComponent)
    do {
      try data.write(to: url, options: .atomic)
    } catch {
      throw DICOMError(
        .cannotWrite, file: url.lastPathComponent, "the file cannot be written: \(error.localizedDescription)",
        advice: "Check the folder and the free disk space")
    }
  }
}
