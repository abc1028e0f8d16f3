/// One element of a data set: its tag, how its value is encoded, and where its value is.
package struct DataElement: Sendable {
  /// Where a value is, or what it is.
  package enum Value: Sendable {
    /// These bytes of the file that was read.
    case source(Range<Int>)
    /// Bytes in memory: a new value, or one that was read from far within a file.
    case bytes([UInt8])
    /// The items of a sequence.
    case items([[DataElement]])
    /// Encapsulated pixel data.
    case fragments(Fragments)
  }

  /// Encapsulated pixel data (PS3.5 section A.4), as bytes of the file that was read.
  package struct Fragments: Sendable {
    /// All of it, from the first item's tag to the delimiter's end.
    package let range: Range<Int>
    /// The offset table, then the fragments, each without its tag and length.
    package let items: [Range<Int>]
    /// What takes the place of `range` in a file that is written; nil where the bytes stay as they are.
    package var rewritten: [UInt8]?

    init(range: Range<Int>, items: [Range<Int>], rewritten: [UInt8]? = nil) {
      self.range = range
      self.items = items
      self.rewritten = rewritten
    }
  }

  /// The attribute.
  package var tag: DICOMTag
  /// How the value is encoded.
  package var vr: ValueRepresentation
  /// The value.
  package var value: Value

  /// The upper half of the tag.
  package var group: UInt32 { tag.rawValue >> 16 }
  /// Whether the attribute is a manufacturer's own.
  package var isPrivate: Bool { group % 2 == 1 }

  /// A text element.
  package init(_ tag: DICOMTag, _ vr: ValueRepresentation, _ text: String) {
    self.init(tag, vr, .bytes(Array(text.utf8)))
  }

  /// An element of any value.
  package init(_ tag: DICOMTag, _ vr: ValueRepresentation, _ value: Value) {
    self.tag = tag
    self.vr = vr
    self.value = value
  }
}

/// How the elements of a data set are encoded (PS3.5 section 7.1).
package struct ElementEncoding: Equatable, Sendable {
  /// Whether each element states its VR.
  package var isExplicit: Bool
  /// Whether the most significant byte of a number comes first.
  package var isBigEndian: Bool

  /// Implicit VR, little endian.
  package static let implicitLittle = ElementEncoding(isExplicit: false, isBigEndian: false)
  /// Explicit VR, little endian.
  package static let explicitLittle = ElementEncoding(isExplicit: true, isBigEndian: false)
  /// Explicit VR, big endian.
  package static let explicitBig = ElementEncoding(isExplicit: true, isBigEndian: true)
}
