/// The records of a text table by RFC 4180, and by the additional conventions of spreadsheets: any line end, `="3"`,
/// blanks around quotes.
struct DelimitedRecords {
  /// One record.
  struct Record {
    /// The line that it starts on, from 1.
    let line: Int
    let cells: [String]
  }

  /// A quotation mark that does not close at the end of its cell.
  struct UnclosedQuote: Error {
    /// The line of the mark.
    let line: Int
  }

  private let bytes: [UInt8]
  private let delimiter: UInt8
  private var place: Int
  private var line: Int

  /// Begins at byte `start`, on line `line`.
  init(_ bytes: [UInt8], delimiter: UInt8, from start: Int = 0, line: Int = 1) {
    self.bytes = bytes
    self.delimiter = delimiter
    place = start
    self.line = line
  }

  /// The next record; nil at the end.
  mutating func next() throws(UnclosedQuote) -> Record? {
    guard place < bytes.count else { return nil }
    let first = line
    var cells: [String] = []
    repeat { cells.append(try cell()) } while take(delimiter)
    if take(0x0D) {
      _ = take(0x0A)
      line += 1
    } else if take(0x0A) {
      line += 1
    }
    return Record(line: first, cells: cells)
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard place < bytes.count, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  /// One cell, up to the delimiter or line end behind it.
  private mutating func cell() throws(UnclosedQuote) -> String {
    let start = place
    skipBlanks()
    // ="0012" is how a table tells a spreadsheet to leave digits alone.
    if place + 1 < bytes.count, bytes[place] == 0x3D, bytes[place + 1] == 0x22 { place += 1 }
    if take(0x22) { return try quotedCell() }
    while place < bytes.count, !endsCell(bytes[place]) { place += 1 }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }

  private mutating func quotedCell() throws(UnclosedQuote) -> String {
    let opened = line
    var text: [UInt8] = []
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      if byte == 0x22, !take(0x22) {
        skipBlanks()
        guard place == bytes.count || endsCell(bytes[place]) else { throw UnclosedQuote(line: opened) }
        return String(decoding: text, as: UTF8.self)
      }
      let isLineEnd = byte == 0x0A || (byte == 0x0D && (place == bytes.count || bytes[place] != 0x0A))
      if isLineEnd { line += 1 }
      text.append(byte)
    }
    throw UnclosedQuote(line: opened)
  }

  private func endsCell(_ byte: UInt8) -> Bool { byte == delimiter || byte == 0x0A || byte == 0x0D }

  private mutating func skipBlanks() {
    while place < bytes.count, bytes[place] == 0x20 || (bytes[place] == 0x09 && delimiter != 0x09) { place += 1 }
  }
}
