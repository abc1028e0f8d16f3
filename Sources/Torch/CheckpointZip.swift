import Foundation

/// The members of a zip archive that is mapped into memory: where their elements lie, so that none is copied.
///
/// libarchive, which reads all other archives, does not say where a member lies. It also reads the members that torch.save
/// streams, whose sizes stand behind them, up to a mark that elements may hold as well.
///
/// Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3 (zip64).
struct CheckpointZip {
  /// One file of the archive.
  struct Member {
    /// Its path in the archive.
    let name: String
    /// How its bytes are packed: 0 as they are, 8 deflated.
    let method: Int
    /// Where its bytes, as packed, lie in the archive.
    let range: Range<Int>
    /// How many bytes it has when unpacked.
    let size: Int
  }

  /// The members in the order of the central directory.
  let members: [Member]
  private let file: CheckpointCursor

  /// Reads the directory of an archive.
  ///
  /// - Throws: `CheckpointError` where the file is no zip archive, is cut off or encrypted.
  init(_ file: CheckpointCursor) throws(CheckpointError) {
    self.file = file
    let (count, start, size) = try Self.directory(of: file)
    guard start >= 0, size >= 0, start <= file.end, size <= file.end - start else {
      throw file.error("the zip archive's directory lies outside the file", at: 0)
    }
    var cursor = CheckpointCursor(file.bytes, file: file.file, range: start..<start + size)
    var members: [Member] = []
    while members.count < count { members.append(try Self.member(&cursor, in: file)) }
    self.members = members
  }

  /// Where the bytes of a member lie that is stored as it is.
  func storedRange(of member: Member) throws(CheckpointError) -> Range<Int> {
    guard member.method == 0, member.size == member.range.count else {
      throw file.error(
        "the member \(member.name) is compressed (method \(member.method)); torch.save stores members uncompressed. "
          + "Unpack the archive and pack it again with zip -0", at: member.range.lowerBound)
    }
    return member.range
  }

  /// The number of members, and the directory's start and size, from the record at the archive's end.
  private static func directory(of file: CheckpointCursor) throws(CheckpointError) -> (
    count: Int, start: Int, size: Int
  ) {
    // The record is the last thing in the file but for a comment of at most 65,535 bytes.
    let tail = file.bytes.suffix(22 + 65_535)
    guard let end = tail.range(of: Data([0x50, 0x4B, 0x05, 0x06]), options: .backwards)?.lowerBound else {
      throw file.error("the zip archive has no directory; the file is cut off", at: file.end)
    }
    var cursor = CheckpointCursor(file.bytes, file: file.file, range: end..<file.end)
    _ = try cursor.skip(10, "the archive's last record")
    let count = Int(try cursor.integer(UInt16.self, "the archive's last record"))
    let size = Int(try cursor.integer(UInt32.self, "the archive's last record"))
    let start = Int(try cursor.integer(UInt32.self, "the archive's last record"))
    guard count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF else { return (count, start, size) }

    // Zip64: a locator of 20 bytes before the record says where the larger record is.
    guard end >= 20 else { return (count, start, size) }
    var locator = CheckpointCursor(file.bytes, file: file.file, range: end - 20..<end)
    guard try locator.integer(UInt32.self, "the zip64 locator") == 0x0706_4B50 else { return (count, start, size) }
    _ = try locator.skip(4, "the zip64 locator")
    let place = Int(clamping: try locator.integer(UInt64.self, "the zip64 locator"))
    guard place <= end - 56 else { throw file.error("the zip64 record lies outside the file", at: end - 20) }
    var record = CheckpointCursor(file.bytes, file: file.file, range: place..<end)
    guard try record.integer(UInt32.self, "the zip64 record") == 0x0606_4B50 else {
      throw file.error("the zip64 record is missing", at: place)
    }
    _ = try record.skip(28, "the zip64 record")
    let largeCount = Int(clamping: try record.integer(UInt64.self, "the zip64 record"))
    let largeSize = Int(clamping: try record.integer(UInt64.self, "the zip64 record"))
    return (largeCount, Int(clamping: try record.integer(UInt64.self, "the zip64 record")), largeSize)
  }

  private static func member(
    _ cursor: inout CheckpointCursor, in file: CheckpointCursor
  ) throws(CheckpointError) -> Member {
    let what = "the zip archive's directory"
    let start = cursor.position
    guard try cursor.integer(UInt32.self, what) == 0x0201_4B50 else {
      throw cursor.error("expected an entry of the zip archive's directory", at: start)
    }
    _ = try cursor.skip(4, what)
    let flags = try cursor.integer(UInt16.self, what)
    let method = Int(try cursor.integer(UInt16.self, what))
    _ = try cursor.skip(8, what)
    var packed = UInt64(try cursor.integer(UInt32.self, what))
    var size = UInt64(try cursor.integer(UInt32.self, what))
    let nameLength = Int(try cursor.integer(UInt16.self, what))
    let extraLength = Int(try cursor.integer(UInt16.self, what))
    let commentLength = Int(try cursor.integer(UInt16.self, what))
    _ = try cursor.skip(8, what)
    var header = UInt64(try cursor.integer(UInt32.self, what))
    let name = String(decoding: try cursor.take(nameLength, what), as: UTF8.self)
    var extra = CheckpointCursor(file.bytes, file: file.file, range: try cursor.skip(extraLength, what))
    _ = try cursor.skip(commentLength, what)
    while extra.remaining >= 4 {
      let tag = try extra.integer(UInt16.self, what)
      let length = Int(try extra.integer(UInt16.self, what))
      var field = CheckpointCursor(file.bytes, file: file.file, range: try extra.skip(length, what))
      guard tag == 1 else { continue }
      // Zip64 gives only the values that did not fit, in this order.
      if size == 0xFFFF_FFFF { size = try field.integer(UInt64.self, what) }
      if packed == 0xFFFF_FFFF { packed = try field.integer(UInt64.self, what) }
      if header == 0xFFFF_FFFF { header = try field.integer(UInt64.self, what) }
    }
    guard flags & 1 == 0 else { throw cursor.error("the member \(name) is encrypted", at: start) }

    let place = Int(clamping: header)
    guard place <= file.end else { throw cursor.error("the member \(name) lies outside the file", at: start) }
    var local = CheckpointCursor(file.bytes, file: file.file, range: place..<file.end)
    guard try local.integer(UInt32.self, "the member \(name)") == 0x0403_4B50 else {
      throw local.error("expected the start of the member \(name)", at: place)
    }
    _ = try local.skip(22, "the member \(name)")
    // The local name and extra field have lengths of their own: torch.save pads there to align the elements.
    let localName = Int(try local.integer(UInt16.self, "the member \(name)"))
    let localExtra = Int(try local.integer(UInt16.self, "the member \(name)"))
    _ = try local.skip(localName + localExtra, "the member \(name)")
    let range = try local.skip(Int(clamping: packed), "the member \(name)")
    return Member(name: name, method: method, range: range, size: Int(clamping: size))
  }
}

extension StateDictionary {
  /// Reads the layout of PyTorch since 1.6: `<name>/data.pkl` beside one member `<name>/data/<key>` for each storage.
  init(zip file: CheckpointCursor) throws(CheckpointError) {
    let archive = try CheckpointZip(file)
    let pickles = archive.members.filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
    guard pickles.count == 1 else {
      throw CheckpointError(
        file: file.file,
        "the zip archive holds \(pickles.count) members named data.pkl, expected one; is it from torch.save?")
    }
    let folder = pickles[0].name.dropLast("data.pkl".count)
    if let order = archive.members.first(where: { $0.name == folder + "byteorder" }) {
      let text = String(decoding: file.bytes[try archive.storedRange(of: order)], as: UTF8.self)
      guard text == "little" else {
        throw file.error(
          "the byte order is \(text.prefix(16).debugDescription), expected little", at: order.range.lowerBound)
      }
    }
    var cursor = CheckpointCursor(file.bytes, file: file.file, range: try archive.storedRange(of: pickles[0]))
    self = try PickleMachine.read(&cursor) { (id, cursor) throws(CheckpointError) in
      .storage(try CheckpointStorage(persistentID: id, cursor))
    } _: { (root) throws(CheckpointError) in
      try StateDictionary(root, file)
    }
    for member in archive.members where member.name.hasPrefix(folder + "data/") {
      storages[String(member.name.dropFirst(folder.count + "data/".count))] = try archive.storedRange(of: member)
    }
  }
}
