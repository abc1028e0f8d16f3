import DICOM
import Foundation

/// A file as it came, with the patient's identity in it.
extension DataSet {
  /// Reads a file whose elements the profile is to decide on; `name` is what an error calls it.
  ///
  /// - Throws: `DICOMError` where it is no DICOM, is cut off, or is encoded in a way that is not understood.
  init(original data: Data, name: String) throws(DICOMError) {
    try self.init([UInt8](data), name: name, for: .rewriting)
    // It goes into the outcome as it is.
    guard TransferSyntax.isStandard(transferSyntax) else {
      throw DICOMError(
        .unsupported, file: name, tag: .transferSyntaxUID, "a transfer syntax of a manufacturer's own",
        advice: "Have it sent in one of PS3.5's")
    }
  }

  /// How many bytes of native pixel data lie beyond the image that rows, columns and frames describe.
  var excessPixelByteCount: Int {
    guard let found = nativePixelByteCount, let stated = statedPixelByteCount, stated < found else { return 0 }
    return max(0, found - stated - stated % 2)
  }
}
