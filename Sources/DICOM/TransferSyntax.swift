/// Transfer syntaxes, as far as they say how elements are encoded (PS3.5 section 10).
package enum TransferSyntax {
  /// Implicit VR Little Endian.
  package static let implicitLittleEndian = "1.2.840.10008.1.2"
  /// Explicit VR Little Endian.
  package static let explicitLittleEndian = "1.2.840.10008.1.2.1"
  /// Deflated Explicit VR Little Endian.
  package static let deflated = "1.2.840.10008.1.2.1.99"
  /// Explicit VR Big Endian.
  package static let explicitBigEndian = "1.2.840.10008.1.2.2"

  /// RLE Lossless.
  static let rle = "1.2.840.10008.1.2.5"

  /// Whether a syntax is one of MPEG-2, MPEG-4 and HEVC, whose frames depend on each other.
  static func isVideo(_ syntax: String) -> Bool {
    (100...108).contains { number in
      syntax == "1.2.840.10008.1.2.4.\(number)" || syntax.hasPrefix("1.2.840.10008.1.2.4.\(number).")
    }
  }

  /// Those of uncompressed data.
  static let natives = [implicitLittleEndian, explicitLittleEndian, explicitBigEndian]

  /// Whether a syntax is one of PS3.5's, and not a manufacturer's own.
  package static func isStandard(_ syntax: String) -> Bool {
    natives.contains(syntax) || syntax.hasPrefix("1.2.840.10008.1.2.") && DICOMUID.isWellKnown(syntax)
  }

  /// The encoding of the elements; nil where it is not known.
  static func encoding(of syntax: String?) -> ElementEncoding? {
    switch syntax {
    case implicitLittleEndian: .implicitLittle
    case explicitBigEndian: .explicitBig
    case .some(let other) where isStandard(other): .explicitLittle
    default: nil
    }
  }

  /// The syntax of uncompressed data in an encoding.
  package static func native(_ encoding: ElementEncoding) -> String {
    guard encoding.isExplicit else { return implicitLittleEndian }
    return encoding.isBigEndian ? explicitBigEndian : explicitLittleEndian
  }
}
