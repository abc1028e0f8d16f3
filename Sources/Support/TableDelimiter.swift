/// What separates the cells of a text table: what its first line states, or what its lines agree on.
struct TableDelimiter {
  /// The byte between cells.
  let byte: UInt8
  /// Where the header begins: the byte, and the line from 1.
  let start: (byte: Int, line: Int)

  /// In words, for messages.
  var name: String {
    switch byte {
    case 0x09: "tabs"
    case 0x2C: "commas"
    case 0x3B: "semicolons"
    case 0x7C: "vertical bars"
    default: "\"\(Character(UnicodeScalar(byte)))\""
    }
  }

  /// Reads `sep=;` in the first line, else chooses the delimiter by which most rows have as many cells as the header.
  ///
  /// - Throws: `StudyError` of kind `.invalidTable` where two delimiters do that equally well.
  init(_ bytes: [UInt8], name: String) throws(StudyError) {
    if let stated = Self.stated(bytes) {
      self = stated
      return
    }
    let found = [0x2C, 0x3B, 0x09, 0x7C].compactMap { Self.fit(of: $0, bytes) }
    let best = found.max { ($0.share, $0.columns) < ($1.share, $1.columns) }
    let equals = found.filter { $0.share == best?.share && $0.columns == best?.columns }
    start = (0, 1)
    byte = best?.byte ?? 0x2C
    guard equals.count < 2 else {
      let names = equals.map { TableDelimiter(byte: $0.byte, start: start).name }.joined(separator: " or by ")
      throw StudyError(
        .invalidTable,
        "\(name):1: the cells may be separated by \(names); state which in a first line such as sep=; and try again")
    }
  }

  private init(byte: UInt8, start: (byte: Int, line: Int)) {
    self.byte = byte
    self.start = start
  }

  private static func stated(_ bytes: [UInt8]) -> TableDelimiter? {
    let end = bytes.firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
    // A spreadsheet that knows nothing of the line quotes it, or fills it up to the width of the table.
    let line = bytes[..<end].filter { $0 != 0x22 }
    guard line.count >= 5, String(decoding: line.prefix(4), as: UTF8.self).lowercased() == "sep=",
      line[4] < 0x7F,
      !Character(UnicodeScalar(line[4])).isLetter, !Character(UnicodeScalar(line[4])).isNumber,
      line.dropFirst(5).allSatisfy({ $0 == line[4] || $0 == 0x20 || $0 == 0x2C || $0 == 0x3B })
    else { return nil }
    let isPair = end + 1 < bytes.count && bytes[end] == 0x0D && bytes[end + 1] == 0x0A
    return TableDelimiter(byte: line[4], start: (min(bytes.count, end + (isPair ? 2 : 1)), 2))
  }

  /// How well a delimiter fits the first rows: the share of those as wide as the header; nil where that is one cell.
  private static func fit(of byte: UInt8, _ bytes: [UInt8]) -> (byte: UInt8, share: Double, columns: Int)? {
    var records = DelimitedRecords(bytes, delimiter: byte)
    var header: (named: Int, all: Int)?
    var (rows, fitting) = (0, 0)
    while rows < 200 {
      // A quotation mark that does not close is told once the delimiter is known.
      guard let record = try? records.next() else { break }
      let width = 1 + (record.cells.lastIndex { !$0.allSatisfy(\.isWhitespace) } ?? -1)
      guard width > 0 else { continue }
      guard let header else {
        header = (width, record.cells.count)
        continue
      }
      rows += 1
      if record.cells.count >= header.named, width <= header.all { fitting += 1 }
    }
    guard let columns = header?.named, columns > 1 else { return nil }
    return (byte, rows == 0 ? 1 : Double(fitting) / Double(rows), columns)
  }
}
