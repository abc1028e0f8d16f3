internal import CHDF5
import Foundation
import Synchronization

/// An HDF5 file of which data sets and the root group's attributes can be read.
///
/// Closed with the last reference; may be used from any thread.
final class HDF5File: Sendable {
  private let handle: Int64

  /// HDF5 keeps tables for all files together, and Debian's build does not guard them.
  private static let library = Mutex(())

  /// The library's version, such as `HDF5 1.10.8`.
  static var version: String {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    library.withLock { _ in ch_version(&major, &minor, &release) }
    return "HDF5 \(major).\(minor).\(release)"
  }

  /// Opens the file at `url`.
  ///
  /// - Throws: `CohortError` where there is none, or it is damaged, cut off, or no HDF5.
  init(_ url: URL) throws(CohortError) {
    guard FileManager.default.isReadableFile(atPath: url.path) else {
      throw CohortError("the file is missing or cannot be read; check the download and its permissions")
    }
    let path = url.path
    let (status, opened, reason) = Self.library.withLock { _ in
      var opened: Int64 = -1
      let status = ch_open(path, &opened)
      return (Int(status), opened, Self.lastMessage)
    }
    guard status == CH_OK else {
      throw CohortError("this is no whole HDF5 file (\(reason)); fetch it again")
    }
    handle = opened
  }

  deinit {
    let handle = handle
    Self.library.withLock { _ in ch_close(handle) }
  }

  /// The sizes of a data set, the slowest dimension first; nil where there is none of that name.
  func shape(of name: String) throws(CohortError) -> [Int]? {
    var shape = ch_shape()
    guard try call("the data set \"\(name)\"", { ch_data_set_shape(handle, name, &shape) }) else { return nil }
    let dimensions = withUnsafeBytes(of: shape.dimensions) { Array($0.bindMemory(to: UInt64.self)) }
    return dimensions.prefix(Int(shape.rank)).map { Int(clamping: $0) }
  }

  /// Every value of a data set of `count` numbers, the last dimension running fastest.
  func floats(of name: String, count: Int) throws(CohortError) -> [Float] {
    var failure: CohortError?
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(CohortError) {
        guard let start = buffer.baseAddress,
          try call("the data set \"\(name)\"", { ch_read_floats(handle, name, start, count) })
        else { return }
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }

  /// An attribute of the root group.
  enum Attribute: Equatable, Sendable {
    case numbers([Double])
    case text(String)
  }

  /// The attribute of that name, of several texts the first; nil where there is none or it is empty.
  func attribute(_ name: String) throws(CohortError) -> Attribute? {
    let place = "the attribute \"\(name)\""
    var kind = CH_NUMBERS
    var count = 0
    guard try call(place, { ch_attribute(handle, name, &kind, &count) }), count > 0 else { return nil }
    guard count <= 1024 else { throw CohortError("\(place) has \(count) values, which none of this cohort's has") }
    if kind == CH_NUMBERS {
      var numbers = [Double](repeating: 0, count: count)
      _ = try call(place) { ch_attribute_numbers(handle, name, &numbers, count) }
      return .numbers(numbers)
    }
    var text: UnsafeMutablePointer<CChar>?
    _ = try call(place) { ch_attribute_text(handle, name, &text) }
    defer { ch_free(text) }
    return text.map { .text(String(cString: $0).trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// Whether the thing is there.
  private func call(_ place: String, _ body: () -> Int32) throws(CohortError) -> Bool {
    let (status, reason) = Self.library.withLock { _ in (Int(body()), Self.lastMessage) }
    switch status {
    case CH_OK: return true
    case CH_ABSENT: return false
    default: throw CohortError("\(place) cannot be read: \(reason); fetch the file again")
    }
  }

  private static var lastMessage: String { String(cString: ch_last_error()) }
}
