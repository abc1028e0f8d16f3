internal import CHDF5
import Foundation

/// An HDF5 file of which data sets and the root group's attributes can be read.
struct HDF5File: Sendable {
  private let path: String

  /// The library's version, such as `HDF5 1.10.8`.
  static var version: String {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    ch_version(&major, &minor, &release)
    return "HDF5 \(major).\(minor).\(release)"
  }

  /// Reads nothing yet.
  ///
  /// - Throws: `CohortError` where there is no file that can be read.
  init(_ url: URL) throws(CohortError) {
    path = url.path
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw CohortError("the file is missing or cannot be read; check the download and its permissions")
    }
  }

  /// The sizes of a data set, the slowest dimension first; nil where there is none of that name.
  func shape(of name: String) throws(CohortError) -> [Int]? {
    var shape = ch_shape()
    guard try isThere(ch_data_set_shape(path, name, &shape), "the data set \"\(name)\"") else { return nil }
    let dimensions = withUnsafeBytes(of: shape.dimensions) { Array($0.bindMemory(to: UInt64.self)) }
    return dimensions.prefix(Int(shape.rank)).map { Int(clamping: $0) }
  }

  /// Every value of a data set of `count` numbers, the last dimension running fastest.
  func floats(of name: String, count: Int) throws(CohortError) -> [Float] {
    var status: Int32 = 0
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      status = ch_read_floats(path, name, buffer.baseAddress, count)
      initialized = Int(status) == CH_OK ? count : 0
    }
    guard try isThere(status, "the data set \"\(name)\"") else {
      throw CohortError("the data set \"\(name)\" is missing")
    }
    return values
  }

  /// An attribute of the root group: its first numbers, or the first of its texts.
  enum Attribute: Equatable, Sendable {
    case numbers([Double])
    case text(String)
  }

  /// The attribute of that name; nil where there is none or it is empty.
  func attribute(_ name: String) throws(CohortError) -> Attribute? {
    var found = ch_attribute()
    guard try isThere(ch_read_attribute(path, name, &found), "the attribute \"\(name)\""), found.count > 0 else {
      return nil
    }
    if found.kind == CH_NUMBERS {
      let numbers = withUnsafeBytes(of: found.numbers) { Array($0.bindMemory(to: Double.self)) }
      return .numbers(Array(numbers.prefix(Int(found.count))))
    }
    let text = withUnsafeBytes(of: found.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return .text(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  private func isThere(_ status: Int32, _ place: String) throws(CohortError) -> Bool {
    switch Int(status) {
    case CH_OK: return true
    case CH_ABSENT: return false
    case CH_NOT_HDF5:
      throw CohortError("this is no whole HDF5 file (\(String(cString: ch_last_error()))); fetch it again")
    default:
      throw CohortError("\(place) cannot be read: \(String(cString: ch_last_error())); fetch the file again")
    }
  }
}
