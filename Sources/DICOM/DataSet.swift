internal import CDICOM
import Foundation

/// An open DICOM file: its elements by tag, and its pixel data by frame.
///
/// Not to be used from two threads at once; different ones may be.
final class DataSet {
  /// The file's name, for errors.
  let name: String
  private let handle: cd_file

  /// Reads all elements of a file but leaves large values, such as pixels, on disk.
  ///
  /// - Throws: `DICOMError` where the file cannot be opened, is not DICOM, or ends before its elements do.
  init(_ url: URL) throws(DICOMError) {
    name = url.lastPathComponent
    try Self.requireDictionary(name)
    let hasMagic = try Self.hasMagic(url, name)
    var opened: cd_file?
    let status = Int(cd_open(url.path, &opened))
    handle = try Self.opened(opened, status, name, hasMagic: hasMagic)
    // Without the magic word DCMTK takes anything that looks like a tag for one.
    if !hasMagic && text(.sopClassUID) == nil { throw Self.notDICOM(name) }
  }

  /// Reads a file that is in memory; `name` is what an error calls it.
  ///
  /// - Throws: `DICOMError` where it is not DICOM, or ends before its elements do.
  init(_ data: Data, name: String) throws(DICOMError) {
    self.name = name
    try Self.requireDictionary(name)
    let hasMagic = data.count >= 132 && data.dropFirst(128).prefix(4) == Data("DICM".utf8)
    var opened: cd_file?
    let status = data.withUnsafeBytes { Int(cd_open_bytes($0.baseAddress, $0.count, &opened)) }
    handle = try Self.opened(opened, status, name, hasMagic: hasMagic)
    if !hasMagic && text(.sopClassUID) == nil { throw Self.notDICOM(name) }
  }

  private static func opened(
    _ opened: cd_file?, _ status: Int, _ name: String, hasMagic: Bool
  ) throws(DICOMError) -> cd_file {
    guard status == CD_OK, let opened else {
      guard hasMagic else { throw notDICOM(name) }
      if status == CD_TRUNCATED { throw truncated(name, lastMessage) }
      throw DICOMError(
        .invalid, file: name, "the data set cannot be read: \(lastMessage)",
        advice: "The file is damaged; fetch it from its source again")
    }
    return opened
  }

  /// An empty data set, for a file that is yet to be written.
  init(new name: String) throws(DICOMError) {
    self.name = name
    try Self.requireDictionary(name)
    var created: cd_file?
    guard Int(cd_create(&created)) == CD_OK, let created else {
      throw DICOMError(.cannotWrite, file: name, Self.lastMessage)
    }
    handle = created
  }

  deinit { cd_close(handle) }

  // MARK: Elements

  /// A place in nested sequences: the top level, or an item of a sequence.
  struct Scope {
    static let top = Scope(path: [])
    fileprivate let path: [UInt32]

    func item(_ index: Int, of sequence: DICOMTag) -> Scope {
      Scope(path: path + [sequence.rawValue, UInt32(clamping: index)])
    }
  }

  /// The value as text without padding, or nil where it is absent or empty.
  ///
  /// Several values stand between backslashes.
  func text(_ tag: DICOMTag, in scope: Scope = .top) -> String? {
    var value: UnsafePointer<CChar>?
    let path = scope.path + [tag.rawValue]
    guard Int(cd_string(handle, path, path.count, &value)) == CD_OK, let value else { return nil }
    let padded = UnsafeRawBufferPointer(start: value, count: strlen(value))
    let space = UInt8(ascii: " ")
    guard let first = padded.firstIndex(where: { $0 != space }), let last = padded.lastIndex(where: { $0 != space })
    else { return nil }
    let bytes = padded[first...last]
    // What is not UTF-8 after DCMTK's conversion is most likely undeclared Latin-1.
    return String(validating: bytes, as: UTF8.self) ?? String(decoding: bytes.map(UInt16.init), as: UTF16.self)
  }

  /// The values as finite numbers; nil where the element is absent, or any value is not a number.
  func numbers(_ tag: DICOMTag, in scope: Scope = .top) -> [Double]? {
    guard let text = text(tag, in: scope) else { return nil }
    var numbers: [Double] = []
    for part in text.split(separator: "\\", omittingEmptySubsequences: false) {
      guard let number = Double(part.trimming(while: \.isWhitespace)), number.isFinite else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  /// The only or first value as a number.
  func number(_ tag: DICOMTag, in scope: Scope = .top) -> Double? { numbers(tag, in: scope)?.first }

  /// The only or first value as a whole number.
  func integer(_ tag: DICOMTag, in scope: Scope = .top) -> Int? { number(tag, in: scope).flatMap(Int.init(exactly:)) }

  /// The number of items in a sequence, 0 where it is absent.
  func itemCount(_ sequence: DICOMTag, in scope: Scope = .top) -> Int {
    var count = 0
    let path = scope.path + [sequence.rawValue]
    return Int(cd_item_count(handle, path, path.count, &count)) == CD_OK ? count : 0
  }

  /// The UID of the transfer syntax.
  var transferSyntax: String { String(cString: cd_transfer_syntax(handle)) }

  // MARK: Pixels

  /// What the pixel data element is; nil where it is absent.
  func pixelElement(_ tag: DICOMTag) -> cd_pixel_element? {
    var element = cd_pixel_element()
    return Int(cd_pixels(handle, tag.rawValue, &element)) == CD_OK ? element : nil
  }

  /// `count` bytes of an uncompressed value, in the file's byte order.
  func nativeBytes(_ tag: DICOMTag, from offset: Int, count: Int) throws(DICOMError) -> [UInt8] {
    var status = Int32(CD_FAILED)
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
      status = cd_native_bytes(handle, tag.rawValue, UInt64(offset), buffer.baseAddress, count)
      initialised = Int(status) == CD_OK ? count : 0
    }
    guard Int(status) == CD_OK else { throw pixelError(status) }
    return bytes
  }

  /// A compressed frame, decoded: little endian, colour by pixel; and the codestream's precision where it states one that
  /// takes precedence over BitsStored.
  func decodeFrame(_ frame: Int, _ layout: cd_frame_layout) throws(DICOMError) -> (bytes: [UInt8], precision: Int?) {
    let count = Int(layout.columns) * Int(layout.rows) * Int(layout.samples) * Int(layout.bits_allocated) / 8
    // The shim refuses such a frame, but the buffer would be made before.
    guard count <= 1 << 30 else {
      throw DICOMError(.unsupported, file: name, tag: .pixelData, "a frame of more than 1 GiB")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    var precision: Int32 = 0
    let status = cd_decode_frame(handle, layout, UInt32(clamping: frame), &bytes, count, &precision)
    guard Int(status) == CD_OK else { throw pixelError(status) }
    return (bytes, precision > 0 ? Int(precision) : nil)
  }

  private func pixelError(_ status: Int32) -> DICOMError {
    switch Int(status) {
    case CD_TRUNCATED: Self.truncated(name, Self.lastMessage)
    case CD_UNSUPPORTED:
      DICOMError(
        .unsupported, file: name, tag: .pixelData, Self.lastMessage, found: "transfer syntax \(transferSyntax)",
        advice: "Convert the file to another transfer syntax, for instance with dcmconv or gdcmconv")
    default:
      DICOMError(
        .invalid, file: name, tag: .pixelData, "the pixel data cannot be decoded: \(Self.lastMessage)",
        advice: "The file is damaged; fetch it from its source again")
    }
  }

  // MARK: Writing

  /// Attributes that PS3.6 has gained since DCMTK's dictionary was made.
  private static let newerVRs: [DICOMTag: String] = [.syntheticData: "CS"]

  /// Sets an element; the dictionary gives its VR, backslashes separate values.
  func set(_ tag: DICOMTag, _ value: String) throws(DICOMError) {
    guard Int(cd_set_string(handle, tag.rawValue, Self.newerVRs[tag], value)) == CD_OK else {
      throw DICOMError(.cannotWrite, file: name, tag: tag, "the value cannot be set: \(Self.lastMessage)")
    }
  }

  /// Sets the pixel data.
  func setPixels(_ words: [UInt16]) throws(DICOMError) {
    guard Int(cd_set_pixels(handle, words, words.count)) == CD_OK else {
      throw DICOMError(.cannotWrite, file: name, tag: .pixelData, Self.lastMessage)
    }
  }

  /// The file in Explicit VR Little Endian.
  func encoded() throws(DICOMError) -> Data {
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    guard Int(cd_encode(handle, &bytes, &count)) == CD_OK, let bytes else {
      throw DICOMError(.cannotWrite, file: name, "the data set cannot be encoded: \(Self.lastMessage)")
    }
    defer { cd_free(bytes) }
    return Data(bytes: bytes, count: count)
  }

  // MARK: Errors

  private static var lastMessage: String { String(cString: cd_last_error()) }

  private static func requireDictionary(_ name: String) throws(DICOMError) {
    guard !cd_has_dictionary() else { return }
    throw DICOMError(
      .unreadable, file: name, "DCMTK's data dictionary (dicom.dic) was not found",
      advice: "Install the package libdcmtk17, or set DCMDICTPATH to the dictionary's path")
  }

  private static func hasMagic(_ url: URL, _ name: String) throws(DICOMError) -> Bool {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw DICOMError(.unreadable, file: name, "there is no such file") }
      throw unreadable(name)
    }
    defer { close(descriptor) }
    var start = [UInt8](repeating: 0, count: 132)
    let count = read(descriptor, &start, start.count)
    if count < 0 {
      if errno == EISDIR { throw DICOMError(.unreadable, file: name, "this is a folder, not a file") }
      throw unreadable(name)
    }
    return count == start.count && start.suffix(4) == Array("DICM".utf8)[...]
  }

  private static func unreadable(_ name: String) -> DICOMError {
    DICOMError(
      .unreadable, file: name, "the file cannot be read: \(String(cString: strerror(errno)))",
      advice: "Check its permissions")
  }

  private static func notDICOM(_ name: String) -> DICOMError {
    DICOMError(.notDICOM, file: name, "this is not a DICOM file", expected: "DICM at byte 128, or a data set")
  }

  static func truncated(_ name: String, _ detail: String) -> DICOMError {
    DICOMError(
      .truncated, file: name, "the file was cut off: \(detail)", advice: "Fetch it from its source again")
  }
}

extension Substring {
  /// Without the characters at both ends that are of some kind.
  fileprivate func trimming(while isUnwanted: (Character) -> Bool) -> Substring {
    guard let last = lastIndex(where: { !isUnwanted($0) }) else { return "" }
    return self[...last].drop(while: isUnwanted)
  }
}
