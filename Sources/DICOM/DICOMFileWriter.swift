/// Writes a DICOM file: empty preamble, file meta information, data set.
package struct DICOMFileWriter {
  /// What the file meta information says of the program that wrote the file.
  package struct Implementation: Sendable {
    let classUID: String
    let versionName: String

    /// This program, by one of its names.
    package init(name: String) {
      self.init(classUID: DICOMUID.make(from: name), versionName: "RENALGRADE")
    }

    private init(classUID: String, versionName: String) {
      self.classUID = classUID
      self.versionName = versionName
    }

    /// This program.
    package static let renalGrade = Implementation(name: "RenalGrade")
    /// DCMTK 3.6.7, which wrote the CT slices of earlier versions.
    static let dcmtk = Implementation(classUID: "1.2.276.0.7230010.3.0.3.6.7", versionName: "OFFIS_DCMTK_367")
  }

  private let source: DataSet
  /// The whole file.
  package private(set) var bytes: [UInt8] = []

  /// Makes the bytes of a file from `elements`, whose values may lie in `source`, in that data set's encoding and transfer
  /// syntax.
  ///
  /// Values of `source` that are on disk are not read: it must have been made from a file in memory.
  package init(
    _ elements: [DataElement], of source: DataSet, sopClassUID: String, sopInstanceUID: String,
    by implementation: Implementation = .renalGrade
  ) {
    self.source = source
    bytes.reserveCapacity(source.bytes.count + elements.reduce(4096) { $0 + $1.newByteCount })
    writeStart(sopClassUID, sopInstanceUID, source.transferSyntax, implementation)
    for element in elements { write(element, source.encoding) }
  }

  /// What stands before a data set in a file: empty preamble, and file meta information that says only what PS3.10
  /// section 7.1 requires.
  package static func start(
    sopClassUID: String, sopInstanceUID: String, transferSyntax: String, by implementation: Implementation
  ) -> [UInt8] {
    var writer = DICOMFileWriter()
    writer.writeStart(sopClassUID, sopInstanceUID, transferSyntax, implementation)
    return writer.bytes
  }

  private init() { source = DataSet([DataElement](), name: "file meta information") }

  private mutating func writeStart(
    _ sopClassUID: String, _ sopInstanceUID: String, _ transferSyntax: String, _ implementation: Implementation
  ) {
    bytes.append(contentsOf: [UInt8](repeating: 0, count: 128))
    bytes.append(contentsOf: "DICM".utf8)
    let meta = [
      DataElement(DICOMTag(rawValue: 0x0002_0001), .ob, .bytes([0, 1])),
      DataElement(.mediaStorageSOPClassUID, .ui, sopClassUID),
      DataElement(.mediaStorageSOPInstanceUID, .ui, sopInstanceUID),
      DataElement(.transferSyntaxUID, .ui, transferSyntax),
      DataElement(DICOMTag(rawValue: 0x0002_0012), .ui, implementation.classUID),
      DataElement(DICOMTag(rawValue: 0x0002_0013), .sh, implementation.versionName),
    ]
    write(DataElement(DICOMTag(rawValue: 0x0002_0000), .ul, .bytes([0, 0, 0, 0])), .explicitLittle)
    let start = bytes.count
    for element in meta { write(element, .explicitLittle) }
    patch(bytes.count - start, count: 4, at: start - 4, isBigEndian: false)
  }

  private mutating func write(_ element: DataElement, _ encoding: ElementEncoding) {
    writeTag(element.tag, encoding)
    switch element.value {
    case .source(let range): writeValue(source.bytes[range], element.vr, encoding)
    case .bytes(let value): writeValue(value[...], element.vr, encoding)
    case .fragments(let fragments):
      writeHeader(element.vr, hasLongLength: true, encoding)
      writeUnsigned(0xFFFF_FFFF, count: 4, encoding)
      if let rewritten = fragments.rewritten {
        bytes.append(contentsOf: rewritten)
      } else {
        bytes.append(contentsOf: source.bytes[fragments.range])
      }
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

extension DataElement {
  /// An element from text in little endian; backslashes separate several values.
  ///
  /// Nil where the VR cannot hold the text, or is not given as text at all.
  init?(_ tag: DICOMTag, _ vr: ValueRepresentation, parsing text: String) {
    guard !vr.isCharacters else {
      let value = Array(text.utf8)
      let end = value.lastIndex { $0 != vr.padding }.map { $0 + 1 } ?? 0
      self.init(tag, vr, .bytes(Array(value[..<end])))
      return
    }
    guard let number = vr.number else { return nil }
    var bytes: [UInt8] = []
    for part in text.isEmpty ? [] : text.split(separator: "\\", omittingEmptySubsequences: false) {
      guard let bits = number.bits(String(part)) else { return nil }
      bytes += (0..<number.width).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
    }
    self.init(tag, vr, .bytes(bytes))
  }

  /// How many bytes a new value has, as far as it is none of a sequence's.
  fileprivate var newByteCount: Int {
    if case .bytes(let bytes) = value { bytes.count + 12 } else { 0 }
  }
}

extension ValueRepresentation.Number {
  /// The number that a text gives, as it is stored; nil where there is none or it is out of range.
  fileprivate func bits(_ text: String) -> UInt64? {
    switch self {
    case .unsigned(let width):
      return UInt64(text).flatMap { width == 8 || $0 < 1 << UInt64(8 * width) ? $0 : nil }
    case .signed(let width):
      let limit = Int64.max >> Int64(64 - 8 * width)
      return Int64(text).flatMap { (~limit...limit).contains($0) ? UInt64(bitPattern: $0) : nil }
    case .real(let width):
      return Double(text).map { width == 4 ? UInt64(Float($0).bitPattern) : $0.bitPattern }
    }
  }
}
