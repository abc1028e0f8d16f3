import DICOM

/// One element of a data set, with its value where it was read, or a new one.
struct DataElement {
  enum Value {
    /// Bytes of the file that was read.
    case source(Range<Int>)
    /// Bytes that replace them.
    case new([UInt8])
    /// The items of a sequence.
    case items([[DataElement]])
    /// Encapsulated pixel data: items and delimiter, as bytes of the file.
    case fragments(Range<Int>)
  }

  var tag: DICOMTag
  var vr: ValueRepresentation
  var value: Value

  var group: UInt32 { tag.rawValue >> 16 }
  var isPrivate: Bool { group % 2 == 1 }

  /// A text element, padded to an even length.
  init(_ tag: DICOMTag, _ vr: ValueRepresentation, _ text: String) {
    self.init(tag, vr, .new(Array(text.utf8)))
  }

  init(_ tag: DICOMTag, _ vr: ValueRepresentation, _ value: Value) {
    self.tag = tag
    self.vr = vr
    self.value = value
  }
}

/// How the elements of a data set are encoded (PS3.5 section 7.1).
struct ElementEncoding: Equatable {
  var isExplicit: Bool
  var isBigEndian: Bool

  static let implicitLittle = ElementEncoding(isExplicit: false, isBigEndian: false)
  static let explicitLittle = ElementEncoding(isExplicit: true, isBigEndian: false)
  static let explicitBig = ElementEncoding(isExplicit: true, isBigEndian: true)
}

/// A DICOM file as a tree of elements over its bytes.
struct ParsedFile {
  /// What it is called in errors.
  let name: String
  /// What the elements' ranges count in: the file, or what its deflated data set inflates to.
  let bytes: [UInt8]
  /// Whether the 128 bytes before the magic word hold something.
  let hasPreambleContent: Bool
  /// The file meta information, group 0002.
  let meta: [DataElement]
  /// The data set up to its pixel data.
  let elements: [DataElement]
  /// How the data set is encoded.
  let encoding: ElementEncoding
  /// The transfer syntax that `bytes` are in: Explicit VR Little Endian where the file was deflated.
  let transferSyntax: String
  /// How many bytes follow the pixel data; nothing there is ever read.
  let trailingByteCount: Int

  /// The bytes of a value; empty for sequences and encapsulated pixel data.
  func value(of element: DataElement) -> ArraySlice<UInt8> {
    switch element.value {
    case .source(let range): bytes[range]
    case .new(let value): value[...]
    case .items, .fragments: []
    }
  }

  /// A value of ASCII characters without padding, or nil where the element is absent or empty.
  func text(_ tag: DICOMTag, in elements: [DataElement]) -> String? {
    elements.first { $0.tag == tag }.flatMap(text(of:))
  }

  /// A value as text without padding, or nil where it is empty.
  func text(of element: DataElement) -> String? {
    let trimmed = value(of: element).trimmingPadding()
    return trimmed.isEmpty ? nil : String(decoding: trimmed, as: UTF8.self)
  }

  /// A value of type US.
  func unsigned(_ tag: DICOMTag) -> Int? {
    guard let element = elements.first(where: { $0.tag == tag }) else { return nil }
    let value = Array(value(of: element).prefix(2))
    guard value.count == 2 else { return nil }
    return encoding.isBigEndian ? Int(value[0]) << 8 | Int(value[1]) : Int(value[1]) << 8 | Int(value[0])
  }
}

extension ArraySlice<UInt8> {
  /// Without the spaces and zeros around it.
  func trimmingPadding() -> ArraySlice<UInt8> {
    func isPadding(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0 }
    guard let first = firstIndex(where: { !isPadding($0) }), let last = lastIndex(where: { !isPadding($0) }) else {
      return []
    }
    return self[first...last]
  }
}
