public import DICOM

/// What became of the elements of one exam's files, by attribute; no value.
public struct DeidentificationAudit: Codable, Equatable, Sendable {
  /// What became of an element.
  public enum Outcome: String, Codable, CaseIterable, Comparable, Sendable {
    /// It is gone.
    case removed
    /// It has no value any more.
    case emptied
    /// It has another value.
    case replaced
    /// Its UIDs are others.
    case mapped
    /// Its date is another, by the patient's offset.
    case shifted
    /// Some of its words are gone.
    case cleaned
    /// It would have stayed, but its value is not what its VR or the standard's terms allow, and is gone.
    case unreadable
    /// It is as it was.
    case kept

    /// Orders as the cases are listed.
    public static func < (left: Outcome, right: Outcome) -> Bool {
      (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
  }

  /// How often one thing became of one attribute.
  public struct Entry: Codable, Equatable, Sendable {
    /// The tag and its keyword, such as `(0010,0010) PatientName`.
    public let attribute: String
    /// What became of it.
    public let outcome: Outcome
    /// In how many places, at the top level and in sequences.
    public let count: Int
  }

  private struct Key: Hashable {
    let tag: DICOMTag
    let outcome: Outcome
  }

  /// The number of files.
  public private(set) var files = 0
  /// The number of files that had something in their preamble, which is gone.
  public private(set) var preambles = 0
  /// The number of bytes after the data set, and beyond or beside the image in its pixel data, which are gone.
  public private(set) var trailingBytes = 0
  private var counts: [Key: Int] = [:]

  /// An audit of nothing.
  public init() {}

  /// By attribute, then by outcome.
  public var entries: [Entry] {
    counts.sorted { ($0.key.tag, $0.key.outcome) < ($1.key.tag, $1.key.outcome) }
      .map { Entry(attribute: $0.key.tag.description, outcome: $0.key.outcome, count: $0.value) }
  }

  /// Attributes that would have stayed, had their values been readable, and in how many places.
  public var unreadable: [(attribute: String, count: Int)] {
    entries.filter { $0.outcome == .unreadable }.map { ($0.attribute, $0.count) }
  }

  /// In how many places that became of the attribute.
  public func count(_ tag: DICOMTag, _ outcome: Outcome) -> Int { counts[Key(tag: tag, outcome: outcome), default: 0] }

  /// Adds another audit, such as the next file's.
  public mutating func add(_ other: DeidentificationAudit) {
    files += other.files
    preambles += other.preambles
    trailingBytes += other.trailingBytes
    counts.merge(other.counts, uniquingKeysWith: +)
  }

  mutating func note(_ tag: DICOMTag, _ outcome: Outcome) { counts[Key(tag: tag, outcome: outcome), default: 0] += 1 }

  mutating func noteFile(hasPreamble: Bool, trailingBytes: Int) {
    files += 1
    preambles += hasPreamble ? 1 : 0
    self.trailingBytes += trailingBytes
  }

  // MARK: Coding

  private enum CodingKeys: CodingKey {
    case files, preambles, trailingBytes, entries
  }

  /// Reads what `encode` wrote.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    files = try container.decode(Int.self, forKey: .files)
    preambles = try container.decode(Int.self, forKey: .preambles)
    trailingBytes = try container.decode(Int.self, forKey: .trailingBytes)
    for entry in try container.decode([Entry].self, forKey: .entries) {
      let digits = entry.attribute.prefix(10).filter(\.isHexDigit)
      guard let number = UInt32(digits, radix: 16) else {
        throw DecodingError.dataCorruptedError(forKey: .entries, in: container, debugDescription: "no tag")
      }
      counts[Key(tag: DICOMTag(rawValue: number), outcome: entry.outcome)] = entry.count
    }
  }

  /// Writes the numbers and the entries.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(files, forKey: .files)
    try container.encode(preambles, forKey: .preambles)
    try container.encode(trailingBytes, forKey: .trailingBytes)
    try container.encode(entries, forKey: .entries)
  }
}
