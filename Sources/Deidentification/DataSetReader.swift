import DICOM

/// Reads elements from bytes, in any encoding, and refuses what it does not understand in full.
struct DataSetReader {
  private let bytes: [UInt8]
  private let name: String
  private(set) var position: Int

  private static let maximumDepth = 32
  private static let undefinedLength = 0xFFFF_FFFF

  init(_ bytes: [UInt8], name: String, position: Int = 0) {
    self.bytes = bytes
    self.name = name
    self.position = position
  }

  /// The elements up to `end`, of the data set or of an item; of the data set, only up to its pixel data.
  ///
  /// - Throws: `DICOMError` where a value runs over `end`, or the encoding is not DICOM's.
  mutating func elements(
    until end: Int, _ encoding: ElementEncoding, depth: Int = 0, isDelimited: Bool = false
  ) throws(DICOMError) -> [DataElement] {
    guard depth <= Self.maximumDepth else { throw invalid("sequences are nested more than \(Self.maximumDepth) deep") }
    var elements: [DataElement] = []
    let encoding = self.encoding(until: end, announced: encoding)
    while position < end {
      if depth == 0, isZero(position..<end) { break }
      guard position + 8 <= end else { throw truncated(nil) }
      let tag = readTag(encoding)
      if tag == .itemDelimitation {
        guard isDelimited else { throw invalid("an item ends that did not begin") }
        position += 4
        return elements
      }
      guard tag.rawValue >> 16 != 0xFFFE else { throw invalid("a delimiter stands where an element is expected") }
      let element = try element(tag, until: end, encoding, depth)
      elements.append(element)
      if depth == 0, tag == .pixelData { return elements }
    }
    if isDelimited { throw truncated(nil) }
    return elements
  }

  /// The file meta information, if there is any: the elements of group 0002, which its own group length often
  /// miscounts.
  mutating func metaElements() throws(DICOMError) -> [DataElement] {
    var elements: [DataElement] = []
    while position + 8 <= bytes.count, bytes[position] == 2, bytes[position + 1] == 0 {
      elements.append(try element(readTag(.explicitLittle), until: bytes.count, .explicitLittle, 0))
    }
    return elements
  }

  // MARK: One element

  private mutating func element(
    _ tag: DICOMTag, until end: Int, _ encoding: ElementEncoding, _ depth: Int
  ) throws(DICOMError) -> DataElement {
    var vr = ValueRepresentation.un
    var length: Int
    if encoding.isExplicit {
      let stated = ValueRepresentation(rawValue: letters(at: position))
      vr = stated ?? .un
      if vr.hasLongLength {
        guard position + 8 <= end else { throw truncated(tag) }
        length = readUnsigned(at: position + 4, count: 4, encoding)
        position += 8
      } else {
        length = readUnsigned(at: position + 2, count: 2, encoding)
        position += 4
      }
    } else {
      length = readUnsigned(at: position, count: 4, encoding)
      position += 4
    }
    // What a sender did not know, or implicit encoding does not say, the dictionary may.
    if vr == .un, let known = DICOMDictionary.vr(of: tag).flatMap(ValueRepresentation.init(rawValue:)),
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
    guard vr == .sq else { return DataElement(tag, vr, .source(range)) }
    do {
      return DataElement(tag, vr, .items(try items(until: range.upperBound, encoding, depth, isDelimited: false)))
    } catch {
      // Its length says where the next element is; that its contents cannot be understood is for the profile to judge.
      return DataElement(tag, .un, .source(range))
    }
  }

  private mutating func items(
    until end: Int, _ encoding: ElementEncoding, _ depth: Int, isDelimited: Bool
  ) throws(DICOMError) -> [[DataElement]] {
    var items: [[DataElement]] = []
    while position < end {
      guard position + 8 <= end else { throw truncated(nil) }
      // CP-246: a sequence in a value of unknown VR is little endian, whatever surrounds it.
      var encoding = encoding
      if encoding.isBigEndian, bytes[position] == 0xFE { encoding = .implicitLittle }
      let tag = readTag(encoding)
      let length = readUnsigned(at: position, count: 4, encoding)
      position += 4
      if tag == .sequenceDelimitation, isDelimited { return items }
      guard tag == .item else { throw invalid("something else than an item in a sequence") }
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
  private mutating func fragments(until end: Int) throws(DICOMError) -> Range<Int> {
    let start = position
    while position + 8 <= end {
      let tag = readTag(.explicitLittle)
      let length = readUnsigned(at: position, count: 4, .explicitLittle)
      position += 4
      if tag == .sequenceDelimitation { return start..<position }
      guard tag == .item else { throw invalid("something else than a fragment", .pixelData) }
      guard length <= end - position else { throw truncated(.pixelData) }
      position += length
    }
    throw truncated(.pixelData)
  }

  // MARK: Bytes

  /// The encoding in which the data set or item that begins here really is: some writers announce another one.
  func encoding(until end: Int, announced: ElementEncoding) -> ElementEncoding {
    guard position + 8 <= end, !announced.isBigEndian else { return announced }
    let letters = letters(at: position + 4)
    if announced.isExplicit {
      // An item may begin with its own delimiter.
      let isDelimiter = bytes[position] == 0xFE && bytes[position + 1] == 0xFF
      return isDelimiter || letters.utf8.allSatisfy { (0x41...0x5A).contains($0) } ? announced : .implicitLittle
    }
    var ahead = self
    return letters == DICOMDictionary.vr(of: ahead.readTag(announced)) ? .explicitLittle : announced
  }

  /// The encoding of a data set that comes without file meta information.
  func guessedEncoding() -> ElementEncoding {
    guard position + 8 <= bytes.count else { return .implicitLittle }
    guard ValueRepresentation(rawValue: letters(at: position + 4)) != nil else { return .implicitLittle }
    return bytes[position] == 0 && bytes[position + 1] != 0 ? .explicitBig : .explicitLittle
  }

  private func letters(at position: Int) -> String { String(decoding: bytes[position..<position + 2], as: UTF8.self) }

  private func isZero(_ range: Range<Int>) -> Bool {
    bytes[range.lowerBound] == 0 && bytes[range].allSatisfy { $0 == 0 }
  }

  private func readUnsigned(at position: Int, count: Int, _ encoding: ElementEncoding) -> Int {
    let value = bytes[position..<position + count]
    return encoding.isBigEndian
      ? value.reduce(0) { $0 << 8 | Int($1) } : value.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private mutating func readTag(_ encoding: ElementEncoding) -> DICOMTag {
    let group = readUnsigned(at: position, count: 2, encoding)
    let element = readUnsigned(at: position + 2, count: 2, encoding)
    position += 4
    return DICOMTag(rawValue: UInt32(group << 16 | element))
  }

  // MARK: Errors

  private func truncated(_ tag: DICOMTag?) -> DICOMError {
    DICOMError(
      .truncated, file: name, tag: tag, "the file was cut off, or a length in it is wrong",
      advice: "Fetch it from its source again")
  }

  private func invalid(_ problem: String, _ tag: DICOMTag? = nil) -> DICOMError {
    DICOMError(.invalid, file: name, tag: tag, problem, advice: "The file is damaged; fetch it from its source again")
  }
}

extension DICOMTag {
  static let item = DICOMTag(rawValue: 0xFFFE_E000)
  static let itemDelimitation = DICOMTag(rawValue: 0xFFFE_E00D)
  static let sequenceDelimitation = DICOMTag(rawValue: 0xFFFE_E0DD)
}
