/// Reads elements from bytes, in any encoding, and refuses what it does not understand in full.
struct DataSetReader {
  private(set) var bytes: FileBytes
  private(set) var position: Int
  private let purpose: DataSet.Purpose

  private static let maximumDepth = 32
  private static let undefinedLength = 0xFFFF_FFFF
  /// The largest value that is read from the disk before it is asked for.
  private static let largestReadAhead = 1 << 16

  init(_ bytes: FileBytes, position: Int, for purpose: DataSet.Purpose) {
    self.bytes = bytes
    self.position = position
    self.purpose = purpose
  }

  /// The elements up to `end`, of the data set or of an item.
  ///
  /// - Throws: `DICOMError` where a value runs over `end`, or the encoding is not DICOM's.
  mutating func elements(
    until end: Int, _ encoding: ElementEncoding, depth: Int = 0, isDelimited: Bool = false
  ) throws(DICOMError) -> [DataElement] {
    guard depth <= Self.maximumDepth else { throw invalid("sequences are nested more than \(Self.maximumDepth) deep") }
    var elements: [DataElement] = []
    let encoding = try self.encoding(until: end, announced: encoding)
    while position < end {
      if depth == 0, try isZero(position..<end) { break }
      guard position + 8 <= end else { throw truncated(nil) }
      try bytes.load(position..<min(position + 12, end))
      let tag = readTag(encoding)
      if tag == .itemDelimitation {
        guard isDelimited else { throw invalid("the end of an item that did not begin") }
        position += 4
        return elements
      }
      guard tag.rawValue >> 16 != 0xFFFE else { throw invalid("a delimiter where an element was expected") }
      let element = try element(tag, until: end, encoding, depth)
      elements.append(element)
      if depth == 0, tag == .pixelData, purpose == .rewriting { return elements }
    }
    if isDelimited { throw truncated(nil) }
    return elements
  }

  /// The file meta information, if there is any: the elements of group 0002, which its own group length often
  /// miscounts.
  mutating func metaElements() throws(DICOMError) -> [DataElement] {
    var elements: [DataElement] = []
    while position + 8 <= bytes.count {
      try bytes.load(position..<min(position + 12, bytes.count))
      guard bytes[position] == 2, bytes[position + 1] == 0 else { break }
      elements.append(try element(readTag(.explicitLittle), until: bytes.count, .explicitLittle, 0))
    }
    return elements
  }

  // MARK: One element

  /// The element whose tag has just been read; at least four more bytes are loaded.
  private mutating func element(
    _ tag: DICOMTag, until end: Int, _ encoding: ElementEncoding, _ depth: Int
  ) throws(DICOMError) -> DataElement {
    var vr = ValueRepresentation.un
    let length: Int
    if encoding.isExplicit, encoding.isBigEndian || hasLetters(at: position) {
      vr = ValueRepresentation(letters: letters(at: position)) ?? .un
      if vr.hasLongLength {
        guard position + 8 <= end else { throw truncated(tag) }
        length = readUnsigned(at: position + 4, count: 4, encoding)
        position += 8
      } else {
        length = readUnsigned(at: position + 2, count: 2, encoding)
        position += 4
      }
    } else {
      // Some writers mix in elements without a VR.
      length = readUnsigned(at: position, count: 4, encoding)
      position += 4
    }
    // What a sender did not know, or implicit encoding does not say, the dictionary may.
    if vr == .un, let known = DICOMDictionary.vr(of: tag),
      !encoding.isExplicit || known.isCharacters || known == .sq || !encoding.isBigEndian
    {
      vr = known
    }
    if length == Self.undefinedLength {
      if tag == .pixelData { return DataElement(tag, vr == .un ? .ob : vr, .fragments(try fragments(until: end))) }
      guard vr == .sq || vr == .un else { throw invalid("a value without a length", tag) }
      return DataElement(tag, .sq, .items(try items(until: end, encoding, depth, isDelimited: true)))
    }
    guard length <= end - position else { throw truncated(tag) }
    let range = position..<position + length
    defer { position = range.upperBound }
    guard vr == .sq else { return DataElement(tag, vr, try value(range, of: tag)) }
    do throws(DICOMError) {
      return DataElement(tag, vr, .items(try items(until: range.upperBound, encoding, depth, isDelimited: false)))
    } catch {
      // Its length says where the next element is; what becomes of its contents is for the caller to judge.
      return DataElement(tag, .un, try value(range, of: tag))
    }
  }

  /// A value as it is kept: small ones in memory.
  private mutating func value(_ range: Range<Int>, of tag: DICOMTag) throws(DICOMError) -> DataElement.Value {
    guard tag != .pixelData, range.count <= Self.largestReadAhead else { return .source(range) }
    try bytes.load(range)
    return bytes.keeps(range) ? .source(range) : .bytes(Array(bytes.loaded(range)))
  }

  private mutating func items(
    until end: Int, _ encoding: ElementEncoding, _ depth: Int, isDelimited: Bool
  ) throws(DICOMError) -> [[DataElement]] {
    var items: [[DataElement]] = []
    while position < end {
      guard position + 8 <= end else { throw truncated(nil) }
      try bytes.load(position..<position + 8)
      // CP-246: a sequence in a value of unknown VR is little endian, whatever surrounds it.
      var encoding = encoding
      if encoding.isBigEndian, bytes[position] == 0xFE { encoding = .implicitLittle }
      let tag = readTag(encoding)
      let length = readUnsigned(at: position, count: 4, encoding)
      position += 4
      if tag == .sequenceDelimitation, isDelimited { return items }
      guard tag == .item else { throw invalid("something other than an item in a sequence") }
      if length == Self.undefinedLength {
        items.append(try elements(until: end, encoding, depth: depth + 1, isDelimited: true))
      } else {
        guard length <= end - position else { throw truncated(nil) }
        let itemEnd = position + length
        items.append(try elements(until: itemEnd, encoding, depth: depth + 1))
        position = itemEnd
      }
    }
    if isDelimited { throw truncated(nil) }
    return items
  }

  /// Encapsulated pixel data (PS3.5 section A.4): items up to a delimiter.
  private mutating func fragments(until end: Int) throws(DICOMError) -> DataElement.Fragments {
    let start = position
    var items: [Range<Int>] = []
    while position + 8 <= end {
      try bytes.load(position..<position + 8)
      let tag = readTag(.explicitLittle)
      let length = readUnsigned(at: position, count: 4, .explicitLittle)
      position += 4
      if tag == .sequenceDelimitation { return DataElement.Fragments(range: start..<position, items: items) }
      guard tag == .item else { throw invalid("something other than a fragment", .pixelData) }
      guard length <= end - position else { throw truncated(.pixelData) }
      items.append(position..<position + length)
      position += length
    }
    throw truncated(.pixelData)
  }

  // MARK: Bytes

  /// The encoding in which the data set or item that begins here really is: some writers announce another one.
  mutating func encoding(until end: Int, announced: ElementEncoding) throws(DICOMError) -> ElementEncoding {
    guard position + 8 <= end, !announced.isBigEndian else { return announced }
    try bytes.load(position..<position + 8)
    if announced.isExplicit {
      // An item may begin with its own delimiter.
      let isDelimiter = bytes[position] == 0xFE && bytes[position + 1] == 0xFF
      return isDelimiter || hasLetters(at: position + 4) ? announced : .implicitLittle
    }
    guard let vr = ValueRepresentation(letters: letters(at: position + 4)) else { return announced }
    return vr == DICOMDictionary.vr(of: tag(at: position, announced)) ? .explicitLittle : announced
  }

  /// The encoding of a data set that comes without file meta information.
  mutating func guessedEncoding() throws(DICOMError) -> ElementEncoding {
    guard position + 8 <= bytes.count else { return .implicitLittle }
    try bytes.load(position..<position + 8)
    guard ValueRepresentation(letters: letters(at: position + 4)) != nil else { return .implicitLittle }
    return bytes[position] == 0 && bytes[position + 1] != 0 ? .explicitBig : .explicitLittle
  }

  /// What explicit encodings have for a VR.
  private func letters(at position: Int) -> UInt16 { UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1]) }

  /// Whether a VR can stand here, if only one that is younger than this program.
  private func hasLetters(at position: Int) -> Bool {
    (0x41...0x5A).contains(bytes[position]) && (0x41...0x5A).contains(bytes[position + 1])
  }

  /// Whether nothing but padding follows.
  private mutating func isZero(_ range: Range<Int>) throws(DICOMError) -> Bool {
    for position in range {
      try bytes.load(position..<position + 1)
      if bytes[position] != 0 { return false }
    }
    return true
  }

  private func readUnsigned(at position: Int, count: Int, _ encoding: ElementEncoding) -> Int {
    var value = 0
    for index in 0..<count {
      let byte = Int(bytes[position + index])
      value |= byte << (8 * (encoding.isBigEndian ? count - 1 - index : index))
    }
    return value
  }

  private func tag(at position: Int, _ encoding: ElementEncoding) -> DICOMTag {
    let group = readUnsigned(at: position, count: 2, encoding)
    let element = readUnsigned(at: position + 2, count: 2, encoding)
    return DICOMTag(rawValue: UInt32(group << 16 | element))
  }

  private mutating func readTag(_ encoding: ElementEncoding) -> DICOMTag {
    defer { position += 4 }
    return tag(at: position, encoding)
  }

  // MARK: Errors

  private func truncated(_ tag: DICOMTag?) -> DICOMError {
    DICOMError(
      .truncated, file: bytes.name, tag: tag, "the file was cut off, or a length in it is wrong",
      advice: "Fetch it from its source again")
  }

  private func invalid(_ problem: String, _ tag: DICOMTag? = nil) -> DICOMError {
    DICOMError(
      .invalid, file: bytes.name, tag: tag, problem, advice: "The file is damaged; fetch it from its source again")
  }
}

extension DICOMTag {
  static let item = DICOMTag(rawValue: 0xFFFE_E000)
  static let itemDelimitation = DICOMTag(rawValue: 0xFFFE_E00D)
  static let sequenceDelimitation = DICOMTag(rawValue: 0xFFFE_E0DD)
}
