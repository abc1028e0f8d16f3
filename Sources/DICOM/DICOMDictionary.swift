internal import CDICOM
import Foundation

/// What reading and writing elements needs of DCMTK and zlib.
package enum DICOMDictionary {
  /// The VR of an attribute; nil where DCMTK's dictionary has no such tag, as for private ones.
  package static func vr(of tag: DICOMTag) -> ValueRepresentation? {
    ValueRepresentation(letters: cd_tag_vr(tag.rawValue))
  }

  /// - Throws: `DICOMError` where DCMTK did not find its dictionary.
  static func require(for name: String) throws(DICOMError) {
    guard !isPresent else { return }
    throw DICOMError(
      .unreadable, file: name, "DCMTK's data dictionary (dicom.dic) was not found",
      advice: "Install the package libdcmtk17, or set DCMDICTPATH to the dictionary's path")
  }

  private static let isPresent = cd_has_dictionary()

  /// The largest data set of however few bytes: a blank CT slice deflates a thousandfold, real ones threefold.
  private static let largestBlankDataSet = 32 << 20

  /// The data set of a file in Deflated Explicit VR Little Endian, at most 32 MiB more than 16 times its size.
  ///
  /// `bytes` are what follows the file meta information, `name` is what an error calls the file.
  /// - Throws: `DICOMError` where the stream is cut off, damaged or too large.
  static func inflated(_ bytes: [UInt8], name: String) throws(DICOMError) -> [UInt8] {
    var inflated: UnsafeMutablePointer<UInt8>?
    var count = 0
    let status = Int(cd_inflate(bytes, bytes.count, largestBlankDataSet + 16 * bytes.count, &inflated, &count))
    let message = String(cString: cd_last_error())
    guard status == CD_OK, let inflated else {
      throw status == CD_TRUNCATED
        ? DataSet.truncated(name, message) : DICOMError(.invalid, file: name, message, advice: "Fetch it again")
    }
    defer { cd_free(inflated) }
    return Array(UnsafeBufferPointer(start: inflated, count: count))
  }
}
