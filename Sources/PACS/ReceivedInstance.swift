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
    let identity: Result<Identity, PACSError> = data.withUnsafeBytes { bytes in
      var identity = cn_identity()
      let status = cn_identify(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &identity)
      guard Int(status) == CN_OK else {
        return .failure(PACSError(.badInstance, "not a whole DICOM instance: \(String(cString: cn_last_error()))"))
      }
      return .success(Identity(identity))
    }
    let read = try identity.get()
    for (name, value) in [
      ("SOPInstanceUID", read.sopInstance), ("SeriesInstanceUID", read.series), ("StudyInstanceUID", read.study),
    ] where (try? StudyQuery.uid(value)) == nil {
      throw PACSError(.badInstance, "\(name) is missing or is no UID")
    }
    self.data = data
    patientID = read.patient
    studyInstanceUID = read.study
    seriesInstanceUID = read.series
    sopInstanceUID = read.sopInstance
    sopClassUID = read.sopClass
    transferSyntaxUID = read.transferSyntax
  }

  /// Puts file meta information (PS3.10 section 7.1) before a data set that came over DIMSE, and reads both.
  init(dataSet: UnsafeRawBufferPointer, sopClass: String, sopInstance: String, transferSyntax: String) throws(PACSError)
  {
    var data = Self.fileMeta(sopClass: sopClass, sopInstance: sopInstance, transferSyntax: transferSyntax)
    data.reserveCapacity(data.count + dataSet.count)
    data.append(contentsOf: dataSet)
    try self.init(parsing: data)
    guard sopInstanceUID == sopInstance else {
      throw PACSError(.badInstance, "it was announced with another SOPInstanceUID than it has")
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
    func element(_ number: UInt8, _ vr: String, _ value: [UInt8], padding: UInt8 = 0) -> [UInt8] {
      let value = value.count % 2 == 0 ? value : value + [padding]
      let (low, high) = (UInt8(value.count & 0xFF), UInt8(value.count >> 8 & 0xFF))
      // OB has two reserved bytes and a length of four; all values here are short.
      return [2, 0, number, 0] + Array(vr.utf8) + (vr == "OB" ? [0, 0, low, high, 0, 0] : [low, high]) + value
    }
    let group =
      element(0x01, "OB", [0, 1]) + element(0x02, "UI", Array(sopClass.utf8))
      + element(0x03, "UI", Array(sopInstance.utf8))
      + element(0x10, "UI", Array(transferSyntax.utf8))
      + element(0x12, "UI", Array(DICOMUID.make(from: "RenalGrade implementation class").utf8))
      + element(0x13, "SH", Array("RENALGRADE".utf8), padding: 0x20)
    let length = (0..<4).map { UInt8(group.count >> (8 * $0) & 0xFF) }
    return Data([UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + element(0x00, "UL", length) + group)
  }

  private struct Identity {
    let sopClass, sopInstance, series, study, patient, transferSyntax: String

    init(_ read: cn_identity) {
      func text(_ value: UnsafePointer<CChar>?) -> String {
        value.map { String(cString: $0).trimmingCharacters(in: CharacterSet(charactersIn: " \0")) } ?? ""
      }
      sopClass = text(read.sop_class)
      sopInstance = text(read.sop_instance)
      series = text(read.series)
      study = text(read.study)
      patient = text(read.patient)
      transferSyntax = text(read.transfer_syntax)
    }
  }
}
