package import Annotation
package import Foundation
package import Imaging
import Support

/// Reads and writes label maps in NRRD: raw or gzip, with the data in the same file or beside it, in either byte order.
package enum NRRDFile {
  /// The most that deflate makes of one byte (zlib.net, "Technical Details").
  private static let mostBytesOfByte = 1032

  /// The maps of a file, one for each layer, with the names of their labels.
  ///
  /// - Throws: `AnnotationError` where the file is damaged, cut off, in another encoding, or states its place in part only.
  static func maps(_ file: URL) throws(AnnotationError) -> [NamedLabelMap] {
    let bytes = try contents(file, file.lastPathComponent)
    return try maps(bytes, name: file.lastPathComponent, dataFile: dataFile(of: file))
  }

  /// A file in memory, whose data may be in `dataFile`.
  ///
  /// - Throws: `AnnotationError` as `maps(_:)`.
  static func maps(_ bytes: [UInt8], name: String, dataFile: URL? = nil) throws(AnnotationError) -> [NamedLabelMap] {
    let header = try NRRDHeader(bytes, name: name)
    let (layers, sizes) = try header.sizes()
    let place = try header.place()
    guard let type = types[try header.required("type").lowercased()] else {
      throw header.refusal("expected numbers as labels, found the type \(header.fields["type"] ?? "none")")
    }
    let voxels = sizes.reduce(1, *)
    let data = try data(header, bytes, dataFile, count: layers * voxels * type.width)
    let labels = try self.labels(data, type, header)
    let segments = try header.segments()
    var maps: [NamedLabelMap] = []
    for layer in 0..<layers {
      let own = layers == 1 ? labels : (0..<voxels).map { labels[layers * $0 + layer] }
      let names = segments.filter { $0.layer == layer }.map { ($0.label, $0.name) }
      let map = NamedLabelMap(
        size: SIMD3(sizes[0], sizes[1], sizes[2]), place: place, labels: own,
        names: Dictionary(names) { first, _ in first })
      guard let map else {
        throw header.refusal("its space directions span no volume, or lie more than 10 m from the origin")
      }
      maps.append(map)
    }
    return maps
  }

  /// What a fuzzer gives mutated files to.
  package static func read(_ file: URL) throws { _ = try maps(file) }

  /// The file beside `file` that a detached header names; nil for any other file, and for a name that leads out of the folder.
  static func dataFile(of file: URL) -> URL? {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return nil }
    defer { try? handle.close() }
    guard let start = try? handle.read(upToCount: 1 << 16), start.starts(with: NRRDHeader.magic),
      let name = (try? NRRDHeader([UInt8](start), name: file.lastPathComponent))?.dataFile
    else { return nil }
    let plain = name.hasPrefix("./") ? String(name.dropFirst(2)) : name
    guard !plain.isEmpty, !plain.contains("/"), !plain.contains("%"), !plain.contains(" "), plain != "LIST",
      plain != ".."
    else { return nil }
    return file.deletingLastPathComponent().appendingPathComponent(plain)
  }

  private static func contents(_ file: URL, _ name: String) throws(AnnotationError) -> [UInt8] {
    do {
      return [UInt8](try Data(contentsOf: file))
    } catch {
      throw AnnotationError("\(name): \(file.lastPathComponent) cannot be read: \(error.localizedDescription)")
    }
  }

  private static func data(
    _ header: NRRDHeader, _ bytes: [UInt8], _ dataFile: URL?, count: Int
  ) throws(AnnotationError) -> [UInt8] {
    var packed = bytes[header.end...]
    if let stated = header.dataFile {
      guard let dataFile else {
        throw header.refusal("its data are in \"\(stated)\"; expected the name of one file in the same folder")
      }
      packed = try contents(dataFile, header.refusal("its data").description)[...]
    }
    for _ in 0..<(try skip(header, "line skip")) {
      guard let end = packed.firstIndex(of: 0x0A) else { throw header.refusal("\"line skip\" passes the file's end") }
      packed = packed[(end + 1)...]
    }
    let encoding = try header.required("encoding").lowercased()
    let bytesToSkip = try skip(header, "byte skip", orLast: encoding == "raw")
    switch encoding {
    case "raw":
      // -1 stands for the file's last bytes.
      packed = bytesToSkip < 0 ? packed.suffix(count) : packed.dropFirst(bytesToSkip)
      guard packed.count == count else {
        throw header.refusal("expected \(count) bytes of voxels, found \(packed.count); export the mask again")
      }
      return Array(packed)
    case "gzip", "gz":
      guard bytesToSkip == 0 else { throw header.refusal("\"byte skip\" of compressed data is not supported") }
      guard count / mostBytesOfByte <= packed.count else {
        throw header.refusal("the header states more voxels than the compressed data can hold")
      }
      do throws(DecoderProcess.Failure) {
        return try inflated(Array(packed), count: count)
      } catch {
        throw header.refusal(error.description)
      }
    default: throw header.refusal("expected the encoding raw or gzip, found \(encoding)")
    }
  }

  private static func skip(
    _ header: NRRDHeader, _ field: String, orLast: Bool = false
  ) throws(AnnotationError) -> Int {
    guard let text = header.fields[field] ?? header.fields[field.replacing(" ", with: "")] else { return 0 }
    guard let number = Int(text), number >= 0 || orLast && number == -1 else {
      throw header.refusal("expected a \"\(field)\" of 0 or more, found \(text)")
    }
    return number
  }

  private static func inflated(_ bytes: [UInt8], count: Int) throws(DecoderProcess.Failure) -> [UInt8] {
    let process = try DecoderProcess()
    let sizes = [UInt64(count), UInt64(bytes.count)].withUnsafeBytes { Array($0) }
    // Labels deflate far better than the images that the memory limit is meant for.
    let answer = try process.ask(.gzip, inputSize: max(bytes.count, count), [sizes, bytes])
    return try process.take(answer.count)
  }

  // MARK: Numbers

  private enum Kind {
    case unsigned
    case signed
    case real
  }

  private static func labels(
    _ data: [UInt8], _ type: (width: Int, kind: Kind), _ header: NRRDHeader
  ) throws(AnnotationError) -> [Int16] {
    let isBig = header.fields["endian"]?.lowercased() == "big"
    guard type.width == 1 || header.fields["endian"] != nil else {
      throw header.refusal("the header has no field \"endian\"")
    }
    var labels: [Int16] = []
    labels.reserveCapacity(data.count / type.width)
    for place in stride(from: 0, to: data.count, by: type.width) {
      var bits: UInt64 = 0
      for byte in 0..<type.width { bits = bits << 8 | UInt64(data[place + (isBig ? byte : type.width - 1 - byte)]) }
      guard let label = label(bits, type) else {
        throw header.refusal("a voxel's value is not a label (a whole number from -32768 to 32767)")
      }
      labels.append(label)
    }
    return labels
  }

  private static func label(_ bits: UInt64, _ type: (width: Int, kind: Kind)) -> Int16? {
    let shift = UInt64(64 - 8 * type.width)
    switch type.kind {
    case .unsigned: return Int16(exactly: bits)
    case .signed: return Int16(exactly: Int64(bitPattern: bits << shift) >> Int64(shift))
    case .real where type.width == 4: return Int16(exactly: Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .real: return Int16(exactly: Double(bitPattern: bits))
    }
  }

  private static let types: [String: (width: Int, kind: Kind)] = {
    var types: [String: (width: Int, kind: Kind)] = [:]
    for name in ["signed char", "int8", "int8_t"] { types[name] = (1, .signed) }
    for name in ["uchar", "unsigned char", "uint8", "uint8_t"] { types[name] = (1, .unsigned) }
    for name in ["short", "short int", "signed short", "signed short int", "int16", "int16_t"] {
      types[name] = (2, .signed)
    }
    for name in ["ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"] {
      types[name] = (2, .unsigned)
    }
    for name in ["int", "signed int", "int32", "int32_t"] { types[name] = (4, .signed) }
    for name in ["uint", "unsigned int", "uint32", "uint32_t"] { types[name] = (4, .unsigned) }
    for name in [
      "longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t",
    ] { types[name] = (8, .signed) }
    for name in ["ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"] {
      types[name] = (8, .unsigned)
    }
    types["float"] = (4, .real)
    types["double"] = (8, .real)
    return types
  }()
}

extension ContourFormat {
  /// Label maps in NRRD, as pynrrd and 3D Slicer write them.
  static let nrrd = ContourFormat(name: "NRRD") { _, start in
    start.starts(with: NRRDHeader.magic)
  } read: { request, study in
    try LabelMapContours(NRRDFile.maps(request.file), request).export(&study)
  }
}
