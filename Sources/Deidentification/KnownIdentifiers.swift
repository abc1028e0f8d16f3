public import DICOM
public import Foundation

/// Names, numbers and days of patients, searched for in every byte of de-identified files.
///
/// The search knows neither PS3.15's tables nor what a file's structure says of a byte: it goes through all of them, in
/// capitals or not, as UTF-8, as they stood in the original, and as UTF-16.
public struct KnownIdentifiers: Sendable {
  private let options: DeidentificationOptions
  /// Attributes that the options keep: what stands there in the originals may be in the outcome.
  private let kept: Set<DICOMTag>
  private var texts: Set<[UInt8]> = []
  private var patterns = BytePatterns()
  /// The days in an original, by the hash of its pixels: where dates move, those of the same image must be others.
  private var days: [Int: Set<String>] = [:]
  /// What could not be searched for, a sentence each.
  public private(set) var doubts: [String] = []

  /// The shortest text that is searched for: shorter ones stand in any image by chance.
  private static let shortest = 4

  /// Nothing yet; `options` are those by which the files were de-identified.
  public init(options: DeidentificationOptions = .basic) {
    self.options = options
    kept = Set(KeptAttributes(options).entries.map(\.tag))
  }

  /// Adds a name, a number or another text.
  public mutating func add(text: String) {
    let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    for written in [text, text.replacingOccurrences(of: "^", with: " ")] { add(bytes: Array(written.utf8)) }
  }

  /// Adds what identifies persons in the files of a folder.
  ///
  /// Persons' names and their parts, texts of every other attribute that the options remove, private ones among them, days
  /// and UIDs; not what only says how something was scanned. `progress` is told how many files are done, and of how many.
  /// - Throws: `DICOMError` where the folder cannot be listed.
  public mutating func add(
    originals folder: URL, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(DICOMError) {
    let files = try FolderContents.files(below: folder)
    var unreadable = 0
    for (index, entry) in files.enumerated() {
      if let file = (try? entry.data()).flatMap({ try? DataSet(original: $0, name: "original") }) {
        add(original: file)
      } else {
        unreadable += 1
      }
      progress(index + 1, files.count)
    }
    if unreadable > 0 {
      doubts.append("\(unreadable) of the original files cannot be read; their contents were not searched for.")
    }
  }

  /// Adds what identifies persons in a file.
  mutating func add(original file: DataSet) {
    var found = Found()
    collect(file.elements + file.meta.filter(Self.isAboutTheSender), of: file, &found)
    // What an attribute that stays says too is no one's secret.
    let stays = Array(found.kept.joined(separator: [0x5C]))
    for text in found.texts where !Self.contains(stays, text) { add(bytes: text) }
    for name in found.names { add(bytes: name) }
    for day in found.days { if options.dates != .full { addDay(day) } }
    if let hash = Self.pixelHash(file) { days[hash, default: []].formUnion(found.days) }
  }

  // MARK: Collecting

  /// Whether an element of the file meta information tells more than how the file is encoded and what program wrote it.
  private static func isAboutTheSender(_ element: DataElement) -> Bool {
    element.tag.rawValue == 0x0002_0003 || element.tag.rawValue > 0x0002_0013
  }

  private struct Found {
    var names: Set<[UInt8]> = []
    var texts: Set<[UInt8]> = []
    var kept: [[UInt8]] = []
    var days: Set<String> = []
  }

  private func collect(_ elements: [DataElement], of file: DataSet, _ found: inout Found) {
    for element in elements {
      if case .items(let items) = element.value {
        for item in items { collect(item, of: file, &found) }
        continue
      }
      let value = file.value(of: element).trimmingPadding()
      guard !value.isEmpty, value.count <= 1 << 16 else { continue }
      switch element.vr {
      case .pn:
        found.names.insert(Array(value))
        // A part that is a word of radiology too, such as Perfusion, is searched for within the whole name alone.
        let parts = value.split { "^= ,\\".utf8.contains($0) }.map { Array($0) }
        found.names.formUnion(parts.filter { !CodedTerms.isWord(String(decoding: $0, as: UTF8.self)) })
        found.names.insert(value.map { $0 == 0x5E ? 0x20 : $0 })
      case .da, .dt:
        for part in value.split(separator: 0x5C) {
          let day = String(decoding: part.prefix(8), as: UTF8.self)
          if DateShift(days: 0).moved(day) != nil, part.count >= 8 { found.days.insert(day) }
        }
      case .ui:
        for part in value.split(separator: 0x5C) where !options.retainsUIDs {
          let uid = part.trimmingPadding()
          if !DICOMUID.isWellKnown(String(decoding: uid, as: UTF8.self)), uid.count >= 8 {
            found.texts.insert(Array(uid))
          }
        }
      case .cs:
        let text = String(decoding: value, as: UTF8.self)
        if CodedTerms.known(text, of: element.tag) == text { found.kept.append(BytePatterns.lowered(value)) }
      case .ds, .is: found.kept.append(BytePatterns.lowered(value))
      case .as, .tm, .at, .fd, .fl, .sl, .ss, .sv, .ul, .us, .uv, .sq: continue
      case .od, .of, .ol, .ov, .ow: continue
      case .ob, .un: if EmbeddedText.isFound(in: value) { found.texts.insert(Array(value)) }
      case .ae, .lo, .lt, .sh, .st, .uc, .ur, .ut:
        if kept.contains(element.tag) || element.tag == .codeMeaning {
          found.kept.append(BytePatterns.lowered(value))
        } else {
          found.texts.formUnion(value.split(separator: 0x5C).map { Array($0.trimmingPadding()) }.filter(Self.isTelling))
        }
      }
    }
  }

  /// Whether a text may name somebody: it has a word that says nothing of a scan, or a number of some length.
  private static func isTelling(_ text: [UInt8]) -> Bool {
    let text = String(decoding: text, as: UTF8.self)
    let words = text.split { !($0.isLetter || $0.isNumber) }.map(String.init)
    return words.contains { $0.count >= 4 && !DescriptorCleaner.isKnown($0) }
  }

  private mutating func addDay(_ day: String) {
    let (year, month, date) = (day.prefix(4), day.dropFirst(4).prefix(2), day.suffix(2))
    for written in [day, "\(year)-\(month)-\(date)", "\(year)/\(month)/\(date)", "\(date).\(month).\(year)"] {
      add(bytes: Array(written.utf8), isDay: true)
    }
  }

  private mutating func add(bytes: [UInt8], isDay: Bool = false) {
    let text = BytePatterns.lowered(bytes[...])
    guard text.count >= Self.shortest, texts.insert(text).inserted else { return }
    patterns.add(text, isDay: isDay)
    // In UTF-16 each character has a zero before or behind it: one pattern finds both.
    let characters = Array(String(decoding: bytes, as: UTF8.self).lowercased().utf16)
    var wide: [UInt8] = []
    for character in characters { wide += [UInt8(character & 0xFF), UInt8(character >> 8)] }
    patterns.add(Array(wide.dropLast()), isDay: isDay)
  }

  // MARK: Searching

  /// Whether anything stands in bytes of which nothing else is known.
  func isFound(in bytes: [UInt8]) -> Bool { !patterns.matches(in: bytes).isEmpty }

  /// The attributes in which something stands, nil for a place outside of them.
  func places(in file: DataSet, _ data: [UInt8]) -> [DICOMTag?] {
    var places: Set<DICOMTag?> = []
    let whole = file.bytes.bytesInMemory
    let spans = Self.spans(file.meta + file.elements)
    for match in patterns.matches(in: whole) {
      let span = spans.last { $0.range.contains(match.position) }
      if let span, isChance(match, span.element) { continue }
      places.insert(span?.element.tag)
    }
    // What stands before a deflated data set.
    if data.count != whole.count, !patterns.matches(in: data).isEmpty { places.insert(nil) }
    if options.dates == .modified, let hash = Self.pixelHash(file), let days = days[hash] {
      for element in Self.leaves(file.elements) where element.vr == .da || element.vr == .dt {
        let day = String(decoding: file.value(of: element).trimmingPadding().prefix(8), as: UTF8.self)
        if days.contains(day) { places.insert(element.tag) }
      }
    }
    return places.sorted { ($0?.rawValue ?? 0) < ($1?.rawValue ?? 0) }
  }

  /// Whether a match says nothing: a few bytes among pixels, or a day that is another patient's moved one.
  private func isChance(_ match: BytePatterns.Match, _ element: DataElement) -> Bool {
    switch element.tag {
    case .pixelData, .floatPixelData, .doubleFloatPixelData: return match.count < 6
    default: break
    }
    return match.isDay && (element.vr == .da || element.vr == .dt) && options.dates == .modified
      || match.isDay && element.vr == .ui
  }

  private static func leaves(_ elements: [DataElement]) -> [DataElement] {
    elements.flatMap { element -> [DataElement] in
      if case .items(let items) = element.value { return items.flatMap { leaves($0) } }
      return [element]
    }
  }

  /// Where values lie, those within a sequence behind it.
  private static func spans(_ elements: [DataElement]) -> [(range: Range<Int>, element: DataElement)] {
    leaves(elements).compactMap { element in
      switch element.value {
      case .source(let range): (range, element)
      case .fragments(let fragments): (fragments.range, element)
      case .items, .bytes: nil
      }
    }
  }

  private static func pixelHash(_ file: DataSet) -> Int? {
    guard case .source(let range)? = file.element(.pixelData)?.value else { return nil }
    // The same within one run of the program, which is as long as it is needed.
    let count = min(range.count, file.statedPixelByteCount ?? range.count)
    return file.bytes[range].prefix(count).hashValue
  }

  private static func contains(_ whole: [UInt8], _ part: [UInt8]) -> Bool {
    let part = BytePatterns.lowered(part[...])
    guard !part.isEmpty, whole.count >= part.count else { return false }
    return (0...whole.count - part.count).contains { whole[$0..<$0 + part.count].elementsEqual(part) }
  }
}
