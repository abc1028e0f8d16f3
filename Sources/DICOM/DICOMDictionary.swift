internal import CDICOM
import Foundation

/// What reading and rewriting a data set byte by byte needs of DCMTK and zlib.
package enum DICOMDictionary {
  /// The VR of an attribute, such as `LO`; nil where DCMTK's dictionary has no such tag, as for private ones.
  package static func vr(of tag: DICOMTag) -> String? {
    let name = String(cString: cd_tag_vr(tag.rawValue))
    return name.isEmpty ? nil : name
  }

  /// The data set of a file in Deflated Explicit VR Little Endian, at most 2 GiB.
  ///
  /// `bytes` are what follows the file meta information, `name` is what an error calls the file.
  /// - Throws: `DICOMError` where the stream is cut off, damaged or too large.
  package static func inflated(_ bytes: ArraySlice<UInt8>, name: String) throws(DICOMError) -> [UInt8] {
    var inflated: UnsafeMutablePointer<UInt8>?
    var count = 0
    let status = bytes.withUnsafeBytes { Int(cd_inflate($0.baseAddress, $0.count, 1 << 31, &inflated, &count)) }
    let message = String(cString: cd_last_error())
    guard status == CD_OK, let inflated else {
      throw status == CD_TRUNCATED
        ? DataSet.truncated(name, message) : DICOMError(.invalid, file: name, message, advice: "Fetch it again")
    }
    defer { cd_free(inflated) }
    return Array(UnsafeBufferPointer(start: inflated, count: count))
  }
}
