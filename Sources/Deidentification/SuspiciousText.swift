import DICOM

/// Texts in a file that are written like a person's, whatever their attributes, VRs and nesting.
struct SuspiciousText {
  /// Attributes whose text an option of PS3.15 or the user keeps, whatever it says.
  private let admitted: Set<DICOMTag>
  private let options: DeidentificationOptions

  init(_ options: DeidentificationOptions) {
    self.options = options
    let kept = KeptAttributes(options).entries.map(\.tag).filter { ProfileTable.retained[$0] == nil }
    admitted = Set(kept).union([.codeValue, .codingSchemeVersion, .deidentificationMethod])
  }

  /// The attributes with such a text.
  func tags(in file: DataSet) -> [DICOMTag] { tags(file.meta + file.elements, file) }

  private func tags(_ elements: [DataElement], _ file: DataSet) -> [DICOMTag] {
    elements.flatMap { element -> [DICOMTag] in
      if case .items(let items) = element.value { return items.flatMap { tags($0, file) } }
      return isSuspicious(element, file) ? [element.tag] : []
    }
  }

  private func isSuspicious(_ element: DataElement, _ file: DataSet) -> Bool {
    guard !admitted.contains(element.tag), element.tag != .pixelData else { return false }
    let value = file.value(of: element)
    switch element.vr {
    case .ui: return false
    case .da, .dt, .tm: return options.dates == .removed && value.contains { (0x31...0x39).contains($0) }
    case .pn, .ae, .lo, .sh, .st, .lt, .uc, .ut, .ur, .cs, .as:
      if options.retainsUnlistedText, element.vr != .cs, element.vr != .as { return false }
      guard let text = file.characters(of: element), !PseudonymKey.isPseudonym(text) else { return false }
      return IdentifierPattern.isFound(in: text)
    case .ds, .is: return value.contains { (0x40...0x7A).contains($0) && $0 != 0x45 && $0 != 0x65 && $0 != 0x5C }
    case .at, .fd, .fl, .sl, .ss, .sv, .ul, .us, .uv, .ob, .od, .of, .ol, .ov, .ow, .un:
      // Also what was written in UTF-16.
      return EmbeddedText.isFound(in: value) || EmbeddedText.isFound(in: value.lazy.filter { $0 != 0 })
    case .sq: return false
    }
  }
}
