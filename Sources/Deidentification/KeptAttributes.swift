import DICOM

/// What options keep: the attributes by name, and the rules for those that no list names.
public struct KeptAttributes: CustomStringConvertible, Sendable {
  /// One attribute.
  public struct Entry: Equatable, Sendable {
    /// The tag and its keyword, such as `(0010,0040) PatientSex`.
    public let attribute: String
    /// What of it stays.
    public let what: String
    let tag: DICOMTag
  }

  /// In the order of their tags.
  public let entries: [Entry]
  /// What becomes of the other attributes, a sentence each.
  public let rules: [String]

  /// What these options keep.
  public init(_ options: DeidentificationOptions) {
    let listed = ProfileTable.entries.mapValues { ($0.action(options), "PS3.15 Table E.1-1") }
    let unlisted = ProfileTable.retained.mapValues { ($0, "not listed by PS3.15") }
    var kept: [Entry] = []
    for (tag, (action, source)) in listed.merging(unlisted, uniquingKeysWith: { first, _ in first }) {
      let what: String
      switch action {
      case .keep where DICOMDictionary.vr(of: tag) == .sq: what = "its items, by the same rules"
      case .keep: what = "the value"
      case .clean: what = "words that say what was scanned and how"
      case .shift: what = "the date, moved by the patient's offset"
      case .remove, .empty, .replace, .map, .discard: continue
      }
      kept.append(Entry(attribute: tag.description, what: "\(what) (\(source))", tag: tag))
    }
    for (attribute, _) in options.retainsSafePrivate ? ProfileTable.safePrivate : [:] {
      let tag = DICOMTag(rawValue: attribute.group << 16 | 0x1000 | attribute.element)
      kept.append(
        Entry(
          attribute: String(tag.description.prefix(11)) + " of \(attribute.creator)",
          what: "the number (PS3.15 Table E.3.10-1; 10 stands for the creator's block)", tag: tag))
    }
    entries = kept.sorted { ($0.tag, $0.attribute) < ($1.tag, $1.attribute) }
    rules = Self.rules(options)
  }

  private static func rules(_ options: DeidentificationOptions) -> [String] {
    var rules = [
      "Other attributes of PS3.6 whose VR is a number (DS, IS, FD, FL, SL, SS, SV, UL, US, UV) or a tag (AT): the value, if "
        + "it is one. A patient's number in such an attribute is kept.",
      "Other attributes of coded strings (CS): the values that PS3.3 defines for them, and words of coded-words.txt and "
        + "descriptor-words.txt.",
      "Other sequences: their items, by the same rules.",
      options.retainsUIDs
        ? "UIDs: the value." : "UIDs: DICOM's own (1.2.840.10008...); others are replaced by UIDs from the key.",
      "PatientName and PatientID: the pseudonym.",
      "Pixel data: the pixels of the image; no bytes beyond it, and no comments within compressed frames.",
    ]
    if options.retainsUnlistedText {
      rules.append("Texts, times and bytes of attributes of PS3.6 that PS3.15 does not list: the value.")
    }
    if options.admitsImagesWithText { rules.append("Text in the pixels, which is not searched for.") }
    return rules
  }

  /// A line for each attribute and each rule.
  public var description: String {
    (entries.map { "\($0.attribute): \($0.what)" } + rules).joined(separator: "\n")
  }
}
