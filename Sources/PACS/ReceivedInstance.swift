internal import CDIMSE
import DICOM
public import Foundation
import Support

/// One instance as the PACS sent it, in memory, with the patient's identity in it.
public struct ReceivedInstance: Sendable {
  /// The DICOM file, byte for byte as received (over DIMSE: with file meta information put before).
  public let data: Data
  /// The patient's ID; empty where it has none.
  public let patientID: String
  /// The study's UID.
  public let studyInstanceUID: String
  /// The series's UID.
  public let seriesInstanceUID: String
  /// The instance's own UID.
  public let sopInstanceUID: String
  /// The UID of what kind of object it is.
  public let sopClassUID: String
  /// The UID of how it is encoded; nothing is decoded on the way.
  public let transferSyntaxUID: String

  /// Reads a whole DICOM file, pixels included.
  ///
  /// - Throws: `PACSError` of kind `.badInstance` where it is cut off, damaged, or lacks one of its UIDs.
  public init(parsing data: Data) throws(PACSError) {
    let file: DataSet
    do throws(DICOMError) {
      file = try DataSet([UInt8](data), name: "instance")
    } catch {
      throw PACSError(.badInstance, "not a complete DICOM instance: \(error.problem)")
    }
    guard data.dropFirst(128).prefix(4).elementsEqual("DICM".utf8) else {
      throw PACSError(.badInstance, "not a complete DICOM instance: it has no file meta information")
    }
    if let found = file.nativePixelByteCount, let stated = file.statedPixelByteCount, found < stated {
      throw PACSError(.badInstance, "not a complete DICOM instance: the pixel data are cut off")
    }
    let text = { (tag: DICOMTag) in file.characters(tag) ?? "" }
    guard file.element(.pixelData) != nil || !StorageSyntaxes.sopClasses.contains(text(.sopClassUID)) else {
      throw PACSError(.badInstance, "not a complete DICOM instance: the pixel data are missing")
    }
    for (name, value) in [
      ("SOPInstanceUID", text(.sopInstanceUID)), ("SeriesInstanceUID", text(.seriesInstanceUID)),
      ("StudyInstanceUID", text(.studyInstanceUID)),
    ] where (try? StudyQuery.uid(value)) == nil {
      throw PACSError(.badInstance, "\(name) is missing or is not a UID")
    }
    self.data = data
    // In the file's character set, as the PACS's index has it too.
    patientID = file.text(.patientID) ?? ""
    studyInstanceUID = text(.studyInstanceUID)
    seriesInstanceUID = text(.seriesInstanceUID)
    sopInstanceUID = text(.sopInstanceUID)
    sopClassUID = text(.sopClassUID)
    transferSyntaxUID = text(.transferSyntaxUID)
  }

  /// Puts file meta information (PS3.10 section 7.1) before a data set that came over DIMSE, and reads both.
  init(dataSet: UnsafeRawBufferPointer, sopClass: String, sopInstance: String, transferSyntax: String) throws(PACSError)
  {
    var data = Self.fileMeta(sopClass: sopClass, sopInstance: sopInstance, transferSyntax: transferSyntax)
    data.reserveCapacity(data.count + dataSet.count)
    data.append(contentsOf: dataSet)
    try self.init(parsing: data)
    guard sopInstanceUID == sopInstance else {
      throw PACSError(.badInstance, "it was announced with a different SOPInstanceUID")
    }
    guard sopClassUID == sopClass else {
      throw PACSError(.badInstance, "it was announced with a different SOPClassUID")
    }
  }

  /// The SHA-256 of the data set, which does not depend on who wrote the file meta information.
  var digest: String {
    // The group's length, an explicit UL, is its first element.
    let length = data.dropFirst(140).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    let hasGroupLength = data.dropFirst(132).prefix(6).elementsEqual([2, 0, 0, 0, 0x55, 0x4C])
    let start = hasGroupLength ? min(144 + length, data.count) : 132
    return SHA256.hash(data: data.dropFirst(start)).hexadecimal
  }

  static func fileMeta(sopClass: String, sopInstance: String, transferSyntax: String) -> Data {
    Data(
      DICOMFileWriter.start(
        sopClassUID: sopClass, sopInstanceUID: sopInstance, transferSyntax: transferSyntax,
        by: DICOMFileWriter.Implementation(name: "RenalGrade implementation class")))
  }
}
