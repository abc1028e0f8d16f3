import Foundation

/// The bytes of a file: all of them in memory, or of a file on disk its beginning, the rest being read where it is asked
/// for.
package struct FileBytes: Sendable {
  /// What the file is called in errors.
  package let name: String
  /// How many bytes the file has.
  package let count: Int
  /// The bytes in memory, from the file's beginning on.
  private(set) var head: [UInt8]
  private let file: OpenFile?
  /// What is being looked through: the head, or a part of the file that lies beyond it.
  private var window: [UInt8]
  private var windowStart = 0

  /// The first reading reaches over the headers of most CT files.
  private static let firstCount = 1 << 14
  private static let windowCount = 1 << 12

  /// Bytes in memory; `name` is what an error calls them.
  package init(_ bytes: [UInt8], name: String) {
    self.name = name
    count = bytes.count
    head = bytes
    window = bytes
    file = nil
  }

  /// The bytes of a file on disk.
  ///
  /// - Throws: `DICOMError` of kind `.unreadable`.
  init(_ url: URL) throws(DICOMError) {
    name = url.lastPathComponent
    let file = try OpenFile(url.path, name: name)
    count = file.count
    head = try file.bytes(0..<min(Self.firstCount, count))
    window = head
    self.file = file
  }

  // MARK: Reading from the beginning to the end

  /// Ensures that the bytes of a range, which must lie in the file, are available by `subscript`.
  @inline(__always)
  mutating func load(_ range: Range<Int>) throws(DICOMError) {
    if range.lowerBound >= windowStart, range.upperBound <= windowStart + window.count { return }
    try read(range)
  }

  private mutating func read(_ range: Range<Int>) throws(DICOMError) {
    guard let file, range.upperBound <= count else { throw DataSet.truncated(name, "its contents run past its end") }
    if windowStart == 0, range.lowerBound <= window.count {
      let end = min(count, max(range.upperBound, 2 * window.count))
      head = []
      window += try file.bytes(window.count..<end)
    } else {
      if windowStart == 0 { head = window }
      windowStart = range.lowerBound
      window = try file.bytes(range.lowerBound..<min(count, max(range.upperBound, range.lowerBound + Self.windowCount)))
    }
  }

  /// A byte of the file that `load` has made sure of.
  @inline(__always)
  subscript(_ position: Int) -> UInt8 { window[position - windowStart] }

  /// Whether the bytes of a range that `load` has made sure of stay in memory.
  func keeps(_ range: Range<Int>) -> Bool { windowStart == 0 && range.upperBound <= window.count }

  /// The bytes of a range that `load` has made sure of.
  func loaded(_ range: Range<Int>) -> ArraySlice<UInt8> {
    window[range.lowerBound - windowStart..<range.upperBound - windowStart]
  }

  /// The same bytes, once nothing more is to be looked through.
  func finished() -> FileBytes {
    var bytes = self
    if windowStart == 0 { bytes.head = window }
    bytes.window = []
    bytes.windowStart = 0
    return bytes
  }

  // MARK: Values

  /// Those bytes of the file that are in memory: all of them where it was read from there.
  package var bytesInMemory: [UInt8] { head }

  /// The bytes of a range if they are in memory, else none.
  package subscript(_ range: Range<Int>) -> ArraySlice<UInt8> {
    range.upperBound <= head.count ? head[range] : []
  }

  /// The bytes of a range, from memory or the disk.
  ///
  /// - Throws: `DICOMError` where the range does not lie in the file, or can no longer be read.
  func bytes(_ range: Range<Int>) throws(DICOMError) -> [UInt8] {
    if range.upperBound <= head.count { return Array(head[range]) }
    guard let file, range.upperBound <= count else { throw DataSet.truncated(name, "its contents run past its end") }
    return try file.bytes(range)
  }
}

/// A file that is open for reading as long as this lives.
private final class OpenFile: Sendable {
  let count: Int
  private let name: String
  private let descriptor: Int32

  init(_ path: String, name: String) throws(DICOMError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw DICOMError(.unreadable, file: name, "there is no such file") }
      throw Self.unreadable(name)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      let error =
        isFolder ? DICOMError(.unreadable, file: name, "this is a folder, not a file") : Self.unreadable(name)
      close(descriptor)
      throw error
    }
    self.name = name
    self.descriptor = descriptor
    count = Int(status.st_size)
  }

  deinit { close(descriptor) }

  func bytes(_ range: Range<Int>) throws(DICOMError) -> [UInt8] {
    var error: DICOMError?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, done in
      while done < range.count {
        let read = pread(
          descriptor, buffer.baseAddress.map { $0 + done }, range.count - done, off_t(range.lowerBound + done))
        if read < 0, errno == EINTR { continue }
        guard read > 0 else {
          error = read < 0 ? Self.unreadable(name) : DataSet.truncated(name, "it became shorter while it was read")
          return
        }
        done += read
      }
    }
    if let error { throw error }
    return bytes
  }

  private static func unreadable(_ name: String) -> DICOMError {
    DICOMError(
      .unreadable, file: name, "the file cannot be read: \(String(cString: strerror(errno)))",
      advice: "Check its permissions")
  }
}
