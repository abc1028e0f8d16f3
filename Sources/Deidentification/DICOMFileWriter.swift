import DICOM

/// Writes a DICOM file: empty preamble, file meta information, data set.
struct DICOMFileWriter {
  private let file: ParsedFile
  private(set) var bytes: [UInt8] = []

  /// Makes the bytes of a file from `elements`, whose values may lie in `file`, in that file's encoding.
  ///
  /// The file meta information says only what PS3.10 section 7.1 requires.
  init(_ elements: [DataElement], of file: ParsedFile, sopClassUID: String, sopInstanceUID: String) {
    self.file = file
    bytes.reserveCapacity(file.bytes.count + 4096)
    bytes.append(contentsOf: [UInt8](repeating: 0, count: 128))
    bytes.append(contentsOf: "DICM".utf8)
    let meta = [
      DataElement(DICOMTag(rawValue: 0x0002_0001), .ob, .new([0, 1])),
      DataElement(DICOMTag(rawValue: 0x0002_0002), .ui, sopClassUID),
      DataElement(.mediaStorageSOPInstanceUID, .ui, sopInstanceUID),
      DataElement(.transferSyntaxUID, .ui, file.transferSyntax),
      DataElement(DICOMTag(rawValue: 0x0002_0012), .ui, Self.implementationClassUID),
      DataElement(DICOMTag(rawValue: 0x0002_0013), .sh, Self.implementationVersionName),
    ]
    write(DataElement(DICOMTag(rawValue: 0x0002_0000), .ul, .new([0, 0, 0, 0])), .explicitLittle)
    let start = bytes.count
    for element in meta { write(element, .explicitLittle) }
    patch(bytes.count - start, count: 4, at: start - 4, isBigEndian: false)
    for element in elements { write(element, file.encoding) }
  }

  /// What file meta information calls the program that wrote the file.
  static let implementationClassUID = DICOMUID.make(from: "RenalGrade")
  static let implementationVersionName = "RENALGRADE"

  private mutating func write(_ element: DataElement, _ encoding: ElementEncoding) {
    writeTag(element.tag, encoding)
    switch element.value {
    case .source(let range): writeValue(file.bytes[range], element.vr, encoding)
    case .new(let value): writeValue(value[...], element.vr, encoding)
    case .fragments(let range):
      writeHeader(element.vr, hasLongLength: true, encoding)
      writeUnsigned(0xFFFF_FFFF, count: 4, encoding)
      bytes.append(contentsOf: file.bytes[range])
    case .items(let items):
      writeHeader(.sq, hasLongLength: true, encoding)
      writeSized(encoding) { writer in
        for item in items {
          writer.writeTag(.item, encoding)
          writer.writeSized(encoding) { writer in
            for element in item { writer.write(element, encoding) }
          }
        }
      }
    }
  }

  private mutating func writeValue(
    _ value: ArraySlice<UInt8>, _ vr: ValueRepresentation, _ encoding: ElementEncoding
  ) {
    let length = value.count + value.count % 2
    // A value from an implicit sequence may be too long for the VR's short length.
    let vr = !vr.hasLongLength && length > 0xFFFF ? .un : vr
    writeHeader(vr, hasLongLength: vr.hasLongLength, encoding)
    writeUnsigned(length, count: encoding.isExplicit && !vr.hasLongLength ? 2 : 4, encoding)
    bytes.append(contentsOf: value)
    if length > value.count { bytes.append(vr.padding) }
  }

  private mutating func writeHeader(_ vr: ValueRepresentation, hasLongLength: Bool, _ encoding: ElementEncoding) {
    guard encoding.isExplicit else { return }
    bytes.append(contentsOf: vr.rawValue.utf8)
    if hasLongLength { bytes.append(contentsOf: [0, 0]) }
  }

  private mutating func writeTag(_ tag: DICOMTag, _ encoding: ElementEncoding) {
    writeUnsigned(Int(tag.rawValue >> 16), count: 2, encoding)
    writeUnsigned(Int(tag.rawValue & 0xFFFF), count: 2, encoding)
  }

  /// What `content` writes, behind its length in 32 bits.
  private mutating func writeSized(_ encoding: ElementEncoding, _ content: (inout DICOMFileWriter) -> Void) {
    writeUnsigned(0, count: 4, encoding)
    let start = bytes.count
    content(&self)
    patch(bytes.count - start, count: 4, at: start - 4, isBigEndian: encoding.isBigEndian)
  }

  private mutating func writeUnsigned(_ value: Int, count: Int, _ encoding: ElementEncoding) {
    bytes.append(contentsOf: repeatElement(0, count: count))
    patch(value, count: count, at: bytes.count - count, isBigEndian: encoding.isBigEndian)
  }

  private mutating func patch(_ value: Int, count: Int, at position: Int, isBigEndian: Bool) {
    for byte in 0..<count {
      bytes[position + (isBigEndian ? count - 1 - byte : byte)] = UInt8(value >> (8 * byte) & 0xFF)
    }
  }
}
