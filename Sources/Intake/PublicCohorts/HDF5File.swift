internal import CHDF5
import Foundation
import Support

/// An HDF5 file: the shapes of some data sets and some of the root group's attributes, read at once, and values on
/// demand.
struct HDF5File: Sendable {
  /// An attribute: its first numbers, or the first of its texts.
  enum Attribute: Equatable, Sendable {
    case numbers([Double])
    case text(String)
  }

  private let path: String
  /// Bytes.
  private let size: Int
  private let shapes: [String: Result<[Int]?, PublicCohortError>]
  private let attributes: [String: Result<Attribute?, PublicCohortError>]

  /// Reads what the file says of the data sets and attributes of these names.
  ///
  /// - Throws: `PublicCohortError` where there is no file, or it is damaged, cut off, or not HDF5.
  init(_ url: URL, dataSets: [String], attributes names: [String]) throws(PublicCohortError) {
    path = url.path
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw PublicCohortError("the file is missing or cannot be read; check the download and its permissions")
    }
    size = (try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    let (shapes, attributes) = try Self.describe(path, size, dataSets, names)
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

  private static func describe(
    _ path: String, _ size: Int, _ dataSets: [String], _ names: [String]
  ) throws(PublicCohortError) -> ([ch_shape], [ch_attribute]) {
    let texts = [path, dataSets.joined(separator: "\n"), names.joined(separator: "\n")]
    var shapes = [ch_shape](repeating: ch_shape(), count: dataSets.count)
    var attributes = [ch_attribute](repeating: ch_attribute(), count: names.count)
    do throws(DecoderProcess.Failure) {
      let process = try DecoderProcess()
      _ = try process.ask(.hdf5Description, inputSize: size, [request(texts)])
      for failure in [
        shapes.withUnsafeMutableBytes({ process.take(into: $0) }),
        attributes.withUnsafeMutableBytes({ process.take(into: $0) }),
      ] { if let failure { throw failure } }
    } catch {
      throw PublicCohortError("this is not a complete HDF5 file (\(error)); download it again")
    }
    return (shapes, attributes)
  }

  /// Texts as renalgrade-decoder takes them.
  private static func request(_ texts: [String]) -> [UInt8] { texts.flatMap { Array("\($0)\u{0}".utf8) } }

  /// The most voxels that deflate, which HDF5 files are compressed by, makes of one byte.
  private static let mostVoxelsOfByte = 1032

  /// Every value of a data set of `count` numbers, the last dimension running fastest.
  func floats(of name: String, count: Int) throws(PublicCohortError) -> [Float] {
    guard count / Self.mostVoxelsOfByte <= size else {
      throw PublicCohortError(
        "the data set \"\(name)\" should have \(count) voxels, which a file of \(size) bytes cannot contain; download "
          + "the file again")
    }
    do throws(DecoderProcess.Failure) {
      let process = try DecoderProcess()
      let number = withUnsafeBytes(of: UInt64(count)) { Array($0) }
      let answer = try process.ask(.hdf5Floats, inputSize: size, [Self.request([path, name]) + number])
      guard answer.count == count * MemoryLayout<Float>.size else {
        throw .init(status: nil, description: "its size is different")
      }
      var failure: DecoderProcess.Failure?
      let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        failure = process.take(into: UnsafeMutableRawBufferPointer(buffer))
        initialized = failure == nil ? count : 0
      }
      if let failure { throw failure }
      return values
    } catch {
      throw PublicCohortError("the data set \"\(name)\" cannot be read: \(error); download the file again")
    }
  }

  private static func answer<Value, Message>(
    _ status: Int32, _ message: Message, _ place: String, _ value: () -> Value?
  ) -> Result<Value?, PublicCohortError> {
    switch Int(status) {
    case CH_OK: .success(value())
    case CH_ABSENT: .success(nil)
    default: .failure(PublicCohortError("\(place) cannot be read: \(text(message)); download the file again"))
    }
  }

  private static func sizes(_ shape: ch_shape) -> [Int] {
    withUnsafeBytes(of: shape.dimensions) { bytes in
      bytes.bindMemory(to: UInt64.self).prefix(max(0, Int(shape.rank))).map { Int(clamping: $0) }
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
