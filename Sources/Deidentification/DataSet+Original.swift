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
        .unsupported, file: name, tag: .transferSyntaxUID, "a transfer syntax private to a manufacturer",
        advice: "Have it sent in a transfer syntax of PS3.5")
    }
  }

  /// How many bytes of native pixel data lie beyond the image that rows, columns and frames describe.
  var excessPixelByteCount: Int {
    for tag in [DICOMTag.pixelData, .floatPixelData, .doubleFloatPixelData] {
      guard let element = elements.first(where: { $0.tag == tag }), var stated = statedPixelByteCount else { continue }
      // Two pixels share their colours.
      let isShared = characters(.photometricInterpretation) == "YBR_FULL_422" && integer(.samplesPerPixel) == 3
      if isShared { stated -= stated / 3 }
      let found: Int
      switch element.value {
      case .source(let range): found = range.count
      case .bytes(let bytes): found = bytes.count
      case .items, .fragments: continue
      }
      return max(0, found - stated - stated % 2)
    }
    return 0
  }

  /// Native pixel data without what lies beyond the image.
  func withoutExcess(_ element: DataElement) -> DataElement {
    let excess = excessPixelByteCount
    switch element.value {
    case .source(let range) where excess > 0:
      return element.with(.source(range.lowerBound..<range.upperBound - excess))
    case .bytes(let bytes) where excess > 0: return element.with(.bytes(Array(bytes.dropLast(excess))))
    default: return element
    }
  }
}
