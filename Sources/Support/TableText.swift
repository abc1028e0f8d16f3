import Foundation

/// The text of a table's file, whatever encoding the program that wrote it chose.
struct TableText {
  /// The text without a byte order mark, in UTF-8.
  let bytes: [UInt8]
  /// What was assumed of the file; nil where it says or shows its encoding.
  let assumption: String?

  /// Decodes the contents of a file.
  ///
  /// A byte order mark decides; without one, UTF-16 is told by its zero bytes and UTF-8 by its validity. Anything else
  /// is read as Windows-1252, in which spreadsheets of western languages write "CSV".
  /// - Throws: `StudyError` of kind `.invalidTable` where the file is a workbook, a picture of a table, or no text at all.
  init(_ data: Data, name: String) throws(StudyError) {
    func wrong(_ problem: String) -> StudyError { StudyError(.invalidTable, "\(name) \(problem)") }
    if let format = Self.otherFormat(data) {
      throw wrong(
        "is \(format) and not a text table; open it in a spreadsheet, save the sheet as \"CSV UTF-8\", and give that "
          + "file")
    }
    var bytes = Array(data)
    var assumption: String?
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      bytes.removeFirst(3)
    } else if let encoding = Self.wideEncoding(of: bytes) {
      guard bytes.count % 2 == 0, let text = String(data: data, encoding: encoding) else {
        throw wrong("is truncated or damaged UTF-16 text; save it again as \"CSV UTF-8\"")
      }
      bytes = Array(text.utf8)
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    }
    if let line = Self.line(in: bytes, of: { $0 == 0 }) {
      throw StudyError(
        .invalidTable,
        "\(name):\(line): a zero byte, so this is not a text table; save the sheet as \"CSV UTF-8\", and give that file"
      )
    }
    if String(validating: bytes, as: UTF8.self) == nil {
      let (text, hasUTF8) = try Self.westernText(bytes, name)
      guard !hasUTF8 else {
        throw wrong("mixes UTF-8 with another encoding, so it cannot be read reliably; save it again as \"CSV UTF-8\"")
      }
      bytes = Array(text.utf8)
      assumption =
        "\(name) is not UTF-8 and was read as Windows-1252; if letters with accents look wrong, save it as "
        + "\"CSV UTF-8\""
    }
    self.bytes = bytes
    self.assumption = assumption
  }

  /// UTF-16 by its mark, or by the zero bytes of plain letters.
  private static func wideEncoding(of bytes: [UInt8]) -> String.Encoding? {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return .utf16 }
    let sample = bytes.prefix(2048)
    guard sample.count >= 4 else { return nil }
    var zeros = (even: 0, odd: 0)
    for (index, byte) in sample.enumerated() where byte == 0 {
      if index.isMultiple(of: 2) { zeros.even += 1 } else { zeros.odd += 1 }
    }
    // Half of the letters' bytes: most letters of a table are plain.
    if zeros.odd * 4 > sample.count, zeros.even * 20 < sample.count { return .utf16LittleEndian }
    if zeros.even * 4 > sample.count, zeros.odd * 20 < sample.count { return .utf16BigEndian }
    return nil
  }

  /// The text in Windows-1252, and whether parts of it are UTF-8.
  private static func westernText(_ bytes: [UInt8], _ name: String) throws(StudyError) -> (String, hasUTF8: Bool) {
    if let line = line(in: bytes, of: { [0x81, 0x8D, 0x8F, 0x90, 0x9D].contains($0) }) {
      throw StudyError(
        .invalidTable,
        "\(name):\(line): a byte that is a letter neither in UTF-8 nor in Windows-1252; save it again as \"CSV UTF-8\"")
    }
    guard let text = String(data: Data(bytes), encoding: .windowsCP1252) else {
      throw StudyError(.invalidTable, "\(name) cannot be read as text; save it again as \"CSV UTF-8\"")
    }
    let repaired = String(decoding: bytes, as: UTF8.self)
    return (text, repaired.unicodeScalars.contains { $0.value > 0x7F && $0 != "\u{FFFD}" })
  }

  /// The line, from 1, of the first byte that `isFound` says yes to.
  private static func line(in bytes: [UInt8], of isFound: (UInt8) -> Bool) -> Int? {
    bytes.firstIndex(where: isFound).map { place in 1 + bytes[..<place].count { $0 == 0x0A } }
  }

  /// What the file is by its first bytes, where it is nothing that a table may be.
  private static func otherFormat(_ data: Data) -> String? {
    let start = data.prefix(8192)
    func has(_ text: String) -> Bool { start.range(of: Data(text.utf8)) != nil }
    if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      if has("opendocument.spreadsheet") { return "an OpenDocument spreadsheet (.ods)" }
      if has("xl/") || has("[Content_Types].xml") { return "an Excel workbook (.xlsx)" }
      return has("Index/") ? "a Numbers document or another zip archive" : "a zip archive"
    }
    if start.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) { return "an Excel workbook (.xls)" }
    if start.starts(with: [0x1F, 0x8B]) { return "a gzip archive" }
    if start.starts(with: Data("%PDF".utf8)) { return "a PDF document" }
    if start.starts(with: Data("SQLite format 3".utf8)) { return "an SQLite database" }
    if start.starts(with: Data("$FL2".utf8)) { return "an SPSS file" }
    let words = String(decoding: start.prefix(512), as: UTF8.self).lowercased()
      .trimmingCharacters(in: .whitespacesAndNewlines.union(CharacterSet(charactersIn: "\u{FEFF}")))
    if words.hasPrefix("<html") || words.hasPrefix("<!doctype html") || words.hasPrefix("<table") {
      return "a web page, as some systems export \"Excel\" files,"
    }
    return words.hasPrefix("<?xml") ? "an XML file" : nil
  }
}
