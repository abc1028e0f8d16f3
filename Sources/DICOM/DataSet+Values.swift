internal import CDICOM

/// Elements and values by tag: at the top level, or within an item of a sequence.
extension DataSet {
  /// The first element of that tag, which may be one of the file meta information; nil where there is none.
  package func element(_ tag: DICOMTag, in item: [DataElement]? = nil) -> DataElement? {
    (item ?? (tag.rawValue >> 16 == 0x0002 ? meta : elements)).first { $0.tag == tag }
  }

  /// The items of a sequence; none where it is absent.
  package func items(_ sequence: DICOMTag, in item: [DataElement]? = nil) -> [[DataElement]] {
    guard case .items(let items) = element(sequence, in: item)?.value else { return [] }
    return items
  }

  /// An item of a sequence; an empty one where it is absent.
  package func item(_ index: Int, of sequence: DICOMTag, in item: [DataElement]? = nil) -> [DataElement] {
    let items = items(sequence, in: item)
    return items.indices.contains(index) ? items[index] : []
  }

  /// The bytes of a value; empty for sequences, encapsulated pixel data, and large values that are on disk.
  package func value(of element: DataElement) -> ArraySlice<UInt8> {
    switch element.value {
    case .source(let range): bytes[range]
    case .bytes(let value): value[...]
    case .items, .fragments: []
    }
  }

  // MARK: Texts and numbers

  /// A value's characters as they are, without padding, in whatever character set; nil where it is absent or empty.
  package func characters(_ tag: DICOMTag, in item: [DataElement]? = nil) -> String? {
    element(tag, in: item).flatMap(characters(of:))
  }

  /// A value's characters as they are, without padding, in whatever character set; nil where it is empty.
  package func characters(of element: DataElement) -> String? {
    let trimmed = value(of: element).trimmingPadding()
    return trimmed.isEmpty ? nil : String(decoding: trimmed, as: UTF8.self)
  }

  /// The value as text without padding, or nil where it is absent, empty, or neither characters nor numbers.
  ///
  /// Several values stand between backslashes.
  package func text(_ tag: DICOMTag, in item: [DataElement]? = nil) -> String? {
    guard let element = element(tag, in: item) else { return nil }
    let vr = readingVR(of: element)
    guard vr.isCharacters else {
      guard let number = vr.number, case let numbers = binary(number, element), !numbers.isEmpty else { return nil }
      if case .real = number { return numbers.map { "\($0)" }.joined(separator: "\\") }
      return numbers.map { "\(Int(exactly: $0) ?? 0)" }.joined(separator: "\\")
    }
    let stored = value(of: element).prefix { $0 != 0 }.trimmingPadding()
    guard !stored.isEmpty else { return nil }
    let needsConversion = stored.contains { $0 >= 0x80 || $0 == 0x1B }
    let bytes = needsConversion ? converted(stored)[...] : stored
    let hasPaddedValues = !vr.isSingleText && bytes.contains(0x5C) && bytes.contains(0x20)
    guard hasPaddedValues else { return Self.string(bytes) }
    return Self.string(
      ArraySlice(
        bytes.split(separator: 0x5C, omittingEmptySubsequences: false).map { $0.trimmingPadding() }
          .joined(separator: [0x5C])))
  }

  /// What is not UTF-8 after the conversion is most likely undeclared Latin-1.
  private static func string(_ bytes: ArraySlice<UInt8>) -> String {
    String(validating: bytes, as: UTF8.self) ?? String(decoding: bytes.map(UInt16.init), as: UTF16.self)
  }

  /// In UTF-8, where DCMTK can convert the file's character set.
  private func converted(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let characterSet = characters(.specificCharacterSet) ?? ""
    var count = 0
    let converted = bytes.withUnsafeBytes { cd_utf8($0.baseAddress, $0.count, characterSet, &count) }
    guard let converted else { return Array(bytes) }
    return Array(UnsafeRawBufferPointer(start: converted, count: count))
  }

  /// The values as finite numbers; nil where the element is absent, or any value is not a number.
  package func numbers(_ tag: DICOMTag, in item: [DataElement]? = nil) -> [Double]? {
    guard let element = element(tag, in: item) else { return nil }
    return numberText(of: element)?.numbers
  }

  /// The values as finite numbers, and how they were written; nil as for `numbers`.
  func numberText(_ tag: DICOMTag, in item: [DataElement]? = nil) -> NumberText? {
    element(tag, in: item).flatMap(numberText(of:))
  }

  private func numberText(of element: DataElement) -> NumberText? {
    let vr = readingVR(of: element)
    if vr.isCharacters { return NumberText(value(of: element)) }
    let numbers = vr.number.map { binary($0, element) } ?? []
    return numbers.isEmpty || !numbers.allSatisfy(\.isFinite) ? nil : NumberText(numbers)
  }

  /// The VR that a value is read by: the file's, unless that cannot be true of what the dictionary knows.
  ///
  /// Bytes without meaning (OB, OW, UN) get that of the dictionary, and so do digits that are labelled as binary numbers.
  private func readingVR(of element: DataElement) -> ValueRepresentation {
    let isBytes = element.vr == .ob || element.vr == .ow || element.vr == .un
    guard isBytes || element.vr.number != nil, let known = DICOMDictionary.vr(of: element.tag), known != element.vr
    else {
      return element.vr
    }
    if isBytes { return known.isCharacters || known.number != nil ? known : element.vr }
    let value = value(of: element)
    let isDecimals =
      known == .ds && value.count > 4 && value.contains(0x2E)
      && value.allSatisfy { NumberText.isAllowed($0) || $0 == 0x20 || $0 == 0x5C }
    return isDecimals ? known : element.vr
  }

  /// The only or first value as a number.
  package func number(_ tag: DICOMTag, in item: [DataElement]? = nil) -> Double? { numbers(tag, in: item)?.first }

  /// The only or first value as a whole number.
  package func integer(_ tag: DICOMTag, in item: [DataElement]? = nil) -> Int? {
    number(tag, in: item).flatMap(Int.init(exactly:))
  }

  private func binary(_ number: ValueRepresentation.Number, _ element: DataElement) -> [Double] {
    let value = value(of: element)
    let width = number.width
    return (0..<value.count / width).map { index in
      let start = value.startIndex + index * width
      var bits: UInt64 = 0
      for byte in 0..<width {
        bits = bits << 8 | UInt64(value[start + (encoding.isBigEndian ? byte : width - 1 - byte)])
      }
      switch number {
      case .unsigned: return Double(bits)
      case .signed: return Double(Int64(bitPattern: bits << UInt64(64 - 8 * width)) >> Int64(64 - 8 * width))
      case .real(4): return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
      case .real: return Double(bitPattern: bits)
      }
    }
  }
}

extension ArraySlice<UInt8> {
  /// Without the spaces and zeros around it.
  package func trimmingPadding() -> ArraySlice<UInt8> { trimming { $0 == 0x20 || $0 == 0 } }

  func trimming(_ isUnwanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    guard let first = firstIndex(where: { !isUnwanted($0) }), let last = lastIndex(where: { !isUnwanted($0) }) else {
      return []
    }
    return self[first...last]
  }
}
