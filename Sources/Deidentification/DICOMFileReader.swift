import DICOM

extension ParsedFile {
  /// Reads a whole file: preamble, file meta information, data set; or a data set alone.
  ///
  /// - Throws: `DICOMError` where it is no DICOM, is cut off, or is encoded in a way that is not understood.
  init(_ file: [UInt8], name: String) throws(DICOMError) {
    self.name = name
    let hasMagic = file.count >= 132 && file[128..<132].elementsEqual("DICM".utf8)
    hasPreambleContent = hasMagic && file.prefix(128).contains { $0 != 0 }
    do {
      var metaReader = DataSetReader(file, name: name, position: hasMagic ? 132 : 0)
      meta = try metaReader.metaElements()
      var syntax = meta.first { $0.tag == .transferSyntaxUID }.flatMap { element -> String? in
        guard case .source(let range) = element.value else { return nil }
        return String(decoding: file[range].trimmingPadding(), as: UTF8.self)
      }
      var reader = metaReader
      var content = file
      if syntax == TransferSyntax.deflated {
        content = try DICOMDictionary.inflated(file[metaReader.position...], name: name)
        reader = DataSetReader(content, name: name)
        syntax = TransferSyntax.explicitLittleEndian
      }
      let announced = try TransferSyntax.encoding(of: syntax, name: name) ?? reader.guessedEncoding()
      let actual = reader.encoding(until: content.count, announced: announced)
      elements = try reader.elements(until: content.count, actual)
      // Compressed data sets are explicit; the others say how they really are.
      let isNative = syntax.map(TransferSyntax.natives.contains) ?? true
      encoding = isNative ? actual : announced
      if isNative { syntax = TransferSyntax.native(actual) }
      bytes = content
      transferSyntax = syntax ?? TransferSyntax.explicitLittleEndian
      trailingByteCount = content.count - reader.position
    } catch  where !hasMagic {
      throw Self.notDICOM(name)
    }
    guard elements.contains(where: { $0.tag == .sopClassUID }) || !meta.isEmpty else { throw Self.notDICOM(name) }
  }

  private static func notDICOM(_ name: String) -> DICOMError {
    DICOMError(.notDICOM, file: name, "this is not a DICOM file", expected: "DICM at byte 128, or a data set")
  }
}

/// Transfer syntaxes, as far as they say how elements are encoded (PS3.5 section 10).
enum TransferSyntax {
  static let implicitLittleEndian = "1.2.840.10008.1.2"
  static let explicitLittleEndian = "1.2.840.10008.1.2.1"
  static let deflated = "1.2.840.10008.1.2.1.99"
  static let explicitBigEndian = "1.2.840.10008.1.2.2"

  static let natives = [implicitLittleEndian, explicitLittleEndian, explicitBigEndian]

  /// The encoding of the elements; nil where no syntax is stated.
  static func encoding(of syntax: String?, name: String) throws(DICOMError) -> ElementEncoding? {
    switch syntax {
    case nil: return nil
    case implicitLittleEndian: return .implicitLittle
    case explicitBigEndian: return .explicitBig
    case .some(let other) where other.hasPrefix("1.2.840.10008.1.2.") && PseudonymKey.isWellKnown(other):
      return .explicitLittle
    default:
      throw DICOMError(
        .unsupported, file: name, tag: .transferSyntaxUID, "a transfer syntax of a manufacturer's own",
        advice: "Have it sent in one of PS3.5's")
    }
  }

  /// The syntax of uncompressed data in an encoding.
  static func native(_ encoding: ElementEncoding) -> String {
    guard encoding.isExplicit else { return implicitLittleEndian }
    return encoding.isBigEndian ? explicitBigEndian : explicitLittleEndian
  }
}

extension DICOMTag {
  static let transferSyntaxUID = DICOMTag(rawValue: 0x0002_0010)
}
