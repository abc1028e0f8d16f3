package import Foundation

/// A DICOM file as a tree of elements over its bytes.
///
/// Of a file on disk only the elements before the pixel data are in memory; values of more than 64 KiB, the pixels among
/// them, are read where they are asked for. A sequence whose items are not understood is a value of unknown representation.
package struct DataSet: Sendable {
  /// What the elements' ranges count in: the file, or what its deflated data set inflates to.
  package let bytes: FileBytes
  /// Whether the 128 bytes before the magic word hold something.
  package let hasPreambleContent: Bool
  /// The file meta information, group 0002.
  package let meta: [DataElement]
  /// The elements of the data set, in the file's order.
  package let elements: [DataElement]
  /// How the data set is encoded.
  package let encoding: ElementEncoding
  /// The transfer syntax that `bytes` are in: Explicit VR Little Endian where the file was deflated.
  package let transferSyntax: String
  /// How many bytes follow the last element that was read.
  package let trailingByteCount: Int

  /// What a data set is read for.
  package enum Purpose: Sendable {
    /// For its values: all of it must be there.
    case values
    /// To be rewritten: it ends with the pixel data.
    case rewriting
  }

  /// What the file is called in errors.
  package var name: String { bytes.name }

  /// Reads all elements of a file, but leaves large values on disk.
  ///
  /// - Throws: `DICOMError` where the file cannot be opened, is not DICOM, or ends before its elements do.
  package init(_ url: URL) throws(DICOMError) {
    try self.init(FileBytes(url), for: .values)
  }

  /// Reads a file that is in memory; `name` is what an error calls it.
  ///
  /// - Throws: `DICOMError` where it is not DICOM, or ends before its elements do.
  package init(_ file: [UInt8], name: String, for purpose: Purpose = .values) throws(DICOMError) {
    try self.init(FileBytes(file, name: name), for: purpose)
  }

  /// A data set that is yet to be written, in the encoding of its values.
  package init(_ elements: [DataElement], name: String, encoding: ElementEncoding = .explicitLittle) {
    bytes = FileBytes([], name: name)
    hasPreambleContent = false
    meta = []
    self.elements = elements
    self.encoding = encoding
    transferSyntax = TransferSyntax.native(encoding)
    trailingByteCount = 0
  }

  /// Reads preamble, file meta information and data set; or a data set alone.
  private init(_ file: FileBytes, for purpose: Purpose) throws(DICOMError) {
    try DICOMDictionary.require(for: file.name)
    var file = file
    try file.load(0..<min(file.count, 132))
    let hasMagic = file.count >= 132 && file.loaded(128..<132).elementsEqual("DICM".utf8)
    hasPreambleContent = hasMagic && file.loaded(0..<128).contains { $0 != 0 }
    do throws(DICOMError) {
      var reader = DataSetReader(file, position: hasMagic ? 132 : 0, for: purpose)
      meta = try reader.metaElements()
      var syntax = meta.first { $0.tag == .transferSyntaxUID }.flatMap { element -> String? in
        guard case .source(let range) = element.value else { return nil }
        return String(decoding: reader.bytes.finished()[range].trimmingPadding(), as: UTF8.self)
      }
      if syntax == TransferSyntax.deflated {
        let deflated = try reader.bytes.finished().bytes(reader.position..<file.count)
        let inflated = try DICOMDictionary.inflated(deflated, name: file.name)
        reader = DataSetReader(FileBytes(inflated, name: file.name), position: 0, for: purpose)
        syntax = TransferSyntax.explicitLittleEndian
      }
      let guessed = try reader.guessedEncoding()
      let stated = TransferSyntax.encoding(of: syntax) ?? guessed
      // Nothing else than big endian looks like it.
      let announced = stated == .explicitLittle && guessed == .explicitBig ? guessed : stated
      let actual = try reader.encoding(until: reader.bytes.count, announced: announced)
      elements = try reader.elements(until: reader.bytes.count, actual)
      // Compressed data sets are explicit; the others say how they really are.
      let isNative = syntax.map(TransferSyntax.natives.contains) ?? true || announced == .explicitBig
      encoding = isNative ? actual : announced
      transferSyntax = isNative ? TransferSyntax.native(actual) : syntax ?? TransferSyntax.explicitLittleEndian
      bytes = reader.bytes.finished()
      trailingByteCount = bytes.count - reader.position
    } catch  where !hasMagic && error.kind != .unreadable {
      throw Self.notDICOM(file.name)
    }
    // Without the magic word nearly anything could be taken for a tag.
    guard hasMagic || !meta.isEmpty || elements.contains(where: { $0.tag == .sopClassUID }) else {
      throw Self.notDICOM(name)
    }
  }

  private static func notDICOM(_ name: String) -> DICOMError {
    DICOMError(.notDICOM, file: name, "this is not a DICOM file", expected: "DICM at byte 128, or a data set")
  }

  static func truncated(_ name: String, _ detail: String) -> DICOMError {
    DICOMError(
      .truncated, file: name, "the file was cut off: \(detail)", advice: "Fetch it from its source again")
  }
}
