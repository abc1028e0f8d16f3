package import Annotation
import Foundation
package import Imaging
import Support

/// Reads label maps in NRRD (teem.sourceforge.net/nrrd/format.html): attached, raw or gzip, in either byte order.
package enum NRRDFile {
  /// The words that every file begins with.
  package static let magic = Array("NRRD000".utf8)
  /// No header is longer (bytes).
  private static let longestHeader = 1 << 20
  /// The most that deflate makes of one byte (zlib.net, "Technical Details").
  private static let mostBytesOfByte = 1032

  /// A label map of three dimensions, with its place in the patient.
  ///
  /// - Throws: `AnnotationError` where the file is damaged, cut off, in another encoding, or states no place.
  package static func labelMap(_ bytes: [UInt8], name: String) throws(AnnotationError) -> LabelMap {
    func refuse(_ reason: String) -> AnnotationError { AnnotationError("\(name): \(reason)") }
    let (fields, start) = try header(bytes, name: name)
    func required(_ field: String) throws(AnnotationError) -> String {
      guard let value = fields[field] else { throw refuse("the header has no field \"\(field)\"") }
      return value
    }
    guard try required("dimension") == "3" else {
      throw refuse("expected a mask of 3 dimensions, found \(fields["dimension"] ?? "none")")
    }
    guard fields["data file"] == nil, fields["datafile"] == nil else {
      throw refuse("its data are in another file, which is not read; save the mask as one .nrrd file")
    }
    guard fields["line skip"].map({ $0 == "0" }) ?? true, fields["byte skip"].map({ $0 == "0" }) ?? true else {
      throw refuse("the fields \"line skip\" and \"byte skip\" are not supported; save the mask without them")
    }
    let sizes = try required("sizes").split(separator: " ").compactMap { Int($0) }
    guard sizes.count == 3, sizes.allSatisfy({ (1...AxialGrid.maximumSide).contains($0) }) else {
      throw refuse("expected 3 sizes from 1 to \(AxialGrid.maximumSide), found \(fields["sizes"] ?? "none")")
    }
    guard let type = types[try required("type").lowercased()] else {
      throw refuse("expected whole numbers as labels, found the type \(fields["type"] ?? "none")")
    }
    let (origin, steps) = try place(fields, name: name)
    let count = sizes.reduce(type.width, *)
    let packed = Array(bytes[start...])
    let data: [UInt8]
    switch try required("encoding").lowercased() {
    case "raw": data = packed
    case "gzip", "gz":
      guard count / mostBytesOfByte <= packed.count else {
        throw refuse("the header states more voxels than the compressed data can hold")
      }
      do throws(DecoderProcess.Failure) {
        data = try inflated(packed, count: count)
      } catch {
        throw refuse(error.description)
      }
    case let other: throw refuse("expected the encoding raw or gzip, found \(other)")
    }
    guard data.count == count else {
      throw refuse("expected \(count) bytes of voxels, found \(data.count); export the mask again")
    }
    let isBig = fields["endian"]?.lowercased() == "big"
    guard type.width == 1 || fields["endian"] != nil else { throw refuse("the header has no field \"endian\"") }
    var labels: [Int16] = []
    labels.reserveCapacity(count / type.width)
    for place in stride(from: 0, to: count, by: type.width) {
      var bits: UInt64 = 0
      for byte in 0..<type.width { bits = bits << 8 | UInt64(data[place + (isBig ? byte : type.width - 1 - byte)]) }
      let shift = UInt64(64 - 8 * type.width)
      let value = type.isSigned ? Int64(bitPattern: bits << shift) >> Int64(shift) : Int64(exactly: bits) ?? .max
      guard let label = Int16(exactly: value) else { throw refuse("\(value) is not a label (0 to 32767)") }
      labels.append(label)
    }
    guard
      let map = LabelMap(size: SIMD3(sizes[0], sizes[1], sizes[2]), origin: origin, steps: steps, labels: labels)
    else { throw refuse("its space directions span no volume, or lie more than 10 m from the origin") }
    return map
  }

  private static let types: [String: (width: Int, isSigned: Bool)] = {
    var types: [String: (width: Int, isSigned: Bool)] = [:]
    for name in ["signed char", "int8", "int8_t"] { types[name] = (1, true) }
    for name in ["uchar", "unsigned char", "uint8", "uint8_t"] { types[name] = (1, false) }
    for name in ["short", "short int", "signed short", "signed short int", "int16", "int16_t"] {
      types[name] = (2, true)
    }
    for name in ["ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"] { types[name] = (2, false) }
    for name in ["int", "signed int", "int32", "int32_t"] { types[name] = (4, true) }
    for name in ["uint", "unsigned int", "uint32", "uint32_t"] { types[name] = (4, false) }
    for name in ["longlong", "long long", "long long int", "int64", "int64_t"] { types[name] = (8, true) }
    for name in ["ulonglong", "unsigned long long", "uint64", "uint64_t"] { types[name] = (8, false) }
    return types
  }()

  private static func header(
    _ bytes: [UInt8], name: String
  ) throws(AnnotationError) -> (fields: [String: String], start: Int) {
    var fields: [String: String] = [:]
    var start = 0
    while start < min(bytes.count, longestHeader), let end = bytes[start...].firstIndex(of: 0x0A) {
      let line = String(decoding: bytes[start..<end], as: UTF8.self).trimmingCharacters(in: .whitespaces)
      start = end + 1
      if line.isEmpty { return (fields, start) }
      // Comments, and keys with values of the program that wrote the file.
      guard !line.hasPrefix("#"), !line.contains(":="), let colon = line.range(of: ": ") else { continue }
      fields[line[..<colon.lowerBound].lowercased()] =
        line[colon.upperBound...].trimmingCharacters(in: .whitespaces)
    }
    throw AnnotationError("\(name): the header does not end with an empty line; export the mask again")
  }

  /// The centre of the first voxel and the steps, in LPS and mm.
  private static func place(
    _ fields: [String: String], name: String
  ) throws(AnnotationError) -> (SIMD3<Double>, [SIMD3<Double>]) {
    let signs: SIMD3<Double>
    switch fields["space"]?.lowercased() {
    case "left-posterior-superior", "lps": signs = SIMD3(1, 1, 1)
    case "right-anterior-superior", "ras": signs = SIMD3(-1, -1, 1)
    case "left-anterior-superior", "las": signs = SIMD3(1, -1, 1)
    default:
      throw AnnotationError(
        "\(name): the header must state the space LPS, RAS or LAS, found \(fields["space"] ?? "none"): where the mask "
          + "lies in the patient is unknown")
    }
    if let units = fields["space units"], units.contains(where: { !"m\" ".contains($0) }) || !units.contains("mm") {
      throw AnnotationError("\(name): expected space units of mm, found \(units)")
    }
    func vectors(_ text: String?) -> [SIMD3<Double>] {
      (text ?? "").split(separator: ")").compactMap { part in
        let numbers = part.replacing("(", with: "").split(separator: ",").compactMap {
          Double($0.trimmingCharacters(in: .whitespaces))
        }
        guard numbers.count == 3, numbers.allSatisfy(\.isFinite) else { return nil }
        return SIMD3(numbers[0], numbers[1], numbers[2]) * signs
      }
    }
    let (directions, origins) = (vectors(fields["space directions"]), vectors(fields["space origin"]))
    guard directions.count == 3, origins.count == 1 else {
      throw AnnotationError("\(name): expected 3 space directions and 1 space origin, each of 3 numbers")
    }
    return (origins[0], directions)
  }

  private static func inflated(_ bytes: [UInt8], count: Int) throws(DecoderProcess.Failure) -> [UInt8] {
    let process = try DecoderProcess()
    let sizes = [UInt64(count), UInt64(bytes.count)].withUnsafeBytes { Array($0) }
    // Labels deflate far better than the images that the memory limit is meant for.
    let answer = try process.ask(.gzip, inputSize: max(bytes.count, count), [sizes, bytes])
    return try process.take(answer.count)
  }
}
