internal import CHDF5
import Foundation

/// An HDF5 file: the shapes of some data sets and some of the root group's attributes, read at once, and values on
/// demand.
struct HDF5File: Sendable {
  /// An attribute: its first numbers, or the first of its texts.
  enum Attribute: Equatable, Sendable {
    case numbers([Double])
    case text(String)
  }

  private let path: String
  private let shapes: [String: Result<[Int]?, PublicCohortError>]
  private let attributes: [String: Result<Attribute?, PublicCohortError>]

  /// The library's version, such as `HDF5 1.10.8`.
  static var version: String {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    ch_version(&major, &minor, &release)
    return "HDF5 \(major).\(minor).\(release)"
  }

  /// Reads what the file says of the data sets and attributes of these names.
  ///
  /// - Throws: `PublicCohortError` where there is no file, or it is damaged, cut off, or no HDF5.
  init(_ url: URL, dataSets: [String], attributes names: [String]) throws(PublicCohortError) {
    path = url.path
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw PublicCohortError("the file is missing or cannot be read; check the download and its permissions")
    }
    var shapes = [ch_shape](repeating: ch_shape(), count: dataSets.count)
    var attributes = [ch_attribute](repeating: ch_attribute(), count: names.count)
    let status = ch_describe(
      path, dataSets.joined(separator: "\n"), shapes.count, &shapes, names.joined(separator: "\n"), attributes.count,
      &attributes)
    guard Int(status) == CH_OK else {
      throw PublicCohortError("this is no whole HDF5 file (\(String(cString: ch_last_error()))); fetch it again")
    }
    self.shapes = Dictionary(
      uniqueKeysWithValues: zip(dataSets, shapes).map { name, shape in
        (name, Self.answer(shape.status, shape.message, "the data set \"\(name)\"") { Self.sizes(shape) })
      })
    self.attributes = Dictionary(
      uniqueKeysWithValues: zip(names, attributes).map { name, found in
        (name, Self.answer(found.status, found.message, "the attribute \"\(name)\"") { Self.value(found) })
      })
  }

  /// The sizes of a data set, the slowest dimension first; nil where there is none of that name.
  func shape(of name: String) throws(PublicCohortError) -> [Int]? { try shapes[name]?.get() }

  /// The attribute of that name; nil where there is none or it is empty.
  func attribute(_ name: String) throws(PublicCohortError) -> Attribute? { try attributes[name]?.get() }

  /// Every value of a data set of `count` numbers, the last dimension running fastest.
  func floats(of name: String, count: Int) throws(PublicCohortError) -> [Float] {
    var status: Int32 = 0
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      status = ch_read_floats(path, name, buffer.baseAddress, count)
      initialized = Int(status) == CH_OK ? count : 0
    }
    guard Int(status) == CH_OK else {
      throw PublicCohortError(
        "the data set \"\(name)\" cannot be read: \(String(cString: ch_last_error())); fetch the file again")
    }
    return values
  }

  private static func answer<Value, Message>(
    _ status: Int32, _ message: Message, _ place: String, _ value: () -> Value?
  ) -> Result<Value?, PublicCohortError> {
    switch Int(status) {
    case CH_OK: .success(value())
    case CH_ABSENT: .success(nil)
    default: .failure(PublicCohortError("\(place) cannot be read: \(text(message)); fetch the file again"))
    }
  }

  private static func sizes(_ shape: ch_shape) -> [Int] {
    withUnsafeBytes(of: shape.dimensions) { bytes in
      bytes.bindMemory(to: UInt64.self).prefix(Int(shape.rank)).map { Int(clamping: $0) }
    }
  }

  private static func value(_ found: ch_attribute) -> Attribute? {
    guard found.count > 0 else { return nil }
    guard found.kind == CH_NUMBERS else {
      return .text(text(found.text).trimmingCharacters(in: .whitespacesAndNewlines))
    }
    return .numbers(
      withUnsafeBytes(of: found.numbers) { Array($0.bindMemory(to: Double.self).prefix(Int(clamping: found.count))) })
  }

  /// The characters of a C array up to the first zero.
  private static func text<Characters>(_ characters: Characters) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
