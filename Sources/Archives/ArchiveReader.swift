internal import CArchive
public import Foundation

/// Reads a zip or tar archive with libarchive, one member after another.
///
/// A member's name never becomes a path: the caller says where its bytes go. Memory is that of one block, whatever the sizes.
public final class ArchiveReader {
  /// The formats that are read.
  public enum Format: Sendable {
    /// A zip archive, read by the directory at its end, which an archive that was cut off lacks.
    case zip
    /// A tar archive that is not compressed.
    case tar
  }

  /// One member of an archive.
  public struct Member: Sendable, Equatable {
    /// The bytes of its path in the archive, UTF-8 as a rule; nil where it states none.
    public let nameBytes: [UInt8]?
    /// Whether it is a regular file, rather than a folder or a link.
    public let isFile: Bool
    /// Bytes, as the archive states; 0 or more.
    public let size: Int

    /// Its path in the archive; read as Latin-1, names of unknown encoding stay apart from one another.
    public var name: String? {
      nameBytes.flatMap { String(validating: $0, as: UTF8.self) ?? String(bytes: $0, encoding: .isoLatin1) }
    }
  }

  /// The most that deflate, the usual compression of a zip archive, makes of one byte (zlib.net, "Technical Details").
  private static let largestRatio = 1032

  private let archive: OpaquePointer
  /// How many more bytes may be unpacked: members that overlap, or are packed by rarer methods, could fill any disk.
  private var budget: Int
  private let unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)

  /// Opens an archive.
  ///
  /// - Parameters:
  ///   - url: the archive.
  ///   - format: its format, which is looked at by `next`.
  ///   - limit: how many bytes may be unpacked in all, where that is less than deflate can have packed.
  /// - Throws: `ArchiveError` of kind `.damaged` where the file cannot be read.
  public convenience init(_ url: URL, _ format: Format, limit: Int = .max) throws(ArchiveError) {
    let size = (try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    try self.init(format, size: size, limit: limit)
    guard archive_read_open_filename(archive, url.path, 1 << 16) == ARCHIVE_OK else { throw damaged() }
  }

  /// Opens an archive in memory, which must outlive the reader.
  private convenience init(_ bytes: UnsafeRawBufferPointer, _ format: Format) throws(ArchiveError) {
    try self.init(format, size: bytes.count)
    guard archive_read_open_memory(archive, bytes.baseAddress, bytes.count) == ARCHIVE_OK else { throw damaged() }
  }

  private init(_ format: Format, size: Int, limit: Int = .max) throws(ArchiveError) {
    guard let archive = archive_read_new() else { throw ArchiveError(.damaged, "there is no memory left") }
    self.archive = archive
    let budget = size.multipliedReportingOverflow(by: Self.largestRatio)
    self.budget = min(limit, budget.overflow ? .max : budget.partialValue)
    switch format {
    case .zip: archive_read_support_format_zip_seekable(archive)
    case .tar: archive_read_support_format_tar(archive)
    }
  }

  deinit {
    archive_read_free(archive)
    if let unicode { freelocale(unicode) }
  }

  /// Moves on to the next member, in the order of the archive; nil at its end.
  ///
  /// - Throws: `ArchiveError` of kind `.damaged` or `.encrypted`.
  public func next() throws(ArchiveError) -> Member? {
    // libarchive gives names in the thread's locale, and none where it has no characters for them.
    let former = unicode.flatMap { uselocale($0) }
    defer { if let former { uselocale(former) } }
    var entry: OpaquePointer?
    switch archive_read_next_header(archive, &entry) {
    case ARCHIVE_OK, ARCHIVE_WARN: break
    case ARCHIVE_EOF: return nil
    default: throw damaged()
    }
    guard archive_entry_is_encrypted(entry) == 0 else { throw ArchiveError(.encrypted, "a member is encrypted") }
    let size = Int(archive_entry_size(entry))
    guard size >= 0 else { throw ArchiveError(.damaged, "a member states a size of \(size) bytes") }
    return Member(
      nameBytes: archive_entry_pathname(entry).map { [UInt8](UnsafeRawBufferPointer(start: $0, count: strlen($0))) },
      isFile: archive_entry_filetype(entry) == S_IFREG, size: size)
  }

  /// Unpacks the member that `next` gave into a new file.
  ///
  /// - Parameters:
  ///   - url: where no file is yet; what was written before an error stays there.
  ///   - permissions: those of the new file, less the process's mask.
  /// - Throws: `ArchiveError`; of kind `.damaged` also where the check sum is wrong.
  public func unpack(to url: URL, permissions: UInt32) throws(ArchiveError) {
    let descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
    guard descriptor >= 0 else { throw Self.cannotWrite() }
    defer { close(descriptor) }
    while let block = try nextBlock() {
      let end = block.offset.addingReportingOverflow(block.bytes.count)
      guard !end.overflow, block.bytes.count <= budget else {
        throw ArchiveError(.tooLarge, "its members take more room than an archive of its size can hold")
      }
      budget -= block.bytes.count
      var rest = block.bytes[...]
      while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
        let written = pwrite(descriptor, start, rest.count, off_t(end.partialValue - rest.count))
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { throw Self.cannotWrite() }
        rest = rest.dropFirst(written)
      }
    }
  }

  private func nextBlock() throws(ArchiveError) -> (bytes: UnsafeRawBufferPointer, offset: Int)? {
    var (start, count, offset): (UnsafeRawPointer?, Int, Int64) = (nil, 0, 0)
    switch archive_read_data_block(archive, &start, &count, &offset) {
    case ARCHIVE_OK: return (UnsafeRawBufferPointer(start: start, count: count), Int(offset))
    case ARCHIVE_EOF: return nil
    default: throw damaged()
    }
  }

  private func damaged() -> ArchiveError {
    ArchiveError(.damaged, archive_error_string(archive).map { String(cString: $0) } ?? "no reason given")
  }

  private static func cannotWrite() -> ArchiveError { ArchiveError(.cannotWrite, String(cString: strerror(errno))) }
}

extension ArchiveReader {
  /// Where the regular files of a tar archive lie in its bytes, of which none is copied.
  ///
  /// - Parameter data: the archive, mapped or in memory.
  /// - Returns: their names and places, counted from the first byte of `data`, in the order of the archive.
  /// - Throws: `ArchiveError` of kind `.damaged`.
  public static func filesOfTar(in data: Data) throws(ArchiveError) -> [(name: String, range: Range<Int>)] {
    try data.withUnsafeBytes { bytes in
      Result { () throws(ArchiveError) in try filesOfTar(in: bytes) }
    }.get()
  }

  private static func filesOfTar(
    in archive: UnsafeRawBufferPointer
  ) throws(ArchiveError) -> [(name: String, range: Range<Int>)] {
    let reader = try ArchiveReader(archive, .tar)
    var files: [(name: String, range: Range<Int>)] = []
    while let member = try reader.next() {
      guard member.isFile, let name = member.name else { continue }
      // What is not packed is given out where it lies, and as a whole.
      let block = try reader.nextBlock()
      let place = Int(bitPattern: block?.bytes.baseAddress) - Int(bitPattern: archive.baseAddress)
      let count = block?.bytes.count ?? 0
      guard block?.offset ?? 0 == 0, count == member.size, count == 0 || (place >= 0 && place <= archive.count - count)
      else {
        throw ArchiveError(.damaged, "of a member of \(member.size) bytes, \(count) are there")
      }
      files.append((name, count == 0 ? 0..<0 : place..<place + count))
    }
    return files
  }

  /// Whether bytes begin as a tar archive does that holds something.
  public static func isTar(_ data: Data) -> Bool {
    data.withUnsafeBytes { bytes in
      let first = Result { () throws(ArchiveError) in try ArchiveReader(bytes, .tar).next() }
      if case .success(.some(_)) = first { return true }
      return false
    }
  }
}
