import DICOM

/// What becomes of each attribute: PS3.15 Table E.1-1 of edition 2026c, seen through options.
///
/// Where the table leaves a choice, the attribute is emptied if that is among the choices, else removed: in a CT image
/// such attributes are of type 2 or 3, and an invented date could be mistaken for a real one.
struct ConfidentialityProfile: Sendable {
  /// What becomes of one element.
  enum Action: Sendable {
    /// The element goes.
    case remove
    /// The element stays, without a value.
    case empty
    /// The value becomes one that says nothing.
    case replace
    /// The value becomes another UID.
    case map
    /// The value stays, if it is what its VR says; the items of a sequence are looked through.
    case keep
    /// The words of the value stay that are known to be harmless.
    case clean
    /// The date moves by the patient's offset.
    case shift
    /// The element would stay, but its value is not what its VR says, and goes.
    case discard
  }

  private let rules: [DICOMTag: Action]
  private let safePrivate: [ProfileTable.PrivateAttribute: ValueRepresentation]
  private let retainsUnlistedText: Bool
  private let retainsUIDs: Bool

  /// The profile as the options change it.
  init(_ options: DeidentificationOptions) {
    rules = ProfileTable.entries.mapValues { $0.action(options) }
    safePrivate = options.retainsSafePrivate ? ProfileTable.safePrivate : [:]
    retainsUnlistedText = options.retainsUnlistedText
    retainsUIDs = options.retainsUIDs
  }

  /// What becomes of each element of a data set or an item, in the order of their tags; a value that stands under
  /// another VR than its attribute's comes out under its own.
  func decisions(
    for elements: [DataElement], in file: DataSet, isItem: Bool = false
  ) -> [(element: DataElement, action: Action)] {
    let keptBlocks = Set(elements.compactMap { keptPrivateBlock($0, among: elements, in: file) })
    let holdsForeignCode = holdsForeignCode(elements, in: file)
    var previous: DICOMTag?
    return elements.sorted { $0.tag < $1.tag }.map { element in
      defer { previous = element.tag }
      // Readers differ in which of two they take.
      if element.tag == previous { return (element, .remove) }
      if element.isPrivate {
        guard let block = element.privateBlock, keptBlocks.contains(block) else { return (element, .remove) }
        let isKept = element.isPrivateCreator || keptPrivateBlock(element, among: elements, in: file) != nil
        return (element, isKept ? .keep : .remove)
      }
      if holdsForeignCode, Self.codeAttributes.contains(element.tag) { return (element, .remove) }
      // Nothing says how long the pixels of an item have to be.
      if isItem, Self.pixelAttributes.contains(element.tag) { return (element, .remove) }
      let element = restated(element, in: file)
      let action = action(for: element)
      switch (action, element.value) {
      case (.keep, .source), (.keep, .bytes):
        let isLongPixels = Self.pixelAttributes.contains(element.tag)
        return (element, isLongPixels || isPlausible(element, file.value(of: element)) ? action : .discard)
      default: return (element, action)
      }
    }
  }

  /// The pixels of an image, and where its frames begin among them.
  private static let pixelAttributes: Set<DICOMTag> = [
    .pixelData, .floatPixelData, .doubleFloatPixelData, .extendedOffsetTable, .extendedOffsetTableLengths,
  ]

  /// The element under its attribute's VR, where it came as a text and is one of that VR: PixelSpacing as UT.
  private func restated(_ element: DataElement, in file: DataSet) -> DataElement {
    guard element.vr.isCharacters, let known = DICOMDictionary.vr(of: element.tag), known != element.vr else {
      return element
    }
    // Whole numbers that should be binary stay characters, which readers take as well.
    let vr = known.number == nil ? known : .ds
    guard vr.isCharacters else { return element }
    let value = file.value(of: element).trimmingPadding()
    guard !value.isEmpty, value.count <= 0xFFFE, vr.isPlausible(value) else { return element }
    return DataElement(element.tag, vr, element.value)
  }

  private func action(for element: DataElement) -> Action {
    let tag = element.tag
    switch element.group {
    // Commands, file meta information and directories have no place in an image; the others are curves and overlays.
    case 0x0000, 0x0002, 0x0004, 0x5000...0x50FF, 0x6000...0x60FF: return .remove
    default: break
    }
    // Group lengths, which no longer hold.
    if tag.rawValue & 0xFFFF == 0 { return .remove }
    return rules[tag] ?? ProfileTable.retained[tag] ?? unlistedAction(tag, element.vr)
  }

  /// What becomes of an attribute that no list has.
  private func unlistedAction(_ tag: DICOMTag, _ vr: ValueRepresentation) -> Action {
    guard let known = DICOMDictionary.vr(of: tag) else { return .remove }
    guard vr != .un else { return known.content == .coded || known == .sq ? .discard : .remove }
    // The stated VR decides how the value is read, the dictionary's what it was meant to be: the more telling one
    // counts.
    let contents = [vr.content, known.content]
    if contents.contains(.sequence) { return vr == known ? .keep : .discard }
    if contents.contains(.uid) { return retainsUIDs ? .keep : .map }
    if contents.contains(.name) { return .remove }
    if contents.allSatisfy({ $0 == .coded }) || retainsUnlistedText { return .keep }
    return known.content == .coded ? .discard : .remove
  }

  /// Whether a value is one of its stated VR, and of the VR that the attribute should have.
  private func isPlausible(_ element: DataElement, _ value: ArraySlice<UInt8>) -> Bool {
    // Bytes that nobody can read, among them those of a sequence without items.
    guard element.vr != .un, element.vr.isPlausible(value) else { return false }
    guard let known = DICOMDictionary.vr(of: element.tag), known != element.vr else { return true }
    let isNumber = { (vr: ValueRepresentation) in vr.number != nil || vr == .ds || vr == .is }
    if isNumber(known), isNumber(element.vr) { return true }
    return known != .sq && known.isPlausible(value) && (known.isCharacters || !element.vr.isCharacters)
  }

  // MARK: Codes and private elements

  private static let codeAttributes: Set<DICOMTag> = [
    .codeValue, .codingSchemeDesignator, .codingSchemeVersion, .codeMeaning,
  ]

  /// Whether an item holds a code of a hospital's own, whose meaning may be any text.
  private func holdsForeignCode(_ elements: [DataElement], in file: DataSet) -> Bool {
    guard elements.contains(where: { $0.tag == .codeMeaning || $0.tag == .codeValue }) else { return false }
    return file.characters(.codingSchemeDesignator, in: elements).map { !ProfileTable.codingSchemes.contains($0) }
      ?? true
  }

  /// The block of a private element that stays, nil for any other element.
  private func keptPrivateBlock(
    _ element: DataElement, among elements: [DataElement], in file: DataSet
  ) -> UInt32? {
    guard !safePrivate.isEmpty, element.isPrivate, !element.isPrivateCreator, let block = element.privateBlock,
      let creator = file.characters(DICOMTag(rawValue: element.group << 16 | block & 0xFF), in: elements),
      let vr = safePrivate[
        ProfileTable.PrivateAttribute(creator: creator, group: element.group, element: element.tag.rawValue & 0xFF)],
      element.vr == vr || element.vr == .un && vr.isCharacters
    else { return nil }
    return vr.isPlausible(file.value(of: element)) ? block : nil
  }
}

extension DataElement {
  /// Whether the element reserves a block of private elements (PS3.5 section 7.8.1).
  fileprivate var isPrivateCreator: Bool { isPrivate && (0x10...0xFF).contains(tag.rawValue & 0xFFFF) }

  /// Group and block of a private element, as one number.
  fileprivate var privateBlock: UInt32? {
    guard isPrivate else { return nil }
    let element = tag.rawValue & 0xFFFF
    let block = isPrivateCreator ? element : element >> 8
    return (0x10...0xFF).contains(block) ? group << 16 | block : nil
  }
}

extension DICOMTag {
  static let codeValue = DICOMTag(rawValue: 0x0008_0100)
  static let codingSchemeDesignator = DICOMTag(rawValue: 0x0008_0102)
  static let codingSchemeVersion = DICOMTag(rawValue: 0x0008_0103)
  static let codeMeaning = DICOMTag(rawValue: 0x0008_0104)
  static let extendedOffsetTable = DICOMTag(rawValue: 0x7FE0_0001)
  static let extendedOffsetTableLengths = DICOMTag(rawValue: 0x7FE0_0002)
}
