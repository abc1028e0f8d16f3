/// The compressed image of one frame, followed by its own structure to its end.
///
/// Comments and application data within it are overwritten with zeros, and what follows the end is left out: neither is
/// part of the image. The decoded pixels stay as they are.
struct Codestream {
  /// The frame without anything besides the image.
  let bytes: [UInt8]
  /// How many bytes were left out behind the end, a padding byte not counted, or overwritten.
  let cutByteCount: Int

  /// Follows JPEG (ISO 10918-1), JPEG-LS (14495-1), JPEG 2000 (15444-1, and within a JP2 file), or, if
  /// `rleSegmentByteCount` is given, DICOM's RLE (PS3.5 Annex G) whose segments decode to so many bytes.
  ///
  /// Nil where the bytes are none of these, or end before the image does.
  init?(_ frame: [UInt8], rleSegmentByteCount: Int? = nil) {
    let parts: (bytes: [UInt8], end: Int)?
    if let count = rleSegmentByteCount {
      parts = Self.rle(frame, count)
    } else if frame.starts(with: [0xFF, 0x4F]) {
      parts = Self.jpeg2000(frame)
    } else if frame.starts(with: [0xFF, 0xD8]) {
      parts = Self.jpeg(frame)
    } else if frame.starts(with: [0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20]), let inner = Self.jp2(frame) {
      parts = Self.jpeg2000(Array(frame[inner]))
    } else {
      parts = nil
    }
    guard let (changed, end) = parts else { return nil }
    let isWhole = changed.count == frame.count
    let isPadded = isWhole && frame.count - end == 1 && frame.last == 0
    let rest = frame.count - end - (isPadded ? 1 : 0)
    bytes = Array(changed[..<end])
    cutByteCount = rest + (isWhole ? zip(frame[..<end], changed[..<end]).count { $0 != $1 } : 0)
  }

  // MARK: JPEG and JPEG-LS

  private static func jpeg(_ frame: [UInt8]) -> (bytes: [UInt8], end: Int)? {
    var bytes = frame
    var position = 2
    var isLossless = false
    while position + 1 < bytes.count {
      guard bytes[position] == 0xFF else { return nil }
      let marker = bytes[position + 1]
      switch marker {
      case 0xFF: position += 1
      case 0xD9: return (bytes, position + 2)
      case 0x01, 0xD0...0xD7: position += 2
      default:
        guard let segment = segment(bytes, position) else { return nil }
        if marker == 0xFE || (0xE0...0xEF).contains(marker) { clear(&bytes, segment, keeping: marker) }
        if marker == 0xF7 { isLossless = true }
        position = segment.upperBound
        if marker == 0xDA { position = endOfScan(bytes, position, isLossless) }
      }
    }
    return nil
  }

  /// What a marker's length spans, without the length itself.
  private static func segment(_ bytes: [UInt8], _ position: Int) -> Range<Int>? {
    guard position + 3 < bytes.count else { return nil }
    let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
    guard length >= 2, position + 2 + length <= bytes.count else { return nil }
    return position + 4..<position + 2 + length
  }

  /// Where the next marker after entropy-coded data stands.
  private static func endOfScan(_ bytes: [UInt8], _ start: Int, _ isLossless: Bool) -> Int {
    var position = start
    while position + 1 < bytes.count {
      if bytes[position] == 0xFF {
        let next = bytes[position + 1]
        // JPEG-LS stuffs a bit, so that what follows FF is below 80; the others stuff a zero byte.
        let isMarker = isLossless ? next >= 0x80 : next != 0 && !(0xD0...0xD7).contains(next)
        if isMarker, next != 0xFF { return position }
      }
      position += 1
    }
    return bytes.count
  }

  /// Overwrites a comment or application data, but for the few bytes that tell how colours are coded.
  private static func clear(_ bytes: inout [UInt8], _ segment: Range<Int>, keeping marker: UInt8) {
    let count =
      switch marker {
      case 0xE0 where bytes[segment].starts(with: Array("JFIF\0".utf8)): 14
      case 0xE8 where bytes[segment].starts(with: Array("mrfx".utf8)): 5
      case 0xE8 where bytes[segment].starts(with: Array("SPIFF\0".utf8)): 30
      case 0xEE where bytes[segment].starts(with: Array("Adobe".utf8)): 12
      default: 0
      }
    for index in segment.dropFirst(count) { bytes[index] = 0 }
  }

  // MARK: JPEG 2000

  private static func jpeg2000(_ frame: [UInt8]) -> (bytes: [UInt8], end: Int)? {
    var bytes = frame
    var position = 2
    var tilePart: (start: Int, length: Int)?
    while position + 1 < bytes.count {
      guard bytes[position] == 0xFF else { return nil }
      switch bytes[position + 1] {
      case 0xD9: return (bytes, position + 2)
      case 0x30...0x3F: position += 2
      case 0x93:
        guard let part = tilePart else { return nil }
        position = part.length > 0 ? part.start + part.length : endOfTiles(bytes, position + 2)
        guard position <= bytes.count else { return nil }
        tilePart = nil
        // Some writers leave out the marker of the end.
        if !isMarker(bytes, position) { return (bytes, position) }
      case let marker:
        guard let segment = segment(bytes, position) else { return nil }
        if marker == 0x64 { for index in segment.dropFirst(2) { bytes[index] = 0 } }
        if marker == 0x90 {
          guard segment.count == 8 else { return nil }
          tilePart = (position, bytes[segment][(segment.lowerBound + 2)...].prefix(4).reduce(0) { $0 << 8 | Int($1) })
        }
        position = segment.upperBound
      }
    }
    return nil
  }

  /// Whether another tile-part or the end is marked here.
  private static func isMarker(_ bytes: [UInt8], _ position: Int) -> Bool {
    position + 1 < bytes.count && bytes[position] == 0xFF && [0x90, 0xD9].contains(bytes[position + 1])
  }

  /// Where the end is marked behind the last tile-part, whose length is not stated: no packet holds FFD9.
  private static func endOfTiles(_ bytes: [UInt8], _ start: Int) -> Int {
    bytes.indices.dropFirst(start).first { $0 + 1 < bytes.count && bytes[$0] == 0xFF && bytes[$0 + 1] == 0xD9 }
      ?? bytes.count
  }

  /// The codestream within the boxes of a JP2 file.
  private static func jp2(_ frame: [UInt8]) -> Range<Int>? {
    var position = 0
    while position + 8 <= frame.count {
      let length = frame[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      let end = length == 0 ? frame.count : position + length
      guard length == 0 || length >= 8, end <= frame.count else { return nil }
      if frame[position + 4..<position + 8].elementsEqual("jp2c".utf8) { return position + 8..<end }
      position = end
    }
    return nil
  }

  // MARK: RLE

  private static func rle(_ frame: [UInt8], _ segmentByteCount: Int) -> (bytes: [UInt8], end: Int)? {
    func unsigned(_ index: Int) -> Int { (0..<4).reduce(0) { $0 | Int(frame[4 * index + $1]) << (8 * $1) } }
    guard frame.count >= 64, case let count = unsigned(0), (1...15).contains(count) else { return nil }
    let starts = (1...count).map(unsigned) + [frame.count]
    guard starts[0] >= 64 else { return nil }
    var bytes = frame
    var end = 64
    // Header entries without a segment, gaps between segments: nothing of the image is there.
    for index in 4 * (count + 1)..<64 { bytes[index] = 0 }
    for (start, next) in zip(starts, starts.dropFirst()) {
      guard start >= end, next <= frame.count, start <= next else { return nil }
      for index in end..<start { bytes[index] = 0 }
      guard let segmentEnd = endOfRuns(frame[start..<next], segmentByteCount) else { return nil }
      end = segmentEnd
    }
    return (bytes, end)
  }

  /// Where runs that decode to `count` bytes end.
  private static func endOfRuns(_ segment: ArraySlice<UInt8>, _ count: Int) -> Int? {
    var (position, produced) = (segment.startIndex, 0)
    while produced < count {
      guard position < segment.endIndex else { return nil }
      let code = Int(segment[position])
      position += code < 128 ? code + 2 : code > 128 ? 2 : 1
      produced += code < 128 ? code + 1 : code > 128 ? 257 - code : 0
    }
    return position <= segment.endIndex ? position : nil
  }
}
